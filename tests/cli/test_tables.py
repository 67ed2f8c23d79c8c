from __future__ import annotations

import io

from rich.console import Console, RenderableType

from mktl.cli import tables
from mktl.cli.live import Board
from mktl.cli.values import Reading

TEMP = Reading("lab.temp", 77.35, "77.350", "K", "K", time=100.0)
HEATER = Reading("lab.heater", 2, "medium", time=0.5)
FIELD = Reading(
    "lab.field",
    0.25,
    "0.2500",
    "T",
    "T",
    time=60.0,
    status="timeout",
    severity="invalid",
    reason="lab.field: silent",
)
EVIL = Reading("lab.evil", "[red]x\x1b[2J", "[red]x\x1b[2J", "[b]", "[b]", time=100.0)


def drawn(what: RenderableType, width: int = 80) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    console.print(what)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_numbers_end_below_each_other_and_words_begin_at_the_left() -> None:
    short = Reading("lab.x", 5, "5", "mm", "mm", time=100.0)
    assert drawn(tables.readings([TEMP, short, HEATER], now=107.0)) == [
        "item         value         age",
        "lab.temp     77.350 K      7 s",
        "lab.x             5 mm     7 s",
        "lab.heater   medium      106 s",
    ]


def test_a_status_has_a_column_only_when_something_is_wrong() -> None:
    assert "status" not in drawn(tables.readings([TEMP, HEATER], now=101.0))[0]
    header, good, bad = drawn(tables.readings([TEMP, FIELD], now=101.0))
    assert header.split() == ["item", "value", "age", "status"]
    assert good.split() == ["lab.temp", "77.350", "K", "1", "s"]
    assert bad.endswith("timeout  silent")  # the reason does not name the item once more


def test_what_a_device_says_is_never_taken_for_markup_or_control() -> None:
    text = "\n".join(drawn(tables.readings([EVIL], now=100.0)))
    assert r"[red]x\x1b[2J [b]" in text


def test_columns_of_a_live_table_never_shrink() -> None:
    board = Board([TEMP])
    wide = drawn(board.frame(80))
    board.put(Reading("lab.temp", 1e9, "1000000000.000", "K", "K", time=100.0))
    wider = drawn(board.frame(80))
    board.put(TEMP)
    again = drawn(board.frame(80))
    assert len(wider[0]) > len(wide[0])
    assert len(again[0]) == len(wider[0])


def test_a_frame_leaves_room_for_the_echo_of_ctrl_c() -> None:
    board = Board([Reading("lab.x", "x" * 200, "x" * 200, time=100.0), FIELD])
    assert max(len(line) for line in drawn(board.frame(60), width=60)) <= 57


def test_a_set_shows_what_was_asked_for_and_what_is() -> None:
    header, known, sent = drawn(
        tables.settings([("lab.temp", "77.35", TEMP), ("lab.heater", "high", "sent")])
    )
    assert header.split() == ["item", "set", "now"]
    assert known.split() == ["lab.temp", "77.35", "77.350", "K"]
    assert sent.split() == ["lab.heater", "high", "sent"]
