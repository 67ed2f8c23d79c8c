"""The XPUB socket of a daemon, used by whichever thread has something to tell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence

import zmq

from ..wire.frames import pack_broadcast
from ..wire.payload import Bulk
from .audience import Audience
from .ports import bind, bind_first_free

#: Broadcasts that wait for a subscriber that does not read; beyond it, its own are dropped.
MOST_WAITING = 20_000


class Broadcaster:
    """Bound when it is made.

    The socket is used where the value is, under a lock: handing it to another thread would cost each
    broadcast a change of threads (30 µs and more).

    Args:
        context: The context that the socket is of.
        port: This port and no other.
        preferred: The port to try first, when *port* is left out.
        avoid: Ports of other daemons of this host.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        port: int | None = None,
        *,
        preferred: int | None = None,
        avoid: Collection[int] = (),
    ) -> None:
        self._lock = threading.Lock()
        self._audience = Audience()
        # XPUB is PUB to a subscriber; here it tells which topics anybody wants.
        self._socket: zmq.Socket[bytes] = context.socket(zmq.XPUB)
        self._socket.linger = 0
        self._socket.set_hwm(MOST_WAITING)
        try:
            self.port = bind(self._socket, port) if port else bind_first_free(self._socket, preferred, avoid)
        except BaseException:
            self._socket.close()
            raise

    def publish(self, topics: Mapping[bytes, bytes], encode: Callable[[bytes], tuple[bytes, Bulk]]) -> None:
        """Broadcast, from any thread, in each version of the wire that somebody subscribes to.

        Args:
            topics: ``{version: topic}``.
            encode: Gives the payload and the bulk in a version; called only when it is wanted.
        """
        with self._lock:
            if self._socket.closed:
                return
            self._audience.listen(self._socket)
            for version, topic in topics.items():
                if self._audience.wants(topic):
                    raw, bulk = encode(version)
                    parts = pack_broadcast(topic, raw, bulk, version)
                    self._socket.send_multipart(parts, zmq.NOBLOCK, copy=bulk is None)

    def send(self, parts: Sequence[bytes | memoryview]) -> None:
        """Broadcast frames that are ready, from any thread."""
        with self._lock:
            if not self._socket.closed:
                self._socket.send_multipart(parts, zmq.NOBLOCK)

    def close(self) -> None:
        """Free the port."""
        with self._lock:
            self._socket.close()
