"""Which topics anybody subscribes to, as an XPUB socket tells it."""

from __future__ import annotations

import zmq

from .quick import is_readable

_SUBSCRIBE, _UNSUBSCRIBE = 1, 0


class Audience:
    """The prefixes that are subscribed to at one XPUB; used by whoever holds its lock."""

    def __init__(self) -> None:
        self._topics: set[bytes] = set()
        # What does not end as a topic does, such as the empty prefix of somebody who wants it all.
        self._prefixes: set[bytes] = set()

    def listen(self, socket: zmq.Socket[bytes]) -> bool:
        """Take in what subscribers have said since the last time; True when they have said anything."""
        has_heard = False
        while is_readable(socket):
            self.note(socket.recv(zmq.NOBLOCK))
            has_heard = True
        return has_heard

    def note(self, message: bytes) -> None:
        """One message of XPUB: the first byte tells whether the rest is subscribed to from now on."""
        if not message:
            return
        prefix = message[1:]
        where = self._topics if prefix.endswith(b".") else self._prefixes
        if message[0] == _SUBSCRIBE:
            where.add(prefix)
        elif message[0] == _UNSUBSCRIBE:
            where.discard(prefix)

    def wants(self, topic: bytes) -> bool:
        r"""True when somebody gets broadcasts of *topic*.

        >>> audience = Audience()
        >>> audience.note(b"\x01lab.temp.")
        >>> audience.wants(b"lab.temp."), audience.wants(b"lab.temp2.")
        (True, False)
        """
        if topic in self._topics:
            return True
        return bool(self._prefixes) and any(topic.startswith(prefix) for prefix in self._prefixes)
