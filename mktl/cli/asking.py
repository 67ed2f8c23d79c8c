"""Many requests at once, each with its own deadline, and none that can hold up the others."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

#: Requests under way at once: more than a person names, fewer than a big store has.
MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of one request: a *result*, or the *error* in its place."""

    name: str
    result: T | None = None
    error: Exception | None = None
    #: True when the request was given up and may still be under way.
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """One request: *ask* blocks until it is answered; *expired* is raised in its place when given up."""

    name: str
    ask: Callable[[], T]
    expired: Callable[[float], Exception]


def ask_all(
    jobs: Sequence[Job[T]], *, serial: bool = False, timeout_s: float | None = None
) -> list[Outcome[T]]:
    """Do every one of *jobs*, together or one after the other; outcomes come in the order of the jobs.

    Args:
        jobs: What to do; an exception of one is its outcome and stops no other.
        serial: Start each only when the one before it is done.
        timeout_s: How long each may take from its own start; None leaves that to whoever answers.
    """
    return _Crew(jobs, 1 if serial else MOST_AT_ONCE, timeout_s).work()


class _Crew(Generic[T]):
    """Threads that take jobs off a list.

    The threads are daemonic and the main thread only waits on a queue: Ctrl-C is acted on at once,
    and a thread that hangs in a request is left behind with its outcome already told.
    """

    def __init__(self, jobs: Sequence[Job[T]], most_at_once: int, timeout_s: float | None) -> None:
        self._jobs = jobs
        self._most_at_once = most_at_once
        self._timeout_s = timeout_s
        self._todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        #: (index, None) when a job starts, (index, outcome) when it ends.
        self._news: queue.SimpleQueue[tuple[int, Outcome[T] | None]] = queue.SimpleQueue()
        #: When each job under way is given up; monotonic.
        self._due_s: dict[int, float] = {}

    def work(self) -> list[Outcome[T]]:
        for index in range(len(self._jobs)):
            self._todo.put(index)
        for _ in range(min(self._most_at_once, len(self._jobs))):
            self._hire()
        outcomes: dict[int, Outcome[T]] = {}
        while len(outcomes) < len(self._jobs):
            for index, outcome in self._next():
                outcomes.setdefault(index, outcome)
        return [outcomes[index] for index in range(len(self._jobs))]

    def _hire(self) -> None:
        threading.Thread(target=self._run, name="mark-ask", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                index = self._todo.get_nowait()
            except queue.Empty:
                return
            self._news.put((index, None))
            self._news.put((index, _outcome_of(self._jobs[index])))

    def _next(self) -> list[tuple[int, Outcome[T]]]:
        """Wait for news; what has been done or has expired since."""
        try:
            index, outcome = self._news.get(timeout=self._patience_s())
        except queue.Empty:
            return self._expire(time.monotonic())
        if outcome is not None:
            self._due_s.pop(index, None)
            return [(index, outcome)]
        if self._timeout_s is not None:
            self._due_s[index] = time.monotonic() + self._timeout_s
        return []

    def _patience_s(self) -> float | None:
        if not self._due_s:
            return None
        return max(0.0, min(self._due_s.values()) - time.monotonic())

    def _expire(self, now_s: float) -> list[tuple[int, Outcome[T]]]:
        late = [index for index, due_s in self._due_s.items() if due_s <= now_s]
        for index in late:
            del self._due_s[index]
            self._hire()  # its thread is stuck with it
        timeout_s = self._timeout_s or 0.0
        return [
            (index, Outcome(job.name, error=job.expired(timeout_s), expired=True))
            for index in late
            for job in (self._jobs[index],)
        ]


def _outcome_of(job: Job[T]) -> Outcome[T]:
    try:
        return Outcome(job.name, job.ask())
    except Exception as error:
        return Outcome(job.name, error=error)
