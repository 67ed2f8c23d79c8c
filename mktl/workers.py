"""A bounded pool of threads in which the work of one owner stays in order.

Each owner (an item, mostly) has a :class:`Lane`. Calls on one lane never overlap and keep their order;
a lane that hangs holds one thread, not the pool.

Work that comes from one place (a socket, a clock) is best done by the thread that waits there: to hand it to
another costs more than most jobs. Such a pool has a :class:`Source`; one thread at a time attends to it and
then does what has come, and when that takes long another one attends meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from functools import partial
from typing import Protocol

from . import poll
from .lane import Job, Lane
from .threadstate import is_at_work

log = logging.getLogger(__name__)

#: Threads at the most: this many lanes may hang at once before others have to wait.
MOST_THREADS = 256
#: More threads are put to work when work waits and none has been taken for this long. Python runs one
#: thread at a time, so that short jobs are done soonest by one; more are for jobs that wait for something.
PATIENCE_S = 0.01
#: The same where nothing waits yet, but nobody attends to the source.
LONER_PATIENCE_S = 0.05
#: It is looked for so long after anything was taken: to begin anew costs more than a few looks.
LINGER_S = 0.1
#: A thread that is at work, or would be if the machine let it, must not be taken for one that hangs. What
#: has used so much processor time has been at work for long enough.
LONG_WORK_S = 0.05
#: From this many threads on nobody looks at each: more are put to work while the process has used less than
#: this part of its time, or after a longer while; a busy interpreter passes the turn every 5 ms only.
SEVERAL, IDLE_SHARE, LONG_PATIENCE_S = 4, 0.5, 0.1
#: A thread with nothing to do ends after this long, and so do those that were more than were ever needed at
#: once in such a time: work goes round, so that with a little of it all of them would seem to have some.
IDLE_S = 5.0

#: Jobs are done for so long at least, and for as long as it took to attend, before somebody attends again.
SLICE_S = 0.005


class Source(Protocol):
    """Where the work of a pool comes from."""

    def attend(self, busy: bool) -> None:
        """Wait until something comes, with *busy* not at all, and submit what is to be done about it."""

    def interrupt(self) -> None:
        """Have :meth:`attend` return at once if it waits; from any thread."""


class Workers:
    """The pool; threads start with the first work and end when idle or at :meth:`close`.

    Args:
        name: What its threads are called.
        most_threads: How many there may be.
        source: Where its work comes from, if from one place; from :meth:`begin` on.
    """

    def __init__(self, name: str, most_threads: int = MOST_THREADS, source: Source | None = None) -> None:
        self._name = name
        self._most = most_threads
        self._source = source
        #: The lane of who attends to the source; the thread that does, and when it is time to, at the latest.
        self._post = Lane(self)
        self._is_unattended = source is not None
        self._attend_due_s = 0.0
        self._attend_began_s = 0.0
        self._lock = threading.Lock()
        self._ready = threading.Condition(self._lock)
        self._left_post = threading.Condition(self._lock)
        self._lanes: deque[Lane] = deque()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        #: The fewest idle ones since the last count, until when that counts, and how many are to end by it.
        self._least_idle = 0
        self._count_until_s = time.monotonic() + IDLE_S
        self._surplus = 0
        self._wakes = 0
        self._started = 0
        #: When a job was taken last, monotonic.
        self._taken_s = 0.0
        self._watch: poll.Timer | None = None
        self._closed = False

    def lane(self) -> Lane:
        """A new lane of this pool."""
        return Lane(self)

    def begin(self) -> None:
        """Attend to the source, from now on."""
        with self._lock:
            if not self._threads:
                self._spawn()

    @property
    def attends(self) -> bool:
        """True on the thread that attends to the source, while it does."""
        return self._post.is_here()

    def lend(self) -> None:
        """Called by who is about to wait for something that comes from the source, maybe in a job."""
        with self._lock:
            if self._is_unattended:
                self._employ(1)

    # The methods below are called with the lock held.

    def _enqueue(self, lane: Lane) -> None:
        """Have somebody take what waits on *lane*."""
        self._lanes.append(lane)
        attends = self._post.thread
        if attends is not None and self._source is not None:
            if attends != threading.get_ident():  # else it does that next anyway
                self._source.interrupt()
        elif len(self._threads) == self._idle:
            self._employ(1)
        elif self._watch is None:
            self._watch_progress(1, PATIENCE_S)

    def _employ(self, count: int) -> None:
        """Wake *count* threads, or start them."""
        woken = min(count, self._idle)
        self._ready.notify(woken)
        # A woken thread counts as busy from here on, not only once it runs.
        self._idle -= woken
        self._least_idle = min(self._least_idle, self._idle)
        self._wakes += woken
        for _ in range(min(count - woken, self._most - len(self._threads))):
            self._spawn()

    def _watch_progress(self, more: int, delay_s: float) -> None:
        """Look again after *delay_s*, and put *more* threads to work if nothing is taken any more."""
        begun = time.monotonic(), time.process_time()
        self._watch = poll.clock().once(delay_s, lambda: self._relieve(more, *begun))

    def _spawn(self) -> None:
        if self._closed:
            return
        self._started += 1
        thread = threading.Thread(target=self._run, name=f"{self._name}-{self._started}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _relieve(self, more: int, begun_s: float, used_before_s: float) -> None:
        with self._lock:
            self._watch = None
            if self._closed:
                return
            now_s = time.monotonic()
            patience_s = PATIENCE_S if self._lanes else LONER_PATIENCE_S
            left_s = self._taken_s + patience_s - now_s
            waits = self._post.thread is None and (bool(self._lanes) or self._is_unattended)
            if not waits or left_s > 0:
                if now_s - self._taken_s < LINGER_S and self._may_employ():
                    self._watch_progress(1, left_s if left_s > 0 else patience_s)
                return
            if not self._hangs(now_s - begun_s, time.process_time() - used_before_s):
                again = partial(self._relieve, more, begun_s, used_before_s)
                self._watch = poll.clock().once(PATIENCE_S, again)
                return
            self._employ(more if self._lanes else 1)
            if self._may_employ():
                self._watch_progress(2 * more, PATIENCE_S)

    def _hangs(self, elapsed_s: float, used_s: float) -> bool:
        """True when what is under way waits for something, or is at work for too long."""
        if len(self._threads) < SEVERAL:
            return used_s > LONG_WORK_S or not any(is_at_work(thread.native_id) for thread in self._threads)
        return used_s < IDLE_SHARE * elapsed_s or elapsed_s > LONG_PATIENCE_S

    def _may_employ(self) -> bool:
        return bool(self._idle) or len(self._threads) < self._most

    def _run(self) -> None:
        lane: Lane | None = None
        here = threading.get_ident()
        while True:
            with self._lock:
                now_s = time.monotonic()
                if lane is not None:
                    self._put_back(lane, now_s)
                job, lane = self._take(now_s)
                if lane is None:
                    self._threads.discard(threading.current_thread())
                    return
                lane.thread = here
            try:
                job()
            except Exception:
                log.exception("%s: a job raised", self._name)
            lane.thread = None
            job = _nothing  # so that an idle thread keeps nothing alive

    def _put_back(self, lane: Lane, now_s: float) -> None:
        if lane is self._post:
            self._is_unattended = not self._closed
            self._attend_due_s = now_s + max(SLICE_S, now_s - self._attend_began_s)
            if self._closed:
                self._left_post.notify_all()
        elif lane._held:
            lane._parked = True
        elif lane._jobs:
            self._lanes.append(lane)
        else:
            lane._active = False

    def _take(self, now_s: float) -> tuple[Job, Lane | None]:
        while True:
            if self._is_unattended and (not self._lanes or now_s >= self._attend_due_s):
                self._is_unattended = False
                self._taken_s = self._attend_began_s = now_s
                return self._attend, self._post
            while self._lanes:
                lane = self._lanes.popleft()
                if lane._jobs:
                    self._taken_s = now_s
                    if self._is_unattended and self._watch is None:
                        self._watch_progress(1, LONER_PATIENCE_S)
                    return lane._jobs.popleft(), lane
                lane._active = False
            if self._is_unattended:
                continue
            if self._closed or self._is_surplus():
                return _nothing, None
            self._idle += 1
            woken = self._ready.wait(IDLE_S)
            now_s = time.monotonic()
            if self._wakes:  # who wakes a thread has taken it off the idle ones
                self._wakes -= 1
            else:
                self._idle -= 1
            if not woken and not self._lanes:
                return _nothing, None

    def _is_surplus(self) -> bool:
        """True when the thread that has just nothing to do is one too many."""
        now_s = time.monotonic()
        if now_s >= self._count_until_s:
            self._surplus, self._least_idle = self._least_idle, self._idle
            self._count_until_s = now_s + IDLE_S
        if self._surplus == 0:
            return False
        self._surplus -= 1
        return True

    # Without the lock again.

    def _attend(self) -> None:
        assert self._source is not None
        self._source.attend(bool(self._lanes))

    @property
    def is_closed(self) -> bool:
        """True once nothing runs any more, or ever will."""
        return self._closed and not self._threads

    def close(self, timeout_s: float = 1.0) -> bool:
        """Finish what is queued, for *timeout_s* seconds at the most; False when a job still hangs."""
        with self._lock:
            self._closed, self._is_unattended = True, False
            if self._watch is not None:
                self._watch.cancel()
            self._employ(self._idle)
            while self._source is not None and self._post.thread is not None and not self.attends:
                self._source.interrupt()
                self._left_post.wait()
            threads = [thread for thread in self._threads if thread is not threading.current_thread()]
        deadline_s = time.monotonic() + timeout_s
        for thread in threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        hanging = [thread for thread in threads if thread.is_alive()]
        with self._lock:
            self._lanes.clear()
            self._threads.clear()
        if hanging:
            log.warning("%s: %d threads are still in a hook that does not return", self._name, len(hanging))
        return not hanging


def _nothing() -> None:
    pass
