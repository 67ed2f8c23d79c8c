"""Callbacks of one item: in order, off the thread that receives, bound methods held weakly."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..lane import Lane
from ..weakref import ref
from .reading import Reading

if TYPE_CHECKING:
    from .item import Item

log = logging.getLogger(__name__)

Callback = Callable[..., object]
Reference = Callable[[], Callback | None]

#: Updates that wait for callbacks that do not keep up; beyond it the oldest are dropped and counted.
MOST_WAITING = 10_000
#: The same for arrays, each of which may have megabytes.
MOST_ARRAYS_WAITING = 64
#: So many are called in one go, before others have their turn.
MOST_AT_ONCE = 100
#: What a call that takes longer than this keeps waiting is passed over, but for the newest.
BLOCKED_S = 1.0


class Callbacks:
    """Who is called with each new value of *item*, on *lane*."""

    def __init__(self, item: Item, lane: Callable[[], Lane], most_waiting: int = MOST_WAITING) -> None:
        self._item = item
        self._make_lane = lane
        self._lane: Lane | None = None
        self._lock = threading.Lock()
        self._references: tuple[Reference, ...] = ()
        self._most_waiting = most_waiting
        self._waiting: deque[Reading] = deque(maxlen=most_waiting)
        self._scheduled = False
        #: When the call under way began, monotonic; None between calls.
        self._began_s: float | None = None
        self._has_complained = False
        #: Updates that no callback saw because it was too slow.
        self.dropped = 0

    def add(self, callback: Callback) -> None:
        """Call *callback* with ``(item, value, time)`` from now on.

        Raises:
            TypeError: It cannot be called.
        """
        if not callable(callback):
            raise TypeError(f"{self._item.full_key}: {callback!r} cannot be called back")
        callback = _poll_of(callback) or callback
        reference: Reference
        if hasattr(callback, "__self__") and hasattr(callback, "__func__"):
            reference = ref(callback)
        else:
            strong = callback
            reference = lambda: strong  # noqa: E731
        self._add(reference)

    def take_over(self, other: Callbacks) -> None:
        """Call everybody whom *other* calls: its item gives way to this one."""
        for reference in other._references:
            self._add(reference)

    def _add(self, reference: Callable[[], Callback | None]) -> None:
        with self._lock:
            self._references = (*self._references, reference)
            if self._lane is None:
                self._lane = self._make_lane()

    def __bool__(self) -> bool:
        return bool(self._references)

    def notify(self, reading: Reading) -> None:
        """Queue a call of everybody with *reading*; returns at once."""
        lane, waiting = self._lane, self._waiting
        if lane is None:
            return
        if self._began_s is not None or len(waiting) == self._most_waiting:
            self._make_room()
        waiting.append(reading)
        # Whoever calls back clears the flag first, and then looks again; at the worst that is once too often.
        if not self._scheduled:
            self._scheduled = True
            lane.submit(self._run)

    def _make_room(self) -> None:
        with self._lock:
            began_s = self._began_s
            if len(self._waiting) == self._most_waiting:
                self.dropped += 1
            elif began_s is not None and time.monotonic() - began_s > BLOCKED_S:
                self._pass_over()

    def settle(self, timeout_s: float) -> None:
        """Wait until everybody has been called with what is known by now, *timeout_s* seconds at the most.

        Returns at once where nothing is under way, and to a callback: that would wait for itself.
        """
        lane = self._lane
        if lane is None or not self._scheduled or lane.is_here():
            return
        settled = threading.Event()
        lane.submit(settled.set)
        settled.wait(timeout_s)

    def _run(self) -> None:
        waiting, lane = self._waiting, self._lane
        assert lane is not None
        for _ in range(MOST_AT_ONCE):
            try:
                reading = waiting.popleft()
            except IndexError:
                self._scheduled = False
                if not waiting:
                    return
                self._scheduled = True
                break
            self._call_all(reading)
        lane.submit(self._run)

    def _note_blocked(self, took_s: float) -> None:
        """Go on with the newest update: what it was a while ago is of no use to who is so late."""
        with self._lock:
            newest = self._waiting.pop() if self._waiting else None
            self._pass_over()
            if newest is not None:
                self._waiting.append(newest)
        if not self._has_complained:
            text = "%s: a callback took %.1f s; what came meanwhile was passed over, but for the newest"
            log.warning(text, self._item.full_key, took_s)
        self._has_complained = True

    def _pass_over(self) -> None:
        """Forget what waits; with the lock held."""
        self.dropped += len(self._waiting)
        self._waiting.clear()

    def _call_all(self, reading: Reading) -> None:
        self._began_s = began_s = time.monotonic()
        for reference in self._references:
            callback = reference()
            if callback is None:
                self._drop(reference)
                continue
            try:
                callback(self._item, reading.value, reading.time)
            except Exception:
                self._complain_of(callback)
        self._began_s = None
        took_s = time.monotonic() - began_s
        if took_s > BLOCKED_S:
            self._note_blocked(took_s)

    def call(self, callback: Callback, reading: Reading) -> None:
        """One call; an error in it is logged and harms nobody else."""
        try:
            callback(self._item, reading.value, reading.time)
        except Exception:
            self._complain_of(callback)

    def _complain_of(self, callback: Callback) -> None:
        log.exception("%s: callback %r raised", self._item.full_key, callback)

    def _drop(self, reference: Callable[[], Callback | None]) -> None:
        with self._lock:
            self._references = tuple(other for other in self._references if other is not reference)


def _poll_of(callback: Any) -> Callback | None:
    """What to call when ``other.req_poll`` was registered, by either name: a poll of it in its own order."""
    if getattr(callback, "__name__", "") in ("req_poll", "perform_poll") and hasattr(callback, "__self__"):
        poll: Callback | None = getattr(callback.__self__, "_poll_soon", None)
        return poll
    return None
