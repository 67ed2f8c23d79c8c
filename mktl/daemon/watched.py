"""One item of a device while its replies are spoiled: what it shows in good times, and what it shows now."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..item.reading import Reading

#: Statuses of an item that the device has not spoken of.
UNREAD = ("unset", "stale", "timeout", "disconnected", "invalid")


@dataclass(frozen=True, slots=True)
class Trouble:
    """How an item came to be untrusted, or is."""

    status: str
    reason: str


class Watched:
    """First it learns what an item shows while all is well, then it notes what else it shows.

    Args:
        item: Bound to a link.
        longest_period_s: It is polled at least so often, if it is polled at all.
    """

    def __init__(self, item: Any, longest_period_s: float) -> None:
        self.item = item
        self.key: str = item.key
        asked_s = item.spec.poll_s
        #: How often it is read, s; None when that is once for each connection.
        self.period_s: float | None = min(asked_s, longest_period_s) if asked_s else None
        self._is_unasked: bool = item.source.query.unsolicited
        self._lock = threading.Lock()
        self._is_learning = True
        self._statuses: set[str] = set()
        self._forget()
        item.register(self.look)
        if self.period_s != asked_s:
            item.poll(self.period_s)

    def _forget(self) -> None:
        #: How it first came to be untrusted; None while it has not.
        self.trouble: Trouble | None = None
        #: A reply that has fed it and was not its own.
        self.wrong: str | None = None
        #: When it was last seen in trouble, monotonic s.
        self.troubled_s = 0.0

    @property
    def steps(self) -> Sequence[Any]:
        """Of the exchange that feeds it; none where it comes unasked, or is read in registers."""
        return () if self._is_unasked else self.item.source.query.steps

    # -- while all is well

    @property
    def is_read(self) -> bool:
        """Whether the device has spoken of it, or need not."""
        return self._is_unasked or self.item.status not in UNREAD

    def learned(self) -> None:
        """What it has shown by now is what it shows in good times."""
        self.look()
        with self._lock:
            self._is_learning = False
            if self._is_unasked:
                self._statuses |= {"ok", "unset", "stale"}  # nothing may come, after a break or ever

    # -- while a fault lasts, and after it

    def begin(self) -> None:
        """Another fault begins."""
        with self._lock:
            self._forget()

    def accuse(self, reply: str) -> None:
        """Say that *reply*, which has fed it, was not its own."""
        with self._lock:
            self.wrong = self.wrong or reply

    def is_back(self, since: float) -> bool:
        """Whether all is as before; what is polled, and good, has been read after UNIX time *since*."""
        reading = self.item.reading
        if reading.status not in self._statuses:
            return False
        return self.period_s is None or reading.status != "ok" or (reading.sampled or 0.0) > since

    @property
    def shown(self) -> Trouble:
        """What it shows now that it is not back."""
        reading = self.item.reading
        return Trouble(reading.status, reading.reason or "not read since")

    def look(self, *_: object) -> None:
        """Note what it shows now."""
        reading: Reading = self.item.reading
        with self._lock:
            if self._is_learning:
                # What is no reading now is so for good: a sensor that is open, a channel that is off.
                self._statuses |= {reading.status} - set(UNREAD)
            elif reading.status not in self._statuses:
                self.troubled_s = time.monotonic()
                self.trouble = self.trouble or Trouble(reading.status, reading.reason)
