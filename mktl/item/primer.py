"""Priming: a subscriber that wants to know when its subscription has arrived is told, again and again.

A GET with ``prime: true`` has the daemon broadcast the item under ``prime:store.key.`` for some seconds. Who
has subscribed to that topic and to the item's own knows with the first such broadcast that both have arrived.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .. import poll

PERIOD_S = 0.01
LONGEST_S = 5.0

#: The prefix of the topic.
PREFIX = b"prime:"


class Primer:
    """Calls *broadcast* every 10 ms, from :meth:`start` until 5 s after the last one.

    Args:
        broadcast: Sends the item, if anybody listens; called on the clock's thread.
    """

    def __init__(self, broadcast: Callable[[], object]) -> None:
        self._broadcast = broadcast
        self._lock = threading.Lock()
        self._timer: poll.Timer | None = None
        self._ends_s = 0.0

    def start(self) -> None:
        """Begin, or go on for another 5 s."""
        with self._lock:
            self._ends_s = time.monotonic() + LONGEST_S
            if self._timer is None:
                self._timer = poll.clock().every(PERIOD_S, self._tick)

    def stop(self) -> None:
        """Broadcast no more."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        if time.monotonic() > self._ends_s:
            self.stop()
        else:
            self._broadcast()
