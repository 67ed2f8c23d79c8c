"""The bounded pool."""

from __future__ import annotations

import threading

import pytest

from mktl.workers import Workers
from tests.conftest import wait_for


@pytest.fixture
def workers():
    workers = Workers("test", most_threads=8)
    yield workers
    workers.close()


def test_jobs_of_one_lane_keep_their_order_and_never_overlap(workers) -> None:
    lanes = [workers.lane() for _ in range(5)]
    seen: list[list[int]] = [[] for _ in lanes]
    inside = [threading.Lock() for _ in lanes]

    def job(lane: int, n: int):
        def run() -> None:
            assert inside[lane].acquire(blocking=False)
            seen[lane].append(n)
            inside[lane].release()

        return run

    for n in range(200):
        for index, lane in enumerate(lanes):
            lane.submit(job(index, n))
    wait_for(lambda: all(len(one) == 200 for one in seen))
    assert all(one == list(range(200)) for one in seen)


def test_hanging_lanes_hold_a_thread_each_and_the_others_go_on(workers) -> None:
    release = threading.Event()
    for _ in range(6):
        workers.lane().submit(release.wait)
    done = threading.Event()
    workers.lane().submit(done.set)
    assert done.wait(5)
    release.set()


def test_threads_are_bounded(workers) -> None:
    release = threading.Event()
    ran = []
    for n in range(50):
        lane = workers.lane()
        lane.submit(release.wait)
        lane.submit(lambda n=n: ran.append(n))
    wait_for(lambda: len(workers._threads) == 8)
    release.set()
    wait_for(lambda: len(ran) == 50)
    assert len(workers._threads) <= 8


def test_many_quick_jobs_do_not_grow_the_pool(workers) -> None:
    done = []
    for _ in range(3000):
        workers.lane().submit(lambda: done.append(1))
    wait_for(lambda: len(done) == 3000)
    assert len(workers._threads) <= 5


def test_a_pool_that_was_large_once_shrinks_although_its_work_never_ends(monkeypatch) -> None:
    monkeypatch.setattr("mktl.workers.IDLE_S", 0.3)
    workers, release = Workers("test", most_threads=8), threading.Event()
    for _ in range(8):
        workers.lane().submit(release.wait)
    wait_for(lambda: len(workers._threads) == 8)
    release.set()
    lane = workers.lane()

    def is_small() -> bool:
        lane.call(threading.Event().is_set)  # every few milliseconds: none of eight would be idle for long
        return len(workers._threads) <= 2

    wait_for(is_small, deadline_s=3.0)
    workers.close()


def test_call_waits_for_its_turn_and_brings_back_what_happened(workers) -> None:
    lane = workers.lane()
    assert lane.call(lambda: 42) == 42
    with pytest.raises(ValueError, match="from the job"):
        lane.call(lambda: (_ for _ in ()).throw(ValueError("from the job")))


def test_call_from_its_own_lane_runs_at_once(workers) -> None:
    lane = workers.lane()
    assert lane.call(lambda: lane.call(lambda: "inner")) == "inner"


def test_a_job_that_raises_is_logged_and_the_next_one_runs(workers, caplog) -> None:
    lane = workers.lane()
    lane.submit(lambda: 1 / 0)
    assert lane.call(lambda: "next") == "next"
    assert "a job raised" in caplog.text


def test_close_finishes_what_is_queued() -> None:
    workers = Workers("closing")
    lane = workers.lane()
    gate = threading.Event()
    ran = []
    lane.submit(lambda: gate.wait(5))
    for n in range(10):
        lane.submit(lambda n=n: ran.append(n))
    gate.set()
    assert workers.close() is True
    assert ran == list(range(10))


def test_close_says_when_a_job_hangs(caplog) -> None:
    workers = Workers("stuck")
    release = threading.Event()
    started = threading.Event()

    def hang() -> None:
        started.set()
        release.wait()

    workers.lane().submit(hang)
    assert started.wait(5)
    assert workers.close(timeout_s=0.05) is False
    assert "1 threads are still in a hook" in caplog.text
    release.set()


def test_two_hundred_lanes_that_hang_at_once_hold_up_another_for_a_moment_only() -> None:
    workers, release, done = Workers("test"), threading.Event(), threading.Event()
    try:
        for _ in range(200):
            workers.lane().submit(release.wait)
        workers.lane().submit(done.set)
        # 1, 2, 4 and so on more threads, 10 ms apart; not one each time.
        assert done.wait(1.5)
    finally:
        release.set()
        workers.close()


def test_a_lane_that_is_held_goes_on_when_it_is_released_and_holds_no_thread(workers) -> None:
    lane, seen = workers.lane(), []
    lane.submit(lambda: (lane.hold(), seen.append("first")))
    lane.submit(lambda: seen.append("second"))
    wait_for(lambda: workers._idle == len(workers._threads) == 1)
    assert seen == ["first"]
    lane.release(lambda: seen.append("between"))
    wait_for(lambda: seen == ["first", "between", "second"])


def test_a_lane_may_be_released_before_the_job_that_holds_it_ends(workers) -> None:
    lane, seen = workers.lane(), []

    def job() -> None:
        lane.hold()
        lane.release(lambda: seen.append("between"))
        seen.append("first")

    lane.submit(job)
    wait_for(lambda: seen == ["first", "between"])
