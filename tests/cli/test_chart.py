"""Drawing: points in time become rows of dots, with axes that can be read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.cli.chart import LEAST_HEIGHT, LEAST_WIDTH, Point, axis_of, draw, label


def rows(*lines: list[Point], **how: Any) -> list[str]:
    given: dict[str, Any] = {"width": 30, "height": 9, "from_s": 0.0, "to_s": 10.0} | how
    return ["".join(span.text for span in row).rstrip() for row in draw(lines, **given)]


#: Dots in a row, as far as they go without a gap.
DOTS = re.compile("[\u2801-\u28ff]+")


def dots(*lines: list[Point], **how: Any) -> list[tuple[int, int]]:
    """From where to where the only row with dots in it has some, counted from the axis."""
    (row,) = (row for row in rows(*lines, **how) if DOTS.search(row))
    begin = max(row.find("│"), row.find("┤")) + 1
    return [(found.start() - begin, found.end() - begin) for found in DOTS.finditer(row)]


def test_a_value_holds_until_the_next_and_then_jumps() -> None:
    # 26 columns, so that 5 s of 10 s is the left half of the 14th; a jump is a vertical line.
    assert rows([(0.0, 0.0), (5.0, 10.0)], units="mm") == [
        "mm",
        "10 ┤             ⡖⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒",
        "   │             ⡇",
        "   │             ⡇",
        "   │             ⡇",
        "   │             ⡇",
        " 0 ┤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠇",
        "   └┬────────────┬───────────┬",
        "    0            5        10 s",
    ]


def test_a_value_that_cannot_be_trusted_is_a_gap() -> None:
    (_, left), (right, end) = dots([(0.0, 1.0), (3.0, None), (7.0, 1.0)], width=46)
    columns = end
    assert (left / columns, right / columns) == (pytest.approx(0.3, abs=0.04), pytest.approx(0.7, abs=0.04))


def test_a_line_ends_where_it_is_known_to_hold() -> None:
    ((_, columns),) = dots([(0.0, 1.0)])
    assert dots([(0.0, 1.0)], until_s=5.0) == [(0, columns // 2 + 1)]


def test_what_held_before_the_chart_began_is_drawn_and_scales_it() -> None:
    drawn = rows([(-50.0, 100.0), (5.0, 200.0)])
    assert any(row.strip().startswith("100 ┤") for row in drawn)
    assert any(row.strip().startswith("200 ┤") for row in drawn)


def test_lines_have_their_own_spans() -> None:
    chart = draw([[(0.0, 0.0)], [(0.0, 1.0)]], width=40, height=10, from_s=0, to_s=1)
    assert {span.line for row in chart for span in row} == {None, 0, 1}


def test_nothing_at_all_is_an_empty_chart() -> None:
    assert len(rows()) == 9
    assert len(rows([], [(0.0, None)])) == 9


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-50.0, 50.0, ["-40", "-20", "0", "20", "40"]),
        (77.35, 77.36, ["77.350", "77.352", "77.354", "77.356", "77.358", "77.360"]),
        (0.0, 5e6, ["0", "1e+06", "2e+06", "3e+06", "4e+06", "5e+06"]),
        (1e-9, 5e-9, ["1e-09", "2e-09", "3e-09", "4e-09", "5e-09"]),
    ],
)
def test_labels_stand_at_round_numbers(low: float, high: float, labels: list[str]) -> None:
    assert [text.replace("1.0e", "1e") for _, text in axis_of(low, high, 5).labels] == labels


def test_a_value_that_never_changes_has_room_above_and_below() -> None:
    axis = axis_of(300.0, 300.0, 5)
    assert axis.low < 300.0 < axis.high
    assert axis_of(0.0, 0.0, 5).low < 0


def test_labels_tell_neighbours_apart() -> None:
    assert label(1_234_567.5, 0.5) != label(1_234_568.0, 0.5)


numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
lines = st.lists(st.tuples(st.floats(-100, 100), numbers), max_size=20).map(
    lambda points: sorted(points, key=lambda point: point[0])
)


@given(
    st.lists(lines, max_size=4),
    st.integers(0, 200),
    st.integers(0, 60),
    st.floats(-50, 50),
    st.floats(0.001, 1e5),
)
def test_a_chart_is_always_exactly_as_large_as_it_may_be(
    lines: list[list[Point]], width: int, height: int, from_s: float, span_s: float
) -> None:
    chart = draw(lines, width=width, height=height, from_s=from_s, to_s=from_s + span_s, units="K")
    assert len(chart) == max(height, LEAST_HEIGHT)
    assert {len("".join(span.text for span in row)) for row in chart[1:]} <= {max(width, LEAST_WIDTH)}
