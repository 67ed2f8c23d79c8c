"""The queue of one owner in a pool of threads: its jobs keep their order and never overlap."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Protocol, TypeVar

from .errors import MktlError

#: How often one who waits for its turn looks whether the pool has been closed.
LOOK_S = 0.5

Job = Callable[[], object]
Result = TypeVar("Result")
Task = TypeVar("Task")


class Pool(Protocol):
    """The threads that do a lane's work."""

    _lock: threading.Lock

    def _enqueue(self, lane: Lane) -> None:
        """Have somebody take what waits on *lane*; with the lock held."""

    @property
    def is_closed(self) -> bool:
        """True once nothing runs any more, or ever will."""


class Lane:
    """The queue of one owner; made by :meth:`mktl.workers.Workers.lane`."""

    __slots__ = ("_active", "_held", "_jobs", "_parked", "_workers", "thread")

    def __init__(self, workers: Pool) -> None:
        self._workers = workers
        self._jobs: deque[Job] = deque()
        self._active = False
        self._held = False
        self._parked = False
        #: What identifies the thread that does this lane's work, while it does.
        self.thread: int | None = None

    def submit(self, job: Job) -> None:
        """Run *job* on some thread of the pool, after everything submitted to this lane before."""
        workers = self._workers
        with workers._lock:
            self._jobs.append(job)
            if not self._active:
                self._active = True
                workers._enqueue(self)

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
        return self.thread == threading.get_ident()

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
