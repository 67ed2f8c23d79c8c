"""A pool whose work comes from one place: who waits there does what comes."""

from __future__ import annotations

import queue
import threading

import pytest

from mktl.workers import Workers
from tests.conftest import wait_for


class Inbox:
    """A source that waits for jobs in a queue; what comes is done on a lane of its own each."""

    def __init__(self) -> None:
        self.workers = Workers("inbox", most_threads=8, source=self)
        self.attended_by: list[int] = []
        self._came: queue.Queue[object] = queue.Queue()

    def put(self, *jobs: object) -> None:
        """Jobs that come at one moment."""
        self._came.put(jobs)

    def attend(self, busy: bool) -> None:
        self.attended_by.append(threading.get_ident())
        try:
            jobs = self._came.get(block=not busy)
        except queue.Empty:
            return
        for job in jobs or ():
            self.workers.lane().submit(job)

    def interrupt(self) -> None:
        self._came.put(())


@pytest.fixture
def inbox():
    inbox = Inbox()
    yield inbox
    inbox.workers.close()


def threads_of(*inboxes: Inbox) -> int:
    return sum(len(inbox.workers._threads) for inbox in inboxes)


def test_what_comes_is_done_by_the_thread_that_waits_for_it(inbox) -> None:
    ran: list[int] = []
    inbox.workers.begin()
    for _ in range(50):
        inbox.put(lambda: ran.append(threading.get_ident()))
    wait_for(lambda: len(ran) == 50)
    assert set(ran) == set(inbox.attended_by)
    assert threads_of(inbox) == 1


def test_while_a_job_hangs_another_thread_waits_and_works(inbox) -> None:
    release, done = threading.Event(), threading.Event()
    inbox.workers.begin()
    inbox.put(release.wait)
    inbox.put(done.set)
    assert done.wait(5)
    release.set()


def test_jobs_that_come_with_one_that_hangs_are_done(inbox) -> None:
    release, done = threading.Event(), [threading.Event() for _ in range(20)]
    inbox.workers.begin()
    inbox.put(release.wait, *(one.set for one in done))
    assert all(one.wait(5) for one in done)
    release.set()


def test_two_that_wait_for_each_other_do_so_on_two_threads(inbox) -> None:
    meet = threading.Barrier(2)
    inbox.workers.begin()
    inbox.put(lambda: meet.wait(5), lambda: meet.wait(5))
    wait_for(lambda: meet.n_waiting == 0 and threads_of(inbox) == 2)
    assert not meet.broken


def test_who_waits_is_roused_by_what_is_submitted_elsewhere(inbox) -> None:
    inbox.workers.begin()
    wait_for(lambda: inbox.attended_by)
    assert inbox.workers.lane().call(threading.get_ident) == inbox.attended_by[0]


def test_a_job_may_wait_for_what_comes_from_the_source(inbox) -> None:
    came = threading.Event()

    def job() -> None:
        inbox.put(came.set)
        inbox.workers.lend()
        assert came.wait(5)

    inbox.workers.begin()
    inbox.workers.lane().call(job)
    assert came.is_set()


def test_what_is_submitted_before_the_beginning_is_done(inbox) -> None:
    assert inbox.workers.lane().call(lambda: 42) == 42


def test_nobody_attends_after_the_end_although_a_job_hangs() -> None:
    inbox, release = Inbox(), threading.Event()
    inbox.workers.begin()
    inbox.put(release.wait)
    wait_for(lambda: threads_of(inbox) == 2)  # one hangs, one attends
    assert inbox.workers.close(timeout_s=0.05) is False
    attended = len(inbox.attended_by)
    release.set()
    wait_for(lambda: not any(thread.name.startswith("inbox") for thread in threading.enumerate()))
    assert len(inbox.attended_by) == attended


def test_a_source_that_raises_is_attended_to_again(inbox, caplog) -> None:
    attend, done = inbox.attend, threading.Event()
    inbox.attend = lambda busy: (_ for _ in ()).throw(ValueError("once"))
    inbox.workers.begin()
    wait_for(lambda: "ValueError: once" in caplog.text)
    inbox.attend = attend
    inbox.put(done.set)
    assert done.wait(5)


def test_source_and_jobs_have_their_turns_when_there_is_more_than_can_be_done(inbox) -> None:
    lane, turns = inbox.workers.lane(), []
    stop = threading.Event()

    def job() -> None:
        turns.append(len(inbox.attended_by))
        if not stop.is_set():
            lane.submit(job)

    inbox.workers.begin()
    lane.submit(job)
    wait_for(lambda: turns and turns[-1] > turns[0] + 3)
    stop.set()


@pytest.mark.parametrize(("at_work", "threads"), [(True, 1), (False, 2)])
def test_a_thread_that_the_machine_keeps_waiting_is_not_taken_for_one_that_hangs(
    inbox, monkeypatch, at_work, threads
) -> None:
    monkeypatch.setattr("mktl.workers.is_at_work", lambda native_id: at_work)
    looks, hangs = [], Workers._hangs
    monkeypatch.setattr(Workers, "_hangs", lambda *args: looks.append(hangs(*args)) or looks[-1])
    release = threading.Event()
    inbox.workers.begin()
    inbox.put(release.wait)
    wait_for(lambda: len(looks) > 3 if at_work else threads_of(inbox) == threads)
    assert threads_of(inbox) == threads
    release.set()


def test_a_job_that_works_for_long_is_not_alone_for_long(inbox) -> None:
    stop, done = threading.Event(), threading.Event()

    def count() -> None:
        while not stop.is_set():
            pass

    inbox.workers.begin()
    inbox.put(count)
    inbox.put(done.set)
    assert done.wait(5)
    stop.set()
