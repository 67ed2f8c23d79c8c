"""The queue of one link: what waits for the line, in the order in which it gets it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from enum import IntEnum
from typing import Any

from mktl.errors import LinkDownError

Work = Callable[[], Any]
Then = Callable[[Any], object]


class Priority(IntEnum):
    """Who goes first: somebody waits for a set and for a refresh, nobody for a poll."""

    SET = 0
    REFRESH = 1
    POLL = 2


class Job:
    """One piece of work that has the line to itself while it runs."""

    __slots__ = ("future", "key", "priority", "run", "taken", "then")

    def __init__(self, run: Work, priority: Priority, key: Hashable = None, then: Then | None = None) -> None:
        self.run = run
        #: What is to be done with what *run* returned; it needs the line no more.
        self.then = then
        self.priority = priority
        #: Work of the same key is the same work; None is like nothing else.
        self.key = key
        self.future: Future[Any] | None = None
        self.taken = False

    def awaited(self) -> Future[Any]:
        """The future of somebody who waits; the same for all of them."""
        if self.future is None:
            self.future = Future()
        return self.future


class Jobs:
    """Jobs by priority, and in the order they came within one.

    Whoever asks for work that waits or runs already joins it. Any thread may ask; the link's thread takes.
    """

    def __init__(self) -> None:
        #: Called with each new job, for who cannot :meth:`wait` because he listens elsewhere.
        self.on_new: Callable[[], object] | None = None
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._queues: tuple[deque[Job], ...] = tuple(deque() for _ in Priority)
        self._known: dict[Hashable, Job] = {}
        self._count = 0
        self._refusal: str | None = None
        self._closed = False

    # -- asking, from any thread

    def submit(
        self, run: Work, priority: Priority, key: Hashable = None, then: Then | None = None
    ) -> Future[Any]:
        """Queue *run*, or join the work of the same *key*, which is done no later than *priority* says.

        Raises:
            LinkDownError: The link is not open: nothing was or will be sent.
        """
        with self._lock:
            if self._refusal is not None:
                raise LinkDownError(self._refusal)
            job = self._known.get(key) if key is not None else None
            if job is None:
                job = self._add(Job(run, priority, key, then))
            elif not job.taken and priority < job.priority:
                job.priority = priority
                self._queues[priority].append(job)
            return job.awaited()

    def offer(self, run: Work, key: Hashable, then: Then | None = None) -> bool:
        """Queue *run* as a poll unless it waits or runs already, or the link is not open."""
        with self._lock:
            if self._refusal is not None or key in self._known:
                return False
            self._add(Job(run, Priority.POLL, key, then))
            return True

    def _add(self, job: Job) -> Job:
        self._queues[job.priority].append(job)
        self._count += 1
        if job.key is not None:
            self._known[job.key] = job
        self._changed.notify()
        if self.on_new is not None:
            self.on_new()
        return job

    # -- taking, by the link's thread

    def wait(self) -> bool:
        """Sleep until a job waits; False when there will be none any more."""
        with self._lock:
            while not self._count and not self._closed:
                self._changed.wait()
            return not self._closed

    def take(self) -> Job | None:
        """The next job, or None; :meth:`finish` ends it."""
        with self._lock:
            for priority, queue in enumerate(self._queues):
                while queue:
                    job = queue.popleft()
                    if job.taken or job.priority != priority:
                        continue  # it was moved to a better place
                    job.taken = True
                    self._count -= 1
                    return job
        return None

    def leave(self, job: Job) -> None:
        """Nobody can join *job* any more."""
        with self._lock:
            if job.key is not None and self._known.get(job.key) is job:
                del self._known[job.key]

    def finish(self, job: Job, result: Any = None, error: BaseException | None = None) -> None:
        """Whoever joined *job* gets *result* or *error*; nobody can join it any more."""
        self.leave(job)
        future = job.future
        if future is None:
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)

    # -- opening and closing

    def accept(self) -> None:
        """Take jobs from now on."""
        with self._lock:
            if not self._closed:
                self._refusal = None

    def refuse(self, text: str) -> None:
        """Fail every job that waits, and every one to come, with LinkDownError(*text*)."""
        with self._lock:
            self._refusal = text
            waiting = self._drop_all()
        for job in waiting:
            self.finish(job, error=LinkDownError(text))

    def _drop_all(self) -> list[Job]:
        waiting = []
        for queue in self._queues:
            for job in queue:
                if not job.taken:
                    job.taken = True
                    waiting.append(job)
            queue.clear()
        self._count = 0
        return waiting

    def close(self, text: str) -> None:
        """Refuse for ever, and let :meth:`wait` return."""
        with self._lock:
            self._closed = True
            self._changed.notify_all()
        self.refuse(text)

    def __len__(self) -> int:
        return self._count
