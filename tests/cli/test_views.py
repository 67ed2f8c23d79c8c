"""The looks of `mark get` and `mark watch`: the same options, the same meaning."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
from click.testing import Result
from running import Running
from test_tables import drawn

from mktl.cli import tables
from mktl.cli.live import Board
from mktl.cli.values import Reading
from mktl.cli.viewing import View

Call = Callable[..., Result]
RA = Reading("lab.ra", 1.25, " 4:46:28.7", "rad", "h", time=0.0)
STALE = Reading("lab.temp", 77.351, "77.35", "K", "K", status="stale", severity="invalid")
#: As `date -Is` has it, with milliseconds.
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d"


@pytest.mark.parametrize(
    ("view", "line"),
    [
        (View(), "lab.ra = 4:46:28.7 h"),
        (View(units=False), "lab.ra = 4:46:28.7"),
        (View(unformatted=True), "lab.ra = 1.25 rad"),
        (View(terse=True), "4:46:28.7"),
        (View(terse=True, units=True), "4:46:28.7 h"),
        (View(terse=True, unformatted=True), "1.25"),
        (View(unformatted=True, units=False), "lab.ra = 1.25"),
    ],
)
def test_each_look_of_a_line(view: View, line: str) -> None:
    assert view.line_of(RA) == line
    assert re.fullmatch(f"{STAMP} {re.escape(line)}", view.line_of(RA, when=1e9))


def test_a_status_is_said_unless_only_values_are_wanted() -> None:
    assert View(units=False).line_of(STALE) == "lab.temp = 77.35 (stale)"
    assert View(terse=True).line_of(STALE) == "77.35"
    assert View(terse=True).line_of(Reading("lab.x", None, "")) == "-"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, "nan"),
        (math.inf, "inf"),
        (3, "3"),
        ("a\nb", r"a\nb"),
        ([1, 2.5], "[1, 2.5]"),
        (True, "true"),
    ],
)
def test_unformatted_values_of_each_kind(value: object, text: str) -> None:
    assert View(terse=True, unformatted=True).line_of(Reading("lab.x", value, "?")) == text


def test_a_table_can_have_times_and_do_without_units() -> None:
    header, row = drawn(tables.readings([View(units=False).of(RA)], has_times=True, now=5.0))
    assert header.split() == ["item", "value", "time"]
    assert row.split()[:2] == ["lab.ra", "4:46:28.7"]
    (row,) = drawn(Board([STALE], View(unformatted=True)).frame(80))[1:]
    assert row.split()[:3] == ["lab.temp", "77.351", "K"]


def test_get_has_them(lab: Running, call: Call) -> None:
    assert call("get", "-s", "lab", "ra", "heater", "--terse").stdout == "4:46:28.7\noff\n"
    assert call("get", "lab.ra", "lab.heater", "-t", "-u").stdout == "1.25\n0\n"
    assert call("get", "lab.ra", "--unformatted").stdout == "lab.ra = 1.25 rad\n"
    assert call("get", "lab.temp", "--no-units").stdout == "lab.temp = 77.350\n"
    assert re.fullmatch(rf"{STAMP} lab\.temp = 77\.350 K\n", call("get", "lab.temp", "--timestamps").stdout)


def test_watch_has_them_too(lab: Running, call: Call) -> None:
    watch = ("watch", "-s", "lab", "ra", "--count", "1")
    assert re.fullmatch(rf"{STAMP} lab\.ra = 4:46:28\.7 h\n", call(*watch).stdout)
    assert call(*watch, "--no-timestamps").stdout == "lab.ra = 4:46:28.7 h\n"
    assert call(*watch, "--terse").stdout == "4:46:28.7\n"
    assert re.fullmatch(rf"{STAMP} 1\.25\n", call(*watch, "-t", "-u", "--timestamps").stdout)
    assert call(*watch, "--no-timestamps", "--unformatted", "--no-units").stdout == "lab.ra = 1.25\n"


@pytest.mark.parametrize("command", ["get", "watch"])
@pytest.mark.parametrize("look", ["--terse", "--timestamps", "--no-units", "--unformatted"])
def test_json_has_them_all_already(call: Call, command: str, look: str) -> None:
    result = call(command, "lab.temp", "--json", look)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
