"""Answers on their way to clients: how many bytes wait for one that does not read."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence

import zmq

from ..errors import BusyError
from ..limits import Limits, raised_by
from ..wire.frames import REP, Frames, pack
from .message import error_payload
from .quick import NOBLOCK, send

log = logging.getLogger(__name__)

Parts = Sequence[bytes | memoryview]

#: Answers from this size on are sent without a copy, and ZeroMQ tells when they have left: that costs two
#: changes of threads. Of smaller ones only the number is limited.
TRACKED_BYTES = 65_536


class Outbox:
    """The sending half of a ROUTER; belongs to the wire thread."""

    def __init__(self, socket: zmq.Socket[bytes], limits: Limits) -> None:
        self._socket = socket
        self._limits = limits
        #: ``{route: large answers under way, oldest first}``
        self._waiting: dict[bytes, deque[tuple[zmq.MessageTracker, int]]] = {}
        #: Clients that took nothing the last time.
        self._full: set[bytes] = set()
        socket.set(zmq.SNDHWM, limits.answers)
        # Without it ZeroMQ throws away in silence what a client does not take.
        socket.set(zmq.ROUTER_MANDATORY, 1)

    def send(self, parts: Parts) -> None:
        """Send *parts*, or an error in its place when too much waits for this client already."""
        try:
            self._send(parts)
        except zmq.Again:
            if parts[0] not in self._full:
                self._full.add(bytes(parts[0]))
                most = self._limits.answers
                log.warning("%d answers wait for a client that reads none; it gets no more of them", most)
        except zmq.ZMQError as error:
            log.debug("an answer could not be sent: %s", error)
            self._full.discard(bytes(parts[0]))
        else:
            if self._full:
                self._full.discard(bytes(parts[0]))

    def _send(self, parts: Parts) -> None:
        size = sum(map(len, parts[6:]))
        if size < TRACKED_BYTES:
            send(self._socket, parts, NOBLOCK)
        elif self._has_room(bytes(parts[0]), size):
            tracker = self._socket.send_multipart(parts, zmq.NOBLOCK, copy=False, track=True)
            assert tracker is not None
            self._waiting.setdefault(bytes(parts[0]), deque()).append((tracker, size))
        else:
            send(self._socket, self._refusal(parts), NOBLOCK)

    def _has_room(self, route: bytes, size: int) -> bool:
        waiting = self._waiting.get(route)
        if waiting is None:
            self._forget_idle()
            return True
        while waiting and waiting[0][0].done:
            waiting.popleft()
        # One answer may be larger than the limit: it is alone then.
        return not waiting or size + sum(size for _, size in waiting) <= self._limits.answers_bytes

    def _forget_idle(self) -> None:
        """A client that is new here: those whose answers have all left need not be known any more."""
        for route in [route for route, waiting in self._waiting.items() if waiting[-1][0].done]:
            del self._waiting[route]

    def _refusal(self, parts: Parts) -> Parts:
        text = (
            f"{self._limits.answers_mb:g} MB of answers wait for this client, which does not read them; "
            f"{raised_by('answers_mb')}"
        )
        payload = error_payload(BusyError(text)).encode(bytes(parts[1]))
        return [parts[0], *pack(Frames(bytes(parts[2]), REP, b"", 0, payload, version=bytes(parts[1])))]
