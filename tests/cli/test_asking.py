from __future__ import annotations

import threading
import time

import pytest

from mktl.cli.asking import MOST_AT_ONCE, Job, Outcome, ask_all


def late(name: str):
    return lambda waited_s: TimeoutError(f"{name}: no answer within {waited_s:g} s")


def test_outcomes_come_in_the_order_of_the_jobs_and_a_failure_stops_no_other() -> None:
    error = ValueError("no")

    def fail() -> int:
        raise error

    jobs = [Job("a", lambda: 1, late("a")), Job("b", fail, late("b")), Job("c", lambda: 3, late("c"))]
    expected = [Outcome("a", 1), Outcome("b", error=error), Outcome("c", 3)]
    assert ask_all(jobs) == expected
    assert ask_all(jobs, serial=True) == expected
    assert ask_all([]) == []


def test_all_are_under_way_at_once() -> None:
    everybody = threading.Barrier(MOST_AT_ONCE, timeout=10)
    jobs = [Job(str(n), everybody.wait, late("")) for n in range(MOST_AT_ONCE)]
    outcomes = ask_all(jobs)
    assert [outcome.error for outcome in outcomes] == [None] * MOST_AT_ONCE


def test_serial_starts_each_when_the_one_before_is_done() -> None:
    under_way = 0

    def once() -> None:
        nonlocal under_way
        under_way += 1
        assert under_way == 1
        time.sleep(0.001)
        under_way -= 1

    assert all(outcome.error is None for outcome in ask_all([Job("x", once, late("x"))] * 5, serial=True))


@pytest.mark.parametrize("serial", [False, True])
def test_a_job_that_hangs_is_given_up_and_the_others_are_done(serial: bool) -> None:
    release = threading.Event()
    jobs = [
        Job("hangs", lambda: release.wait(20) and 1, late("hangs")),
        Job("quick", lambda: 2, late("quick")),
    ]
    try:
        hangs, quick = ask_all(jobs, serial=serial, timeout_s=0.05)
    finally:
        release.set()
    assert str(hangs.error) == "hangs: no answer within 0.05 s"
    assert hangs.expired
    assert quick == Outcome("quick", 2)
