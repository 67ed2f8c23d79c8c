"""Blocking requests on a socket of the calling thread: no other thread is woken on the way."""

from __future__ import annotations

import threading
import time

import zmq

from ..errors import NoAnswerError, UnansweredSetError
from ..wire.frames import ACK, REP, FrameError, Frames, unpack
from ..wire.payload import Payload
from .liveness import connect_dealer, reconnect
from .message import Request, raise_error
from .quick import BEFORE_BULK, NOBLOCK, last_of, receive_from_one, send

#: A daemon acknowledges at once; one that has not in this time is not there.
ACK_TIMEOUT_S = 1.0
#: How often one who waits longer for an answer looks whether the connection is still there.
LOOK_S = 0.5


class Dealer:
    """One DEALER socket to one daemon, used by the thread that made it.

    Whoever uses it holds :attr:`turn`, and sees first whether it is :attr:`closed`.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str) -> None:
        self.address = address
        self.thread = threading.current_thread()
        self._socket: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        connect_dealer(self._socket, address)
        self._timeout_ms = -2
        self.turn = threading.Lock()
        self.closed = False
        #: When it was used last, monotonic.
        self.used_s = time.monotonic()
        #: True when the last request found no connection in time.
        self._is_lost = False

    def request(self, request: Request, timeout_s: float, ack_timeout_s: float = ACK_TIMEOUT_S) -> Payload:
        """Send *request* and wait for its response.

        Raises:
            NoAnswerError: No connection or no ACK within *ack_timeout_s*, or no REP within *timeout_s*.
            UnansweredSetError: The same, of a SET that may be carried out all the same.
            RemoteError: The daemon refused.
        """
        begun_s = time.monotonic()
        due_s = begun_s + min(ack_timeout_s, timeout_s)
        if not self._send(request.parts(), due_s):
            self._is_lost = True
            raise unsent(request, self.address, time.monotonic() - begun_s)
        acked = False
        while True:
            parts = self._receive(min(due_s, time.monotonic() + LOOK_S) if acked else due_s)
            if parts is None:
                now_s = time.monotonic()
                if acked and now_s < due_s and self._is_connected():
                    continue
                is_lost = acked and now_s < due_s
                raise unanswered(request, self.address, now_s - begun_s, acked=acked, is_lost=is_lost)
            frames = answer_in(parts, request.id)
            if frames is None:
                continue  # no answer, or the late one to a request that was given up
            if frames.type == REP:
                response = Payload.decode(frames.payload, frames.bulk, frames.version)
                raise_error(response)
                return response
            if frames.type == ACK and not acked:
                acked = True
                due_s = begun_s + timeout_s

    def _is_connected(self) -> bool:
        """False when the connection is gone; nobody answers on another what was asked on this one."""
        return bool(self._socket.poll(0, zmq.POLLOUT))

    def _send(self, parts: list[bytes | memoryview], due_s: float) -> bool:
        """Send as soon as there is a connection; False when there is none before *due_s*."""
        while True:
            try:
                send(self._socket, parts, NOBLOCK)
                return True
            except zmq.Again:
                if self._is_lost:
                    self._is_lost = False
                    reconnect(self._socket, self.address)
                left_ms = int((due_s - time.monotonic()) * 1000) + 1
                if left_ms <= 0 or not self._socket.poll(left_ms, zmq.POLLOUT):
                    return False

    def _receive(self, due_s: float) -> list[bytes] | None:
        """The next message, or None once *due_s* has passed."""
        left_ms = int((due_s - time.monotonic()) * 1000) + 1
        if left_ms <= 0:
            return None
        if left_ms != self._timeout_ms:
            self._timeout_ms = left_ms
            self._socket.setsockopt(zmq.RCVTIMEO, left_ms)
        try:
            return receive_from_one(self._socket, BEFORE_BULK, flags=0)
        except zmq.Again:
            return None

    def close_if_idle(self, since_s: float) -> bool:
        """Free the socket if its thread has ended, or has not used it *since_s*; true when it is free.

        ZeroMQ keeps what each connection that is made and lost has cost until the socket is used again.
        """
        if not self.turn.acquire(blocking=False):
            return False
        try:
            if self.thread.is_alive() and self.used_s > since_s:
                return False
            self.close()
            return True
        finally:
            self.turn.release()

    def close(self) -> None:
        """Free the socket."""
        self.closed = True
        self._socket.close()


def answer_in(parts: list[bytes], id: bytes | None = None) -> Frames | None:
    """The answer to request *id* (or to any), be it behind others that have too few frames; None for none."""
    try:
        frames = unpack(parts)
    except FrameError:
        frames = None
    if frames is not None and frames.type in (ACK, REP):
        return frames if id is None or frames.id == id else None
    found = (answer_in(last, id) for last in last_of(parts, BEFORE_BULK))
    return next((answer for answer in found if answer is not None), None)


def unsent(request: Request, address: str, waited_s: float) -> NoAnswerError:
    """The error for a request that never left, and never will."""
    return NoAnswerError(
        f"{request.target}: no ACK from {address} within {waited_s:.1f} s, nothing was sent; {_hint(request)}"
    )


def unanswered(
    request: Request, address: str, waited_s: float, *, acked: bool, is_lost: bool = False
) -> NoAnswerError:
    """The error for a request that left; what became of a SET is not known then."""
    is_set = request.type == "SET"
    unknown = "; whether it is carried out is unknown" if is_set else ""
    if is_lost:
        text = f"the connection to {address} was lost before its answer to this {request.type}{unknown}"
    elif acked:
        text = f"{address} is still busy with this {request.type} after {waited_s:.1f} s{unknown}"
    else:
        text = f"no ACK from {address} within {waited_s:.1f} s{unknown}; {_hint(request)}"
    return (UnansweredSetError if is_set else NoAnswerError)(f"{request.target}: {text}")


def _hint(request: Request) -> str:
    return f"is the daemon for '{request.target.partition('.')[0]}' running?"
