"""The DEALER to one daemon for requests that nobody blocks on."""

from __future__ import annotations

import time
from collections import deque

import zmq

from ..errors import MktlError, NoAnswerError
from ..wire.frames import ACK, REP
from .dealer import ACK_TIMEOUT_S, answer_in, unanswered, unsent
from .liveness import connect_dealer, reconnect
from .message import Payload, Request, error_payload
from .quick import BEFORE_BULK, NOBLOCK, receive_from_one, send

#: How much later an ACK may come while the daemon answers other requests of this client.
BUSY_S = 10.0


class Asynchronous:
    """Requests under way to one daemon; lives on the client's thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str) -> None:
        self.address = address
        self.socket: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        connect_dealer(self.socket, address)
        self._pending: dict[bytes, Request] = {}
        #: Those without an ACK, in the order they were sent: when it is overdue (monotonic), and the id.
        self._unacknowledged: deque[tuple[float, bytes]] = deque()
        self._acknowledged: set[bytes] = set()
        #: When something came last, monotonic.
        self._heard_s = 0.0
        #: Those for which there is no connection yet, by id: until when (monotonic), and what.
        self._unsent: dict[bytes, tuple[float, Request]] = {}
        #: True when the last of them found none in time.
        self._is_lost = False

    def send(self, request: Request) -> None:
        """Send; the request completes when its response comes, never when it asks for none.

        Without a connection it waits for one as long as it would for an ACK, and is not sent after that.
        """
        due_s = time.monotonic() + ACK_TIMEOUT_S
        if request.ack or request.reply:
            self._pending[request.id] = request
        if request.ack:
            self._unacknowledged.append((due_s, request.id))
        if self._unsent or not self._try_to_send(request):
            if self._is_lost:
                self._is_lost = False
                reconnect(self.socket, self.address)
            self._unsent[request.id] = due_s, request

    def _try_to_send(self, request: Request) -> bool:
        try:
            send(self.socket, request.parts(), NOBLOCK)
        except zmq.Again:
            return False
        return True

    @property
    def waits(self) -> bool:
        """True while something waits for the connection."""
        return bool(self._unsent)

    def send_more(self) -> None:
        """Send what has waited for the connection."""
        while self._unsent:
            id, (_, request) = next(iter(self._unsent.items()))
            if not self._try_to_send(request):
                return
            del self._unsent[id]

    def receive(self, most: int = 1000) -> bool:
        """Take in what has arrived; True when there may be more."""
        for _ in range(most):
            try:
                parts = receive_from_one(self.socket, BEFORE_BULK)
            except zmq.Again:
                return False
            self._heard_s = time.monotonic()
            self._dispatch(parts)
        return True

    def _dispatch(self, parts: list[bytes]) -> None:
        frames = answer_in(parts)
        if frames is None:
            return
        if frames.type == ACK and frames.id in self._pending:
            self._note_ack(self._pending[frames.id])
        elif frames.type == REP and frames.id in self._pending:
            request = self._pending.pop(frames.id)
            self._acknowledged.discard(frames.id)
            try:
                request.complete(Payload.decode(frames.payload, frames.bulk, frames.version))
            except MktlError as error:
                request.complete(error_payload(error))

    def _note_ack(self, request: Request) -> None:
        request._complete_ack()
        if request.reply:
            self._acknowledged.add(request.id)
        else:  # that was all there is to come
            del self._pending[request.id]

    def next_due_s(self) -> float | None:
        """When the first is to be given up for lack of a connection or an ACK, monotonic; None for none."""
        due_s, _ = next(iter(self._unsent.values()), (None, None))
        while self._unacknowledged:
            ack_due_s, id = self._unacknowledged[0]
            if id in self._pending and id not in self._acknowledged:
                # While the daemon answers others it is not gone, but busy with what was sent before.
                busy_s = min(self._heard_s + ACK_TIMEOUT_S, ack_due_s + BUSY_S)
                ack_due_s = max(ack_due_s, busy_s)
                return ack_due_s if due_s is None else min(due_s, ack_due_s)
            self._unacknowledged.popleft()
        return due_s

    def expire(self, now_s: float) -> None:
        """Give up what is overdue; what has not been sent by now never will be."""
        while (due_s := self.next_due_s()) is not None and due_s < now_s:
            id, (unsent_due_s, request) = next(iter(self._unsent.items()), (b"", (now_s, None)))
            if request is not None and unsent_due_s < now_s:
                del self._unsent[id]
                self._is_lost = True
                self._give_up(id, unsent(request, self.address, ACK_TIMEOUT_S))
            else:
                _, id = self._unacknowledged.popleft()
                request = self._pending[id]
                self._give_up(id, unanswered(request, self.address, ACK_TIMEOUT_S, acked=False))

    def _give_up(self, id: bytes, error: MktlError) -> None:
        request = self._pending.pop(id, None)
        if request is not None:
            request.complete(error_payload(error))

    def close(self) -> None:
        """Give up all requests and free the socket."""
        for request in self._pending.values():
            request.complete(error_payload(NoAnswerError(f"{request.target}: the client was closed")))
        self.socket.close()
