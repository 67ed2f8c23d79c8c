"""The one clock of the process: a heap of what is due, and a thread that sleeps until the next.

What it calls must return at once (queue a job, wake somebody): a call that blocks holds up every poll
there is. ``Item.poll`` hands the work on to workers for that reason.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

Tick = Callable[[], object]


class Timer:
    """One call that comes back every *period_s*, or once; made by :class:`Clock`."""

    __slots__ = ("cancelled", "due_s", "function", "late", "period_s")

    def __init__(self, function: Tick, due_s: float, period_s: float | None) -> None:
        self.function = function
        self.due_s = due_s
        self.period_s = period_s
        #: Ticks that were skipped because their time had passed already.
        self.late = 0
        self.cancelled = False

    def cancel(self) -> None:
        """Never call again; a call under way goes on."""
        self.cancelled = True


class Clock:
    """Calls functions at their time, on one thread that starts with the first of them.

    Args:
        now: The time in seconds that never jumps; handed in by tests.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

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
            self._push(timer)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mktl-clock", daemon=True)
                self._thread.start()
            elif self._heap[0][2] is timer:
                self._changed.notify()
        return timer

    def _push(self, timer: Timer) -> None:
        heapq.heappush(self._heap, (timer.due_s, next(self._order), timer))

    def _run(self) -> None:
        while True:
            with self._changed:
                timer = self._next()
            if timer is None:
                return
            self._call(timer)

    def _next(self) -> Timer | None:
        """Wait for the next timer that is due, put its next tick on the heap, and return it."""
        while not self._closed:
            if not self._heap:
                self._changed.wait()
                continue
            due_s, _, timer = self._heap[0]
            if timer.cancelled:
                heapq.heappop(self._heap)
                continue
            wait_s = due_s - self._now()
            if wait_s > 0:
                self._changed.wait(wait_s)
                continue
            heapq.heappop(self._heap)
            self._again(timer)
            return timer
        return None

    def _again(self, timer: Timer) -> None:
        if timer.period_s is None:
            return
        timer.due_s += timer.period_s
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
            self._heap.clear()
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()


_clock = Clock()
_started: dict[Tick, Timer] = {}
_lock = threading.Lock()


def clock() -> Clock:
    """The clock of this process."""
    return _clock


def start(function: Tick, period: float | None) -> None:
    """Call *function* now and every *period* seconds; a second start changes the period.

    *function* runs on the clock's thread and must return at once. None or 0 stops it.
    """
    if not period:
        stop(function)
        return
    with _lock:
        old = _started.pop(function, None)
        if old is not None:
            old.cancel()
        _started[function] = _clock.every(period, function)


def period(function: Tick) -> float | None:
    """The seconds between calls of *function*; None when it is not called."""
    with _lock:
        timer = _started.get(function)
    return timer.period_s if timer is not None else None


def due_in_s(function: Tick) -> float | None:
    """Seconds until *function* is called next; None when it never is."""
    with _lock:
        timer = _started.get(function)
        return None if timer is None or timer.cancelled else _clock.left_s(timer)


def stop(function: Tick) -> None:
    """No more calls of *function*."""
    with _lock:
        timer = _started.pop(function, None)
    if timer is not None:
        timer.cancel()


def close() -> None:
    """Stop the clock's thread and forget every poll; the next start begins with a fresh clock."""
    global _clock
    with _lock:
        old, _clock = _clock, Clock()
        _started.clear()
    old.close()
