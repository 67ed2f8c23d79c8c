"""What the bench makes of its measurements."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.bench.effort import Effort
from tests.bench.figures import median, percentile, ratios
from tests.bench.report import read, write
from tests.bench.row import AtLeast, AtMost, Row
from tests.bench.s9_polled import lateness
from tests.bench.table import markdown, number, plain


@pytest.mark.parametrize(
    ("percent", "rank"), [(0, 1), (1, 1), (50, 50), (50.5, 51), (99, 99), (99.5, 100), (100, 100)]
)
def test_a_percentile_is_the_value_of_the_nearest_rank(percent: float, rank: int) -> None:
    values = list(range(100, 0, -1))
    assert percentile(values, percent) == rank


def test_of_nothing_there_is_no_figure() -> None:
    assert math.isnan(percentile([], 99))
    assert math.isnan(median([]))


def test_ratios_are_of_rounds_and_not_of_medians() -> None:
    # The machine was slow in the second round, for both.
    assert ratios([90.0, 9.0, 80.0], [100.0, 10.0, 100.0]) == [0.9, 0.9, 0.8]


def test_rounds_of_the_two_sides_alternate_and_the_first_is_not_always_the_same() -> None:
    order: list[str] = []

    def side(name: str, figure: float) -> float:
        order.append(name)
        return figure

    figures = Effort(rounds=3).interleave(a=lambda: side("a", 1.0), b=lambda: side("b", 2.0))
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert figures == {"a": [1.0] * 3, "b": [2.0] * 3}


def test_a_small_share_leaves_something_to_measure() -> None:
    assert Effort(share=0.001).count(50, least=2) == 2
    assert Effort(share=0.5).count(50) == 25


def row(ours: list[float], bare: list[float], **more: object) -> Row:
    fields: dict[str, object] = {"target": AtLeast(0.9), "ours": ours, "bare": bare, "faults": [], **more}
    return Row("S0", "work", "1/s", **fields)  # type: ignore[arg-type]


def test_a_ratio_reaches_its_target_by_its_median() -> None:
    assert row([95.0, 10.0, 92.0], [100.0, 100.0, 100.0]).reached
    assert not row([95.0, 10.0, 80.0], [100.0, 100.0, 100.0]).reached


def test_what_lost_messages_has_not_reached_its_target_however_fast() -> None:
    assert not row([200.0], [100.0], faults=["1 of 10 lost"]).reached


@pytest.mark.parametrize(
    ("judged_by", "target", "reached"),
    [
        ("ours", AtMost(30), False),
        ("ours", AtMost(40), True),
        ("difference", AtMost(25), True),
        ("difference", AtMost(15), False),
        ("ratio", AtMost(1.3), False),
        ("ratio", AtMost(2.0), True),
    ],
)
def test_a_target_is_for_the_ratio_or_the_difference_or_the_figure_itself(
    judged_by: str, target: AtMost, reached: bool
) -> None:
    assert row([40.0], [20.0], judged_by=judged_by, target=target).reached is reached


@pytest.mark.parametrize(
    ("value", "text"),
    [(97_012.4, "97,012"), (144.4, "144"), (31.26, "31.3"), (0.8765, "0.88"), (-12.0, "-12.0")],
)
def test_a_number_has_the_digits_that_mean_something(value: float, text: str) -> None:
    assert number(value) == text


def test_the_table_shows_each_row_with_its_faults_and_notes_below() -> None:
    lost = row([60.0, 70.0], [100.0, 100.0], faults=["3 of 10 lost"], note="answered by REP")
    heading, line, *remarks = plain([lost]).splitlines()
    assert heading.split() == ["work", "unit", "bare", "ours", "ratio", "spread", "target", "reached"]
    assert line.split() == ["S0", "work", "1/s", "100", "65.0", "0.65", "0.60–0.70", "≥", "0.9", "NO"]
    assert [remark.strip() for remark in remarks] == ["fault: 3 of 10 lost", "answered by REP"]


def test_a_page_gets_a_line_a_row_with_all_columns() -> None:
    lines = markdown([row([95.0], [100.0]), row([5.0], [], judged_by="ours", target=AtMost(10))]).splitlines()
    assert {line.count("|") for line in lines} == {10}
    assert lines[2] == "| S0 | work | 1/s | 100 | 95.0 | 0.95 | 0.95–0.95 | ≥ 0.9 | yes |"
    assert lines[3] == "| S0 | work | 1/s | – | 5.00 | – | 5.00–5.00 | ≤ 10 | yes |"


@pytest.mark.parametrize("goal", [AtLeast(0.45), AtMost(30)])
def test_what_is_written_to_a_file_can_be_shown_again(goal: AtLeast | AtMost, tmp_path: Path) -> None:
    rows = [
        row([100.0, 80.0], [100.0, 100.0], target=goal, faults=["1 lost"]),
        row([5.0], [], judged_by="ours"),
    ]
    write(tmp_path / "bench.json", rows, took_s=1.0)
    assert read(tmp_path / "bench.json") == rows


def test_a_file_tells_the_median_the_spread_and_every_round() -> None:
    written = row([100.0, 80.0], [100.0, 100.0]).as_json()
    assert written["rounds"] == {"bare": [100.0, 100.0], "ours": [100.0, 80.0]}
    assert (written["ratio"], written["spread"], written["reached"]) == (0.9, [0.8, 1.0], True)


def test_a_poll_is_late_by_what_the_most_punctual_one_of_its_item_was_not() -> None:
    # Every second, and one of them 300 ms late; the item itself began at any moment.
    assert lateness([7.5, 8.5, 9.8, 10.5], 1.0) == pytest.approx([0.0, 0.0, 0.3, 0.0])
    # The first was the late one: then the others show it.
    assert lateness([7.8, 8.5, 9.5], 1.0) == pytest.approx([0.3, 0.0, 0.0])
