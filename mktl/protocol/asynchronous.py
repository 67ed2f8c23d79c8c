"""The DEALER to one daemon for requests that nobody blocks on."""

from __future__ import annotations

import time
from collections import deque

import zmq

from ..errors import MktlError, NoAnswerError
from ..wire.frames import ACK, REP, FrameError, unpack
from .dealer import ACK_TIMEOUT_S
from .message import Payload, Request, error_payload


class Asynchronous:
    """Requests under way to one daemon; lives on the client's thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str) -> None:
        self.address = address
        self.socket: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.set_hwm(0)
        self.socket.connect(address)
        self._pending: dict[bytes, Request] = {}
        #: Those without an ACK, in the order they were sent: when it is overdue (monotonic), and the id.
        self._unacknowledged: deque[tuple[float, bytes]] = deque()
        self._acknowledged: set[bytes] = set()

    def send(self, request: Request) -> None:
        """Send; the request completes when its response comes, never when it asks for none."""
        if request.ack or request.reply:
            self._pending[request.id] = request
        if request.ack:
            self._unacknowledged.append((time.monotonic() + ACK_TIMEOUT_S, request.id))
        self.socket.send_multipart(request.parts(), zmq.NOBLOCK)

    def receive(self, most: int = 1000) -> None:
        """Take in what has arrived."""
        for _ in range(most):
            try:
                parts = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._dispatch(parts)

    def _dispatch(self, parts: list[bytes]) -> None:
        try:
            frames = unpack(parts)
        except FrameError:
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
        """When the first missing ACK is overdue, monotonic; None when none is missing."""
        while self._unacknowledged:
            due_s, id = self._unacknowledged[0]
            if id in self._pending and id not in self._acknowledged:
                return due_s
            self._unacknowledged.popleft()
        return None

    def expire(self, now_s: float) -> None:
        """Give up the requests whose ACK is overdue."""
        while (due_s := self.next_due_s()) is not None and due_s < now_s:
            _, id = self._unacknowledged.popleft()
            request = self._pending.pop(id)
            text = f"{request.target}: no ACK from {self.address} within {ACK_TIMEOUT_S:g} s"
            request.complete(error_payload(NoAnswerError(text)))

    def close(self) -> None:
        """Give up all requests and free the socket."""
        for request in self._pending.values():
            request.complete(error_payload(NoAnswerError(f"{request.target}: the client was closed")))
        self.socket.close()
