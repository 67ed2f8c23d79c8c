"""Clocks: what is due when, by the millisecond, and who sleeps until the next.

There is one of the process, with a thread of its own; what it calls must return at once (queue a job, wake
somebody), since a call that blocks holds up all others. The polls of a daemon's items are on one of the
daemon's, which is the source of its pool (:class:`mktl.workers.Source`): the thread that waits for the next
polls then does what is due.
"""

from __future__ import annotations

import heapq
import logging
import math
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

#: What is due within one tick is called in one go at its end.
TICKS_PER_S = 1000
#: This many polls start in step with their first call; the second one of each further one comes early by a
#: part of its period that differs from one to the next, so that a large daemon's are not all due at once.
IN_STEP = 100
_GOLDEN = 0.6180339887498949

Tick = Callable[[], object]


class Timer:
    """One call that comes back every *period_s*, or once; made by :class:`Clock`."""

    __slots__ = ("cancelled", "due_s", "early_s", "function", "late", "period_s")

    def __init__(self, function: Tick, due_s: float, period_s: float | None, early_s: float = 0.0) -> None:
        self.function = function
        self.due_s = due_s
        self.period_s = period_s
        #: By how much the second call comes early.
        self.early_s = early_s
        #: Ticks that were skipped because their time had passed already.
        self.late = 0
        self.cancelled = False

    def cancel(self) -> None:
        """Never call again; a call under way goes on."""
        self.cancelled = True


class Clock:
    """Calls functions at their time, on a thread of its own that starts with the first of them.

    Args:
        now: The time in seconds that never jumps; handed in by tests.
        has_thread: False for the source of a pool, whose threads call :meth:`attend`.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, *, has_thread: bool = True) -> None:
        self._now = now
        self._has_thread = has_thread
        #: By the tick at which they are due; and those ticks, a heap.
        self._due: dict[int, list[Timer]] = {}
        self._ticks: list[int] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._interrupted = False
        self._started: dict[Tick, Timer] = {}
        self._crowd = 0

    # -- polls: one for each function

    def start(self, function: Tick, period: float | None) -> None:
        """Call *function* now and every *period* seconds; a second start changes the period.

        *function* must return at once. None or 0 stops it.
        """
        self.stop(function)
        if not period:
            return
        if not period > 0:
            raise ValueError(f"a period is more than 0 s, got {period!r}")
        with self._changed:
            self._crowd += 1
            early_s = period * (self._crowd * _GOLDEN % 1.0) if self._crowd > IN_STEP else 0.0
            timer = self._started[function] = Timer(function, self._now(), period, early_s)
        self._add(timer)

    def stop(self, function: Tick) -> None:
        """No more calls of *function*."""
        with self._changed:
            timer = self._started.pop(function, None)
        if timer is not None:
            timer.cancel()

    def period(self, function: Tick) -> float | None:
        """The seconds between calls of *function*; None when it is not called."""
        timer = self._started.get(function)
        return timer.period_s if timer is not None else None

    def due_in_s(self, function: Tick) -> float | None:
        """Seconds until *function* is called next; None when it never is."""
        timer = self._started.get(function)
        return None if timer is None or timer.cancelled else self.left_s(timer)

    # -- timers

    def every(self, period_s: float, function: Tick, *, delay_s: float = 0.0) -> Timer:
        """Call *function* now (or after *delay_s*) and then every *period_s* seconds.

        A tick that comes too late is skipped and counted, never made up for.
        """
        if not period_s > 0:
            raise ValueError(f"a period is more than 0 s, got {period_s!r}")
        return self._add(Timer(function, self._now() + delay_s, period_s))

    def once(self, delay_s: float, function: Tick) -> Timer:
        """Call *function* once, *delay_s* seconds from now."""
        return self._add(Timer(function, self._now() + delay_s, None))

    def left_s(self, timer: Timer) -> float:
        """Seconds until *timer* is due; negative when it is late."""
        return timer.due_s - self._now()

    def _add(self, timer: Timer) -> Timer:
        with self._changed:
            if self._closed:
                timer.cancel()
                return timer
            is_first = self._push(timer)
            if self._has_thread and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mktl-clock", daemon=True)
                self._thread.start()
            elif is_first:
                self._changed.notify()
        return timer

    def _push(self, timer: Timer) -> bool:
        """Note *timer*; True when nothing was due as early as it is."""
        tick = math.ceil(timer.due_s * TICKS_PER_S)
        timers = self._due.get(tick)
        if timers is not None:
            timers.append(timer)
            return False
        self._due[tick] = [timer]
        heapq.heappush(self._ticks, tick)
        return self._ticks[0] == tick

    def _run(self) -> None:
        while not self._closed:
            self.attend(busy=False)

    def attend(self, busy: bool) -> None:
        """Wait until something is due, with *busy* not at all, and call it."""
        with self._changed:
            due = self._take_due()
            if not (due or busy or self._interrupted or self._closed):
                self._changed.wait(self._ticks[0] / TICKS_PER_S - self._now() if self._ticks else None)
                due = self._take_due()
            self._interrupted = False
        for timer in due:
            self._call(timer)

    def interrupt(self) -> None:
        """Have :meth:`attend` return."""
        with self._changed:
            self._interrupted = True
            self._changed.notify()

    def _take_due(self) -> list[Timer]:
        """What is due; the next tick of each is put on the heap."""
        due, ticks, now_tick = [], self._ticks, int(self._now() * TICKS_PER_S)
        while ticks and ticks[0] <= now_tick:
            for timer in self._due.pop(heapq.heappop(ticks)):
                if not timer.cancelled:
                    self._again(timer)
                    due.append(timer)
        return due

    def _again(self, timer: Timer) -> None:
        if timer.period_s is None:
            return
        timer.due_s += timer.period_s - timer.early_s
        timer.early_s = 0.0
        behind_s = self._now() - timer.due_s
        if behind_s > 0:
            skipped = int(behind_s // timer.period_s) + 1
            timer.late += skipped
            timer.due_s += skipped * timer.period_s
        self._push(timer)

    def _call(self, timer: Timer) -> None:
        try:
            timer.function()
        except Exception:
            log.exception("a function called by the clock raised; it is called again at its next time")

    def close(self) -> None:
        """Stop the thread; timers that are added later are never called."""
        with self._changed:
            self._closed = True
            self._due.clear()
            self._ticks.clear()
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()


_clock = Clock()
_lock = threading.Lock()


def clock() -> Clock:
    """The clock of this process."""
    return _clock


def start(function: Tick, period: float | None) -> None:
    """Call *function* now and every *period* seconds; a second start changes the period.

    *function* runs on the clock's thread and must return at once. None or 0 stops it.
    """
    _clock.start(function, period)


def period(function: Tick) -> float | None:
    """The seconds between calls of *function*; None when it is not called."""
    return _clock.period(function)


def due_in_s(function: Tick) -> float | None:
    """Seconds until *function* is called next; None when it never is."""
    return _clock.due_in_s(function)


def stop(function: Tick) -> None:
    """No more calls of *function*."""
    _clock.stop(function)


def close() -> None:
    """Stop the clock's thread and forget every poll; the next start begins with a fresh clock."""
    global _clock
    with _lock:
        old, _clock = _clock, Clock()
    old.close()
