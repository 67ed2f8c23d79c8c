"""What waits for a line, in the order in which it gets it."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
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

    __slots__ = ("future", "key", "lane", "priority", "run", "taken", "then")

    def __init__(
        self, lane: Jobs, run: Work, priority: Priority, key: Hashable = None, then: Then | None = None
    ) -> None:
        #: Whose it is.
        self.lane = lane
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


class Queue:
    """What waits for one line: by priority, fair between the devices on it, and in the order it came.

    Each device has a lane, a :class:`Jobs`. Within a priority the lanes take turns, so that a device that is
    asked much does not keep the others from being asked.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._changed = threading.Condition(self.lock)
        self._lanes: tuple[OrderedDict[Jobs, deque[Job]], ...] = tuple(OrderedDict() for _ in Priority)
        self._is_closed = False
        self.count = 0
        #: Called with each new job, for who cannot :meth:`wait` because he listens elsewhere.
        self.on_new: Callable[[], object] | None = None

    def add(self, job: Job) -> None:
        """Put *job* last of its lane; with the lock held."""
        self._place(job)
        self.count += 1
        self._changed.notify()
        if self.on_new is not None:
            self.on_new()

    def promote(self, job: Job, priority: Priority) -> None:
        """Let *job* go as one of a higher priority; with the lock held."""
        job.priority = priority
        self._place(job)

    def _place(self, job: Job) -> None:
        self._lanes[job.priority].setdefault(job.lane, deque()).append(job)

    def wait(self) -> bool:
        """Sleep until a job waits; False when there will be none any more."""
        with self.lock:
            while not self.count and not self._is_closed:
                self._changed.wait()
            return not self._is_closed

    def take(self) -> Job | None:
        """The next job, or None."""
        with self.lock:
            for priority, lanes in enumerate(self._lanes):
                for lane, queue in lanes.items():
                    job = _first(queue, priority)
                    if job is not None:
                        lanes.move_to_end(lane)
                        job.taken = True
                        self.count -= 1
                        return job
        return None

    def drop(self, lane: Jobs) -> list[Job]:
        """Take out everything of *lane* that waits; with the lock held."""
        waiting = []
        for lanes in self._lanes:
            for job in lanes.pop(lane, ()):
                if not job.taken:
                    job.taken = True
                    waiting.append(job)
        self.count -= len(waiting)
        return waiting

    def close(self) -> None:
        """Let :meth:`wait` return, for ever."""
        with self.lock:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        """True once nothing will be taken any more."""
        return self._is_closed


def _first(queue: deque[Job], priority: int) -> Job | None:
    while queue:
        job = queue.popleft()
        if not job.taken and job.priority == priority:  # else it was moved to a better place
            return job
    return None


class Jobs:
    """The lane of one device. Whoever asks for work that waits or runs already joins it.

    Any thread may ask; the line's thread takes.

    Args:
        queue: Of the line; one of its own when left out.
    """

    def __init__(self, queue: Queue | None = None) -> None:
        self.queue = queue or Queue()
        self._lock = self.queue.lock
        self._known: dict[Hashable, Job] = {}
        self._refusal: str | None = None

    # -- asking, from any thread

    def submit(
        self, run: Work, priority: Priority, key: Hashable = None, then: Then | None = None
    ) -> Future[Any]:
        """Queue *run*, or join the work of the same *key*, which is done no later than *priority* says.

        Raises:
            LinkDownError: The device is not there: nothing was or will be sent.
        """
        with self._lock:
            if self._refusal is not None:
                raise LinkDownError(self._refusal)
            job = self._known.get(key) if key is not None else None
            if job is None:
                job = self._add(Job(self, run, priority, key, then))
            elif not job.taken and priority < job.priority:
                self.queue.promote(job, priority)
            return job.awaited()

    def offer(
        self, run: Work, key: Hashable, then: Then | None = None, *, although_refused: bool = False
    ) -> bool:
        """Queue *run* as a poll unless it waits or runs already, or the device is not there."""
        with self._lock:
            refused = self._refusal is not None and not although_refused
            if refused or self.queue.is_closed or key in self._known:
                return False
            self._add(Job(self, run, Priority.POLL, key, then))
            return True

    def _add(self, job: Job) -> Job:
        if job.key is not None:
            self._known[job.key] = job
        self.queue.add(job)
        return job

    # -- taking, by the line's thread

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
            if not self.queue.is_closed:
                self._refusal = None

    def refuse(self, text: str) -> None:
        """Fail every job that waits, and every one to come, with LinkDownError(*text*)."""
        with self._lock:
            self._refusal = text
            waiting = self.queue.drop(self)
        for job in waiting:
            self.finish(job, error=LinkDownError(text))

    def close(self, text: str) -> None:
        """Refuse for ever, and let who waits for jobs on this line go."""
        self.queue.close()
        self.refuse(text)

    def wait(self) -> bool:
        """Sleep until a job waits on the line; False when there will be none any more."""
        return self.queue.wait()

    def take(self) -> Job | None:
        """The next job of the line, whosever it is; ``job.lane.finish`` ends it."""
        return self.queue.take()

    def __len__(self) -> int:
        return self.queue.count
