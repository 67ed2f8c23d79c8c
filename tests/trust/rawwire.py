"""Requests by hand, many in flight on one socket: what the client would hide is seen here."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from typing import Any

import zmq


class RawWire:
    """A DEALER to one daemon, in wire version ``a``."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket
        self._ids = itertools.count(1)

    def send(self, type: str, target: str, **payload: Any) -> bytes:
        """Send a request without waiting; its id."""
        number = b"%08x" % next(self._ids)
        body = json.dumps(payload).encode() if payload else b""
        self._socket.send_multipart([b"a", number, type.encode(), target.encode(), b"", body])
        return number

    def next_rep(self, timeout_s: float) -> tuple[bytes, dict[str, Any]] | None:
        """Id and payload of the next REP, ACKs passed over; None when none comes in this time."""
        while self._socket.poll(max(0, timeout_s) * 1000):
            _, number, type, _, _, payload = self._socket.recv_multipart()[:6]
            if type == b"REP":
                return number, json.loads(payload or b"{}")
        return None

    def ask(self, type: str, target: str, timeout_s: float = 10.0, **payload: Any) -> dict[str, Any]:
        """Send a request and wait for its REP."""
        number = self.send(type, target, **payload)
        while (answer := self.next_rep(timeout_s)) is not None:
            if answer[0] == number:
                return answer[1]
        raise AssertionError(f"no REP to {type} {target}")


@contextlib.contextmanager
def raw_wire(port: int) -> Iterator[RawWire]:
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.connect(f"tcp://127.0.0.1:{port}")
        yield RawWire(socket)
