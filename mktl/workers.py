"""A bounded pool of threads in which the work of one owner stays in order.

Each owner (an item, mostly) has a :class:`Lane`. Calls on one lane never overlap and keep their order;
a lane that hangs holds one thread, not the pool.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import TypeVar

from . import poll
from .errors import MktlError

log = logging.getLogger(__name__)

#: Threads at the most: this many lanes may hang at once before others have to wait.
MOST_THREADS = 256
#: More threads are put to work when work waits and none has been taken for this long. Python runs one
#: thread at a time, so that short jobs are done soonest by one; more are for jobs that wait for something.
PATIENCE_S = 0.01
#: From this many threads on more are put to work only while the process has used less than this part of its
#: time, or after a longer while: a busy interpreter passes the turn every 5 ms only, and a thread that waits
#: for its turn must not be taken for one that hangs.
SEVERAL, IDLE_SHARE, LONG_PATIENCE_S = 4, 0.5, 0.1
#: A thread with nothing to do ends after this long, and so do those that were more than were ever needed at
#: once in such a time: work goes round, so that with a little of it all of them would seem to have some.
IDLE_S = 5.0

#: How often one who waits for its turn looks whether the pool has been closed.
LOOK_S = 0.5

Job = Callable[[], object]
Result = TypeVar("Result")
Task = TypeVar("Task")


class Lane:
    """The queue of one owner; made by :meth:`Workers.lane`."""

    __slots__ = ("_active", "_held", "_jobs", "_parked", "_thread", "_workers")

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._jobs: deque[Job] = deque()
        self._active = False
        self._held = False
        self._parked = False
        self._thread: threading.Thread | None = None

    def submit(self, job: Job) -> None:
        """Run *job* on some thread of the pool, after everything submitted to this lane before."""
        with self._workers._lock:
            self._jobs.append(job)
            if self._active:
                return
            self._active = True
            self._workers._enqueue(self)

    def call(self, function: Callable[[], Result]) -> Result:
        """Run *function* in its turn and wait for what it returns or raises.

        From a job of this very lane it runs at once: waiting for its own turn would never end.
        """
        if self.is_here():
            return function()
        future: Future[Result] = Future()

        def job() -> None:
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)

        self.submit(job)
        return self.result_of(future)

    def result_of(self, future: Future[Result]) -> Result:
        """What *future* has once it is done; whoever is to complete it belongs to this lane's owner.

        Raises:
            MktlError: The pool was closed before.
        """
        while True:
            done, _ = wait((future,), LOOK_S)
            if done:
                return future.result()
            if self._workers.is_closed:
                raise MktlError("not carried out: the daemon is stopping")

    def hold(self) -> None:
        """From a job of this lane: begin nothing more until :meth:`release`. No thread waits for that."""
        self._held = True

    def release(self, first: Job) -> None:
        """Go on, with *first* before everything that waits; from any thread."""
        workers = self._workers
        with workers._lock:
            self._jobs.appendleft(first)
            self._held = False
            if self._parked:
                self._parked = False
                workers._enqueue(self)

    def is_here(self) -> bool:
        """True on the thread that does this lane's work, while it does."""
        return self._thread is threading.current_thread()

    def clear(self) -> None:
        """Drop what has not begun."""
        with self._workers._lock:
            self._jobs.clear()

    def take_out(self, kind: type[Task]) -> list[Task]:
        """The jobs of this class that have not begun; they never will."""
        with self._workers._lock:
            taken = [job for job in self._jobs if isinstance(job, kind)]
            self._jobs = deque(job for job in self._jobs if not isinstance(job, kind))
        return taken

    def __len__(self) -> int:
        """How many jobs wait, without the one that runs."""
        return len(self._jobs)


