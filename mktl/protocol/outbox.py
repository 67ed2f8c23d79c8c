"""Answers on their way to clients: how many bytes wait for one that does not read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import zmq

from ..errors import BusyError
from ..limits import Limits, raised_by
from ..wire.frames import pack_reply
from .message import error_payload
from .quick import NOBLOCK, send

log = logging.getLogger(__name__)

Parts = Sequence[bytes | memoryview]

#: After so many bytes to a client one answer is sent so that ZeroMQ tells when it has left, and with it all
#: before it: that costs two changes of threads. pyzmq has one thread for it, from the first such answer on.
TRACKED_BYTES = 65_536
#: No answer that is as short as a refusal is refused.
SHORT_BYTES = 400
#: So many clients are known before those that wait for nothing are forgotten.
MANY_CLIENTS = 100


class _Waiting:
    """What one client has not taken yet, as far as ZeroMQ has told."""

    __slots__ = ("count", "is_full", "tracked", "untracked")

    def __init__(self) -> None:
        #: Bytes since the last tracked answer.
        self.untracked = 0
        #: Oldest first: tells when it has left, and how many bytes that makes. A list, as it is empty mostly:
        #: the half kilobyte of a deque, once for each visitor, stands in the way of larger pieces of memory.
        self.tracked: list[tuple[zmq.MessageTracker, int]] = []
        #: Bytes in all of these.
        self.count = 0
        #: True when it took nothing the last time.
        self.is_full = False

    def settle(self) -> int:
        """Strike out what has left; the bytes that still wait."""
        while self.tracked and self.tracked[0][0].done:
            self.count -= self.tracked.pop(0)[1]
        return self.count

    def track(self, tracker: zmq.MessageTracker, size: int) -> None:
        self.tracked.append((tracker, size))
        self.count += size
        self.untracked = 0


class Outbox:
    """The sending half of a ROUTER; belongs to the wire thread."""

    def __init__(self, socket: zmq.Socket[bytes], limits: Limits) -> None:
        self._socket = socket
        self._limits = limits
        self._clients: dict[bytes, _Waiting] = {}
        self._most_clients = MANY_CLIENTS
        socket.set(zmq.SNDHWM, limits.answers)
        # Without it ZeroMQ throws away in silence what a client does not take.
        socket.set(zmq.ROUTER_MANDATORY, 1)

    def send(self, parts: Parts) -> None:
        """Send *parts*, or an error in its place when too much waits for this client already."""
        route: Any = parts[0]
        client = self._clients.get(route) or self._add(route)
        try:
            self._send(parts, client)
        except zmq.Again:
            if not client.is_full:
                client.is_full = True
                most = self._limits.answers
                log.warning(
                    "%d answers wait for a client that reads none; it gets no more of them (%s)",
                    most,
                    raised_by("answers"),
                )
        except zmq.ZMQError as error:
            log.debug("an answer could not be sent: %s", error)
            del self._clients[route]
        else:
            client.is_full = False

    def _add(self, route: bytes) -> _Waiting:
        if len(self._clients) >= self._most_clients:
            self._clients = {route: client for route, client in self._clients.items() if client.settle()}
            self._most_clients = MANY_CLIENTS + 2 * len(self._clients)
        client = self._clients[route] = _Waiting()
        return client

    def _send(self, parts: Parts, client: _Waiting) -> None:
        size = len(parts[6]) if len(parts) == 7 else sum(map(len, parts[6:]))
        waiting = client.untracked + size
        if waiting < TRACKED_BYTES:
            client.untracked = waiting
            send(self._socket, parts, NOBLOCK)
        elif self._has_room(client, waiting):
            tracker = self._socket.send_multipart(_tracked(parts), zmq.NOBLOCK, copy=False, track=True)
            assert tracker is not None
            client.track(tracker, waiting)
        else:
            send(self._socket, parts if size < SHORT_BYTES else self._refusal(parts), NOBLOCK)

    def _has_room(self, client: _Waiting, size: int) -> bool:
        waiting = client.settle()
        # One answer may be larger than the limit: it is alone then.
        return not waiting or waiting + size <= self._limits.answers_bytes

    def _refusal(self, parts: Parts) -> Parts:
        text = (
            f"{self._limits.answers_mb:g} MB of answers wait for this client, which does not read them; "
            f"the request has been dealt with, its answer is not sent; {raised_by('answers_mb')}"
        )
        payload = error_payload(BusyError(text)).encode(bytes(parts[1]))
        return [parts[0], *pack_reply(bytes(parts[2]), payload, version=bytes(parts[1]))]


def _tracked(parts: Parts) -> list[Any]:
    """*parts* with the largest in a form that is not copied, of whatever size."""
    at = max(range(6, len(parts)), key=lambda at: len(parts[at]))
    frame = zmq.Frame(parts[at], track=True, copy=False, copy_threshold=0)
    return [*parts[:at], frame, *parts[at + 1 :]]
