"""Cuts what a port brings into replies; bytes in, bytes out."""

from __future__ import annotations


class Framer:
    r"""Collects bytes until a reply is whole.

    Args:
        end: What stands after each reply, of any length. Empty: only silence ends a reply, so
            :meth:`take` never finds one and the owner takes the :meth:`rest`.

    >>> framer = Framer(b"\r\n")
    >>> framer.feed(b"+77.35\r"); framer.take()
    >>> framer.feed(b"\n+4.2"); framer.take(), framer.rest
    (b'+77.35', b'+4.2')
    """

    def __init__(self, end: bytes) -> None:
        self.end = end
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> None:
        """Add what has arrived."""
        self._buffer += data

    def take(self) -> bytes | None:
        """The next whole reply without its end, or None while it is not there."""
        if not self.end:
            return None
        at = self._buffer.find(self.end, self._searched)
        if at < 0:
            # The end may be cut in two; all before that is never searched again.
            self._searched = max(0, len(self._buffer) - len(self.end) + 1)
            return None
        reply = bytes(self._buffer[:at])
        del self._buffer[: at + len(self.end)]
        self._searched = 0
        return reply

    @property
    def rest(self) -> bytes:
        """What came after the last reply taken."""
        return bytes(self._buffer)

    def __len__(self) -> int:
        return len(self._buffer)

    def clear(self) -> bytes:
        """Forget what is there, and return it."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._searched = 0
        return rest
