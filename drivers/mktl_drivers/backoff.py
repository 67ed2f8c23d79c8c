"""How long to wait before the next attempt to connect; in handed-in time."""

from __future__ import annotations


class Backoff:
    """A pause that doubles from *least_s* to *most_s* until something went well again.

    A connection that breaks at its first exchange is no success: only an answered one is, so that a device
    which takes every connection and drops it is not asked in a busy loop.

    >>> backoff = Backoff(least_s=0.5, most_s=3.0)
    >>> [backoff.next_s() for attempt in range(4)]
    [0.5, 1.0, 2.0, 3.0]
    >>> backoff.reset(); backoff.next_s()
    0.5
    """

    def __init__(self, least_s: float, most_s: float) -> None:
        self.least_s = least_s
        self.most_s = max(least_s, most_s)
        self._next_s = least_s

    def next_s(self) -> float:
        """The pause before the next attempt."""
        pause_s = min(self._next_s, self.most_s)
        self._next_s = min(self._next_s * 2, self.most_s)
        return pause_s

    def reset(self) -> None:
        """Something went well: begin with the least pause again."""
        self._next_s = self.least_s
