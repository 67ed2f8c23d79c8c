"""``mark explain``: what is behind an item, in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import mktl
from mktl.cli.explaining import Explanation, lines
from mktl.cli.values import Reading
from mktl.testing import serve
from tests.testing.conftest import FILE

Call = Callable[..., Result]

NOW = 1_700_000_100.0


def reading(value: Any = 77.35, formatted: str = "77.350", **fields: Any) -> Reading:
    return Reading("lab.temp", value, formatted, "K", "K", sampled=NOW - 2, **fields)


def facts(**values: Any) -> dict[str, Reading]:
    usual = {
        "state": 2, "since": NOW - 60, "last_error": "", "reconnects": 0, "timeouts": 3, "late_replies": 1,
        "latency": 0.012, "load": 0.25,
    }  # fmt: skip
    words = {0: "disconnected", 2: "connected"}
    shown = {name: Reading(name, value, str(value)) for name, value in {**usual, **values}.items()}
    state = shown["state"].value
    return {**shown, "state": Reading("state", state, words[state])}


QUERY = {
    "said": {"sent": [r"T?\n"], "came": [r"77.35\r\n"], "time": NOW - 0.4},
    "unsolicited": False, "period_s": 1.0, "next_s": 0.6, "failures": 0, "retries": 0,
}  # fmt: skip


def told(explanation: Explanation) -> list[str]:
    return [line for line in lines(explanation, NOW) if "since 20" not in line]  # a local time


def test_an_item_that_is_well_says_how_it_is_read() -> None:
    assert told(Explanation(reading(), "oven", facts(), QUERY)) == [
        "lab.temp = 77.350 K",
        "  the value is what the device said last",
        "  last good reading 2.0 s ago",
        "  asked every 1 s, next in 0.6 s",
        r"  asked last 0.4 s ago: T?\n",
        r"    and got 77.35\r\n",
        "    answers take 12 ms; the line is busy 25% of the time",
        "    timeouts 3, late replies 1, reconnects 0",
    ]


def test_an_item_in_error_says_why_and_what_was_tried() -> None:
    silent = {
        **QUERY, "failures": 4, "retries": 2, "said": {"sent": [r"T?\n"], "came": [""], "time": NOW - 200}
    }  # fmt: skip
    broken = reading(status="timeout", severity="invalid", reason="no reply to 'T?'")
    said = told(Explanation(broken, "oven", facts(last_error="no reply to 'T?'"), silent))
    assert said[:2] == [
        "lab.temp = 77.350 K (timeout: no reply to 'T?')",
        "  the device does not answer, or not in time; the last value is kept",
    ]
    assert "  failed 4 times in a row, although asked again 2 times each" in said
    assert "    and got nothing" in said
    assert said[-1] == "    last error: no reply to 'T?'"


def test_a_set_that_is_answered_by_nothing_is_no_failure() -> None:
    set_ = {"sent": [r"S 5\n"], "came": [""], "time": NOW - 1, "is_answered": False}
    said = told(Explanation(reading(), "oven", facts(), None, set_))
    assert said[3:6] == [
        "  it is only written: nothing is asked for it",
        r"  set last 1.0 s ago: S 5\n",
        "    which is answered by nothing",
    ]


def test_registers_show_the_last_exchange_of_their_line() -> None:
    last = {"sent": [r"\x01\x03"], "came": [r"\x01"], "time": NOW - 1}
    said = told(Explanation(reading(), "oven", facts(), {**QUERY, "said": None}, last=last))
    assert r"  the last exchange on its line, 1.0 s ago: \x01\x03" in said


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({**QUERY, "unsolicited": True}, "  nothing is asked for it: the device says it by itself"),
        ({**QUERY, "unsolicited": True}, r"  came last 0.4 s ago: 77.35\r\n"),
        (
            {**QUERY, "period_s": None, "next_s": None},
            "  asked on each connect, after a set and when somebody wants it; not polled",
        ),
    ],
)
def test_what_is_not_polled_says_when_it_is_read(query: dict[str, Any], words: str) -> None:
    assert words in told(Explanation(reading(), "oven", facts(), query))


@pytest.fixture
def oven(tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "lab.toml").write_text(FILE)
    with serve(tmp_path / "lab.toml") as device:
        device.wait_until_read()
        yield device
        mktl.close()


def test_a_daemon_tells_a_client_all_of_it(call: Call, oven: Any) -> None:
    oven["target"].set(250)
    oven.unplug()
    oven.wait_for(lambda: oven["target"].status == "disconnected")
    oven.wait_for(lambda: oven["_test.link.oven.state"].value == 0)
    result = call("explain", "lab.target")
    assert result.exit_code == 0, result.stderr
    said = result.stdout.splitlines()
    assert said[0].startswith("lab.target = 250.0 K (disconnected: ")
    assert said[1] == "  the line is down, or another device is on it; the last value is kept"
    assert any(line.endswith(r": S 250.0\n") and line.startswith("  set last ") for line in said)
    assert any(line.startswith("  link oven is disconnected since 2") for line in said)


def test_programs_get_json_and_an_item_without_a_link_has_none(call: Call, oven: Any) -> None:
    temp, pid = json.loads(call("explain", "lab.temp", "lab._testpid", "--json").stdout)
    assert (temp["link"]["name"], temp["query"]["period_s"]) == ("oven", 0.05)
    assert pid["link"] is None
    assert "it is on no link" in call("explain", "lab._testpid").stdout
