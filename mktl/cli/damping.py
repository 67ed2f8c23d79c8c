"""A line that comes again and again is counted: a night of one fault is a page, and no disk full of it."""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Callable

from .. import poll

#: So many of the same come as they are, in …
BURST = 5
#: … this time.
WINDOW_S = 600.0
#: What everybody has asked for, line by line.
EXEMPT = ("mktl.audit", "mktl.trace", "mktl.markd")

Key = tuple[object, ...]


class _Repeated:
    """What has come of one kind."""

    __slots__ = ("begun_s", "count", "last")

    def __init__(self, begun_s: float) -> None:
        self.begun_s = begun_s
        self.count = 0
        #: The last one that was held back.
        self.last: logging.LogRecord | None = None


class Damper(logging.Filter):
    """Lets the first few of a kind through, and at the end of the time one more that says how many came.

    Of one kind is what one line of the code says of one thing: the same text before its values are put in,
    and the same first value, which names the link or the item.

    Args:
        handler: Whose filter this is.
        clock: Seconds that never jump.
        later: Calls a function after so many seconds.
    """

    def __init__(
        self,
        handler: logging.Handler,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], object]], object] | None = None,
    ) -> None:
        super().__init__()
        self._handler = handler
        self._clock = clock
        self._later = later or (lambda delay_s, function: poll.clock().once(delay_s, function))
        self._seen: dict[Key, _Repeated] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether *record* is written now."""
        if record.name.startswith(EXEMPT):
            return True
        first = record.args[:1] if isinstance(record.args, tuple) else ()
        key = (record.name, record.levelno, record.msg, *map(str, first))
        with self._lock:
            repeated = self._seen.get(key)
            if repeated is None:
                repeated = self._seen[key] = _Repeated(self._clock())
                self._later(WINDOW_S, lambda: self._sum_up(key))
            repeated.count += 1
            if repeated.count <= BURST:
                return True
            repeated.last = record
        return False

    def _sum_up(self, key: Key) -> None:
        with self._lock:
            repeated = self._seen.pop(key, None)
        if repeated is None or repeated.last is None:
            return
        summary = copy.copy(repeated.last)
        more, minutes = repeated.count - BURST, (self._clock() - repeated.begun_s) / 60
        times = "once more" if more == 1 else f"{more} more times"
        summary.msg = f"{repeated.last.getMessage()} (... {times} in the last {minutes:.0f} min)"
        summary.args = summary.exc_info = summary.exc_text = None
        self._handler.acquire()
        try:
            self._handler.emit(summary)
        finally:
            self._handler.release()

    def close(self) -> None:
        """Say what has been held back until now."""
        for key in list(self._seen):
            self._sum_up(key)
