"""The judge is judged: against every order of a few operations, tried one by one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust.history import Operation, violations


def write(value: int, begun_s: float, ended_s: float, outcome: str = "done") -> Operation:
    return Operation("write", value, begun_s, ended_s, outcome)  # type: ignore[arg-type]


def read(value: int, begun_s: float, ended_s: float) -> Operation:
    return Operation("read", value, begun_s, ended_s)


def has_an_order(operations: Sequence[Operation], initial: int) -> bool:
    """By trying: which writes of unknown outcome happened, and every order that the times allow."""
    sure = [one for one in operations if one.outcome == "done"]
    unknown = [one for one in operations if one.outcome == "unknown"]
    for many in range(len(unknown) + 1):
        for happened in itertools.combinations(unknown, many):
            if any(_explains(order, initial) for order in itertools.permutations((*sure, *happened))):
                return True
    return False


def _explains(order: Sequence[Operation], initial: int) -> bool:
    value, latest_begin_s = initial, float("-inf")
    for one in order:
        latest_begin_s = max(latest_begin_s, one.begun_s)
        if one.outcome == "done" and one.ended_s < latest_begin_s:
            return False
        if one.kind == "write":
            value = int(str(one.value))
        elif one.value != value:
            return False
    return True


@st.composite
def histories(draw: st.DrawFn) -> list[Operation]:
    """Up to six operations with all their begins and ends at different times."""
    count = draw(st.integers(1, 6))
    times = draw(st.permutations(range(2 * count)))
    written, made = 0, []
    for at in range(count):
        begun_s, ended_s = sorted((float(times[2 * at]), float(times[2 * at + 1])))
        if draw(st.booleans()):
            written += 1
            outcome = draw(st.sampled_from(["done", "done", "unknown"]))
            made.append(write(written, begun_s, ended_s, outcome))
        else:
            made.append(read(draw(st.integers(0, 3)), begun_s, ended_s))
    return made


@settings(max_examples=150)
@given(histories())
def test_a_history_is_faulted_exactly_when_no_order_explains_it(history: list[Operation]) -> None:
    assert bool(violations(history, initial=0)) == (not has_an_order(history, 0))


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ([write(1, 0, 1), read(0, 2, 3)], "within another value's time"),
        ([write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)], "within another value's time"),
        ([write(1, 0, 1), read(1, 5, 6), read(0, 4, 6)], "two values at the same time"),
        ([read(7, 0, 1)], "never written"),
        ([read(1, 0, 1), write(1, 2, 3)], "read before it was written"),
        ([write(1, 0, 1, "refused"), read(1, 2, 3)], "refused and yet there"),
        ([write(1, 0, 1), write(2, 2, 3), read(1, 2, 4), read(2, 5, 6), read(1, 7, 8)], "two values at"),
    ],
)
def test_what_is_wrong_is_said(history: list[Operation], said: str) -> None:
    assert any(text.startswith(said) for text in violations(history, initial=0))


def test_an_acknowledged_write_that_is_gone_after_a_restart_is_a_violation() -> None:
    kept, lost = write(1, 0.0, 1.0), write(2, 2.0, 3.0)
    assert not violations([kept, lost, read(2, 10.0, 11.0)], initial=0)
    assert violations([kept, lost, read(1, 10.0, 11.0)], initial=0)


def test_a_write_of_unknown_outcome_may_show_late_or_never() -> None:
    unsure, sure = write(1, 0.0, 1.0, "unknown"), write(2, 2.0, 3.0)
    for values in ([2, 2], [2, 1], [1, 2]):
        history = [unsure, sure, read(values[0], 4.0, 5.0), read(values[1], 6.0, 7.0)]
        assert bool(violations(history, initial=0)) == (values == [1, 2])


def test_a_value_that_is_written_twice_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="1 is written twice"):
        violations([write(1, 0, 1), write(1, 2, 3)], initial=0)
