"""The one clock."""

from __future__ import annotations

import threading

import pytest

from mktl import poll
from mktl.poll import Clock, Timer
from tests.conftest import wait_for


class Hands:
    """A clock's time, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def clock():
    clock = Clock()
    yield clock
    clock.close()


def test_a_function_is_called_at_once_and_then_at_its_period(clock) -> None:
    calls = []
    clock.every(0.01, lambda: calls.append(1))
    wait_for(lambda: len(calls) >= 5)


def test_once_is_once(clock) -> None:
    calls = []
    clock.once(0.0, lambda: calls.append("once"))
    done = threading.Event()
    clock.once(0.05, done.set)
    assert done.wait(5)
    assert calls == ["once"]


def test_a_late_tick_is_skipped_and_counted_never_bunched(hands) -> None:
    clock = Clock(hands)
    timer = Timer(lambda: None, hands.now_s, 1.0)
    hands.now_s += 3.5  # the machine was asleep for three and a half periods
    clock._again(timer)
    assert timer.late == 3
    assert timer.due_s == 1004.0  # the next one, in step with those before


def test_a_tick_in_time_keeps_its_step(hands) -> None:
    clock = Clock(hands)
    timer = Timer(lambda: None, hands.now_s, 1.0)
    hands.now_s += 0.2
    clock._again(timer)
    assert (timer.late, timer.due_s) == (0, 1001.0)


def test_a_function_that_raises_is_logged_and_called_again(clock, caplog) -> None:
    calls = []

    def fail() -> None:
        calls.append(1)
        raise ValueError("no")

    clock.every(0.01, fail)
    wait_for(lambda: len(calls) >= 3)
    assert "called by the clock raised" in caplog.text


def test_an_earlier_tick_wakes_a_clock_that_sleeps_for_a_later_one(clock) -> None:
    soon = threading.Event()
    clock.once(60, lambda: None)
    clock.once(0.01, soon.set)
    assert soon.wait(5)


def test_a_cancelled_timer_is_not_called_again(clock) -> None:
    calls = []
    timer = clock.every(0.005, lambda: calls.append(1))
    wait_for(lambda: calls)
    timer.cancel()
    done = threading.Event()
    clock.once(0.05, done.set)
    seen = len(calls)
    assert done.wait(5)
    assert len(calls) <= seen + 1


@pytest.mark.parametrize("period_s", [0, -1, float("nan")])
def test_a_period_that_is_none_is_refused(clock, period_s) -> None:
    with pytest.raises(ValueError, match="more than 0 s"):
        clock.every(period_s, lambda: None)


def test_start_again_changes_the_period_and_zero_stops() -> None:
    calls = []

    def tick() -> None:
        calls.append(1)

    poll.start(tick, 1000.0)
    wait_for(lambda: calls)
    poll.start(tick, 0.01)
    wait_for(lambda: len(calls) > 4)
    poll.start(tick, 0)
    done = threading.Event()
    poll.clock().once(0.05, done.set)
    seen = len(calls)
    assert done.wait(5)
    assert len(calls) <= seen + 1


def test_ten_thousand_polls_are_one_thread() -> None:
    before = threading.active_count()
    counts = [0] * 10_000

    def counter(n: int):
        def count() -> None:
            counts[n] += 1

        return count

    for n in range(10_000):
        poll.start(counter(n), 1.0)
    wait_for(lambda: min(counts) >= 1)
    assert threading.active_count() == before + 1


def test_polls_of_a_large_daemon_are_spread_over_their_period_and_keep_it_from_then_on(hands) -> None:
    clock = Clock(hands, has_thread=False)
    called: dict[int, list[float]] = {number: [] for number in range(1000)}
    for times in called.values():
        clock.start(lambda times=times: times.append(hands.now_s), 10.0)
    for _ in range(3500):
        clock.attend(busy=True)
        hands.now_s += 0.01
    crowd = list(called.values())[poll.IN_STEP :]
    assert all(times[0] == 1000.0 for times in called.values())
    assert all(
        times[1] == pytest.approx(1010.0, abs=0.011) for times in list(called.values())[: poll.IN_STEP]
    )
    assert all(0 <= times[1] - times[0] <= 10.011 for times in crowd)
    assert all(times[2] - times[1] == pytest.approx(10.0, abs=0.011) for times in called.values())
    tenths = [int(times[1] - 1000.0) for times in crowd]
    assert all(80 <= tenths.count(each) <= 100 for each in range(10))


def test_a_clock_that_is_a_source_waits_for_what_is_due_and_calls_it() -> None:
    source, called = Clock(has_thread=False), []
    source.once(0.02, lambda: called.append("late"))
    source.once(0.0, lambda: called.append("now"))
    source.attend(busy=False)
    assert called == ["now"]
    while len(called) < 2:
        source.attend(busy=False)
    assert called == ["now", "late"]


def test_a_clock_that_is_busy_does_not_wait_and_one_that_is_interrupted_returns() -> None:
    source = Clock(has_thread=False)
    source.once(1000.0, lambda: None)
    source.attend(busy=True)
    source.interrupt()
    source.attend(busy=False)
    waiting = threading.Thread(target=source.attend, args=(False,))
    waiting.start()
    source.interrupt()
    waiting.join(5)
    assert not waiting.is_alive()
