"""Motion by trapezoids: times and places by the formulas of uniformly accelerated motion."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mktl_simulators.motion import Axis


def test_ten_millimetres_at_one_a_second_take_ten_seconds_and_the_time_of_the_ramps() -> None:
    axis = Axis(top_speed=1.0, acceleration=4.0)
    axis.go_to(10.0)
    axis.advance(10.2499)
    assert axis.is_moving
    assert axis.position < 10.0
    axis.advance(0.0002)
    assert (axis.position, axis.speed, axis.is_moving) == (10.0, 0.0, False)


def test_a_hurried_axis_takes_exactly_the_way_by_the_speed() -> None:
    axis = Axis(top_speed=1.0, acceleration=1e12)
    axis.go_to(-10.0)
    axis.advance(5.0)
    assert axis.position == pytest.approx(-5.0)
    axis.advance(5.0 + 1e-9)
    assert (axis.position, axis.is_moving) == (-10.0, False)


def test_a_short_way_never_reaches_the_top_speed() -> None:
    axis = Axis(top_speed=100.0, acceleration=2.0)
    axis.go_to(8.0)
    assert axis.left_s == pytest.approx(2 * math.sqrt(8.0 / 2.0))  # half the way up, half down
    axis.advance(axis.left_s / 2)
    assert (axis.position, axis.speed) == (pytest.approx(4.0), pytest.approx(math.sqrt(2 * 2.0 * 4.0)))


def test_a_goal_behind_is_reached_by_turning() -> None:
    axis = Axis(top_speed=2.0, acceleration=1.0)
    axis.go_to(100.0)
    axis.advance(10.0)  # at full speed, at 2 * 10 - 2 = 18
    axis.go_to(0.0)
    axis.advance(2.0)
    assert (axis.position, axis.speed) == (pytest.approx(20.0), pytest.approx(0.0))
    axis.advance(2.0 + 16.0 / 2 + 2.0)  # 2 to speed up and slow down over 4, the other 16 at 2 a second
    assert (axis.position, axis.is_moving) == (0.0, False)


def test_an_axis_told_to_halt_slows_down_first() -> None:
    axis = Axis(top_speed=2.0, acceleration=1.0)
    axis.run_at(2.0)
    axis.advance(5.0)
    axis.halt()
    assert axis.left_s == pytest.approx(2.0)
    assert axis.advance(3.0) == pytest.approx(1.0)  # the time that it did not need
    assert (axis.position, axis.is_moving) == (pytest.approx(2 * 5 - 2 + 2), False)


def test_a_hard_stop_ends_the_way_there_and_lets_it_go_back() -> None:
    axis = Axis(top_speed=1.0, acceleration=1e9, high_stop=3.0)
    axis.go_to(10.0)
    assert axis.advance(5.0) == pytest.approx(2.0)
    assert (axis.position, axis.is_moving) == (3.0, False)
    axis.run_at(1.0)
    axis.advance(1.0)
    assert (axis.position, axis.is_moving) == (3.0, False)
    axis.go_to(1.0)
    axis.advance(2.001)
    assert axis.position == 1.0


def test_a_way_so_short_that_the_speed_for_it_is_none_is_gone_at_once() -> None:
    axis = Axis(acceleration=0.5)
    axis.go_to(5e-324)
    axis.advance(0.001)
    assert (axis.position, axis.is_moving) == (5e-324, False)


@given(
    st.lists(
        st.tuples(st.floats(-100, 100), st.floats(0, 30), st.floats(0.1, 20), st.booleans()),
        min_size=1,
        max_size=6,
    ),
    st.floats(0.1, 50),
)
def test_whatever_it_was_doing_an_axis_ends_exactly_at_its_goal(orders, acceleration) -> None:
    axis = Axis(acceleration=acceleration)
    for goal, after_s, top_speed, runs in orders:
        axis.top_speed = top_speed
        axis.run_at(math.copysign(top_speed, goal)) if runs else axis.go_to(goal)
        assert abs(axis.speed) <= 20.0 * (1 + 1e-9)
        axis.advance(after_s)
    axis.go_to(orders[0][0])
    assert math.isfinite(axis.left_s)
    axis.advance(axis.left_s + 1e-6)
    assert (axis.position, axis.speed, axis.is_moving) == (orders[0][0], 0.0, False)


@given(st.floats(-50, 50), st.lists(st.floats(0, 5), max_size=10))
def test_time_cut_in_pieces_moves_it_as_far_as_time_in_one(goal, pieces) -> None:
    once, often = Axis(top_speed=3.0, acceleration=2.0), Axis(top_speed=3.0, acceleration=2.0)
    for axis in (once, often):
        axis.go_to(goal)
    once.advance(sum(pieces))
    for piece in pieces:
        often.advance(piece)
    assert often.position == pytest.approx(once.position, abs=1e-6)