class Workers:
    """The pool; threads start with the first work and end when idle or at :meth:`close`."""

    def __init__(self, name: str, most_threads: int = MOST_THREADS) -> None:
        self._name = name
        self._most = most_threads
        self._lock = threading.Lock()
        self._ready = threading.Condition(self._lock)
        self._lanes: deque[Lane] = deque()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        #: The fewest idle ones since the last count, until when that counts, and how many are to end by it.
        self._least_idle = 0
        self._count_until_s = time.monotonic() + IDLE_S
        self._surplus = 0
        self._wakes = 0
        self._started = 0
        self._taken = 0
        self._taken_before = 0
        self._watch: poll.Timer | None = None
        self._closed = False
        self._corked = False

    def lane(self) -> Lane:
        """A new lane of this pool."""
        return Lane(self)

    @contextmanager
    def corked(self) -> Iterator[None]:
        """Wake nobody for what is submitted in the block until its end: one wake for all of it.

        For a thread that hands out many jobs at a time; each thread that woke meanwhile would take its turn
        from it, for one job.
        """
        self._corked = True
        try:
            yield
        finally:
            self._corked = False
            if self._lanes:
                with self._lock:
                    self._see_to_it()

    # The methods below are called with the lock held.

    def _enqueue(self, lane: Lane) -> None:
        self._lanes.append(lane)
        if not self._corked:
            self._see_to_it()

    def _see_to_it(self) -> None:
        """Have somebody take what waits."""
        if len(self._threads) == self._idle:
            self._employ(1)
        elif self._watch is None:
            self._watch_progress(1)

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

    def _watch_progress(self, more: int, fresh: int = 0) -> None:
        """Look again soon, and put *more* threads to work if nothing has been taken by then.

        What *fresh* threads take first, one job each, does not count.
        """
        self._taken_before = self._taken + fresh
        begun = time.monotonic(), time.process_time()
        self._watch = poll.clock().once(PATIENCE_S, lambda: self._relieve(more, *begun))

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
            if self._closed or not self._lanes:
                return
            if self._taken > self._taken_before:
                if self._may_employ():
                    self._watch_progress(1)
                return
            elapsed_s = time.monotonic() - begun_s
            is_idle = time.process_time() - used_before_s < IDLE_SHARE * elapsed_s
            if not (is_idle or elapsed_s > LONG_PATIENCE_S or len(self._threads) < SEVERAL):
                self._watch = poll.clock().once(
                    PATIENCE_S, lambda: self._relieve(more, begun_s, used_before_s)
                )
                return
            self._employ(more)
            if self._may_employ():
                self._watch_progress(2 * more, fresh=more)

    def _may_employ(self) -> bool:
        return bool(self._idle) or len(self._threads) < self._most

    def _run(self) -> None:
        lane: Lane | None = None
        while True:
            with self._lock:
                if lane is not None:
                    self._put_back(lane)
                job, lane = self._take()
                if lane is None:
                    self._threads.discard(threading.current_thread())
                    return
            lane._thread = threading.current_thread()
            try:
                job()
            except Exception:
                log.exception("%s: a job raised", self._name)
            lane._thread = None
            job = _nothing  # so that an idle thread keeps nothing alive

    def _put_back(self, lane: Lane) -> None:
        if lane._held:
            lane._parked = True
        elif lane._jobs:
            self._lanes.append(lane)
        else:
            lane._active = False

    def _take(self) -> tuple[Job, Lane | None]:
        while True:
            while self._lanes:
                lane = self._lanes.popleft()
                if lane._jobs:
                    self._taken += 1
                    return lane._jobs.popleft(), lane
                lane._active = False
            if self._closed or self._is_surplus():
                return _nothing, None
            self._idle += 1
            woken = self._ready.wait(IDLE_S)
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

    @property
    def is_closed(self) -> bool:
        """True once nothing runs any more, or ever will."""
        return self._closed and not self._threads

    def close(self, timeout_s: float = 1.0) -> bool:
        """Finish what is queued, for *timeout_s* seconds at the most; False when a job still hangs."""
        with self._lock:
            self._closed = True
            if self._watch is not None:
                self._watch.cancel()
            self._employ(self._idle)
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
