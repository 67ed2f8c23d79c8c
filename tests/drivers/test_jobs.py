"""Who gets the line next."""

from __future__ import annotations

import threading

import pytest
from mktl_drivers.jobs import Jobs, Priority

from mktl.errors import LinkDownError


def work_through(jobs: Jobs) -> list[object]:
    """Do everything that waits, as the link's thread would; what each job returned, in order."""
    done = []
    while (job := jobs.take()) is not None:
        result = job.run()
        jobs.finish(job, result)
        done.append(result)
    return done


def test_a_set_goes_before_a_refresh_and_a_refresh_before_a_poll_first_come_first_served() -> None:
    jobs = Jobs()
    jobs.offer(lambda: "poll 1", "p1")
    jobs.submit(lambda: "refresh 1", Priority.REFRESH, "r1")
    jobs.submit(lambda: "set 1", Priority.SET)
    jobs.offer(lambda: "poll 2", "p2")
    jobs.submit(lambda: "refresh 2", Priority.REFRESH, "r2")
    jobs.submit(lambda: "set 2", Priority.SET)
    assert work_through(jobs) == ["set 1", "set 2", "refresh 1", "refresh 2", "poll 1", "poll 2"]


def test_three_refreshes_at_once_are_one_job() -> None:
    jobs = Jobs()
    futures = [jobs.submit(lambda: "read", Priority.REFRESH, "temp") for _ in range(3)]
    assert work_through(jobs) == ["read"]
    assert [future.result(0) for future in futures] == ["read"] * 3


def test_a_refresh_joins_a_read_in_flight() -> None:
    jobs = Jobs()
    jobs.offer(lambda: "read", "temp")
    job = jobs.take()
    assert job is not None
    future = jobs.submit(lambda: "another", Priority.REFRESH, "temp")
    jobs.finish(job, job.run())
    assert future.result(0) == "read"
    assert jobs.take() is None


def test_a_poll_that_somebody_comes_to_wait_for_moves_up_and_runs_once() -> None:
    jobs = Jobs()
    jobs.offer(lambda: "other", "other")
    jobs.offer(lambda: "temp", "temp")
    future = jobs.submit(lambda: "temp", Priority.REFRESH, "temp")
    assert len(jobs) == 2
    assert work_through(jobs) == ["temp", "other"]
    assert future.result(0) == "temp"
    assert len(jobs) == 0


def test_polls_do_not_pile_up() -> None:
    jobs = Jobs()
    assert [jobs.offer(lambda: "read", "temp") for _ in range(5)] == [True, False, False, False, False]
    assert len(jobs) == 1


def test_sets_are_never_joined() -> None:
    jobs = Jobs()
    for value in (1, 2, 2):
        jobs.submit(lambda value=value: value, Priority.SET)
    assert work_through(jobs) == [1, 2, 2]


def test_what_waits_when_the_link_goes_down_fails_and_says_so() -> None:
    jobs = Jobs()
    jobs.offer(lambda: None, "poll")
    futures = [jobs.submit(lambda: None, Priority.SET), jobs.submit(lambda: None, Priority.REFRESH, "r")]
    jobs.refuse("ls336 is gone; nothing was sent")
    for future in futures:
        with pytest.raises(LinkDownError, match="ls336 is gone; nothing was sent"):
            future.result(0)
    with pytest.raises(LinkDownError, match="nothing was sent"):
        jobs.submit(lambda: None, Priority.SET)
    assert not jobs.offer(lambda: None, "poll")
    jobs.accept()
    assert jobs.offer(lambda: None, "poll")


def test_what_a_job_raised_reaches_everybody_who_joined_it() -> None:
    jobs = Jobs()
    futures = [jobs.submit(lambda: None, Priority.REFRESH, "temp") for _ in range(2)]
    job = jobs.take()
    assert job is not None
    jobs.finish(job, error=LinkDownError("gone"))
    for future in futures:
        with pytest.raises(LinkDownError, match="gone"):
            future.result(0)


def test_closing_wakes_a_thread_that_has_nothing_to_do() -> None:
    jobs, ended = Jobs(), []
    thread = threading.Thread(target=lambda: ended.append(jobs.wait()))
    thread.start()
    jobs.close("closed")
    thread.join(5.0)
    assert ended == [False]
    jobs.accept()
    with pytest.raises(LinkDownError, match="closed"):
        jobs.submit(lambda: None, Priority.SET)
