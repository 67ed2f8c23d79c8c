"""Which topics anybody subscribes to, as an XPUB socket tells it."""

from __future__ import annotations

import zmq

from .quick import is_readable

_SUBSCRIBE, _UNSUBSCRIBE = 1, 0


class Audience:
    r"""The prefixes that are subscribed to at one XPUB; used by whoever holds its lock.

    >>> audience = Audience()
    >>> audience.note(b"\x01lab.temp.")
    >>> audience.wanted[b"lab.temp."], audience.wanted[b"lab.temp2."]
    (True, False)
    """

    def __init__(self) -> None:
        # Those that end as a topic does are found by name: there are as many as a daemon has items.
        self._dotted: set[bytes] = set()
        self._others: set[bytes] = set()
        #: Whether somebody gets broadcasts of a topic.
        self.wanted = _Wanted(self._dotted, self._others)

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
        where = self._dotted if prefix.endswith(b".") else self._others
        if message[0] == _SUBSCRIBE:
            where.add(prefix)
        elif message[0] == _UNSUBSCRIBE:
            where.discard(prefix)
        self.wanted.clear()


class _Wanted(dict[bytes, bool]):
    """What has been asked for is remembered: each broadcast asks, for each version of the wire."""

    def __init__(self, dotted: set[bytes], others: set[bytes]) -> None:
        super().__init__()
        self._dotted, self._others = dotted, others

    def __missing__(self, topic: bytes) -> bool:
        # A key may have dots of its own, and somebody may want all of a store.
        ends = (end for end, byte in enumerate(topic, 1) if byte == ord("."))
        found = any(topic[:end] in self._dotted for end in ends)
        self[topic] = found = found or topic.startswith(tuple(self._others))
        return found
