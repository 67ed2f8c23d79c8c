"""Blocking requests on a socket of the calling thread: no other thread is woken on the way."""

from __future__ import annotations

import threading
import time

import zmq

from ..errors import NoAnswerError
from ..wire.frames import ACK, REP, FrameError, unpack
from ..wire.payload import Payload
from .message import Request, raise_error

#: A daemon acknowledges at once; one that has not in this time is not there.
ACK_TIMEOUT_S = 1.0


class Dealer:
    """One DEALER socket to one daemon, used by the thread that made it."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str) -> None:
        self.address = address
        self.thread = threading.current_thread()
        self._socket: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.set_hwm(0)
        self._socket.connect(address)
        self._timeout_ms = -2

    def request(self, request: Request, timeout_s: float, ack_timeout_s: float = ACK_TIMEOUT_S) -> Payload:
        """Send *request* and wait for its response.

        Raises:
            NoAnswerError: No ACK within *ack_timeout_s*, or no REP within *timeout_s*.
            RemoteError: The daemon refused.
        """
        self._socket.send_multipart(request.parts(), zmq.NOBLOCK)
        begun_s = time.monotonic()
        due_s = begun_s + min(ack_timeout_s, timeout_s)
        acked = False
        while True:
            parts = self._receive(due_s)
            if parts is None:
                raise NoAnswerError(_silence(request, self.address, acked, time.monotonic() - begun_s))
            try:
                frames = unpack(parts)
            except FrameError:
                continue
            if frames.id != request.id:
                continue  # the late answer to a request that was given up
            if frames.type == REP:
                response = Payload.decode(frames.payload, frames.bulk, frames.version)
                raise_error(response)
                return response
            if frames.type == ACK and not acked:
                acked = True
                due_s = begun_s + timeout_s

    def _receive(self, due_s: float) -> list[bytes] | None:
        """The next message, or None once *due_s* has passed."""
        left_ms = int((due_s - time.monotonic()) * 1000) + 1
        if left_ms <= 0:
            return None
        if left_ms != self._timeout_ms:
            self._timeout_ms = left_ms
            self._socket.setsockopt(zmq.RCVTIMEO, left_ms)
        try:
            return self._socket.recv_multipart()
        except zmq.Again:
            return None

    def close(self) -> None:
        """Free the socket."""
        self._socket.close()


def _silence(request: Request, address: str, acked: bool, waited_s: float) -> str:
    store = request.target.partition(".")[0]
    if acked:
        return f"{request.target}: {address} is still busy with this {request.type} after {waited_s:.1f} s"
    return (
        f"{request.target}: no ACK from {address} within {waited_s:.1f} s; "
        f"is the daemon for '{store}' running?"
    )
