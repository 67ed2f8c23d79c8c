"""``mark torture``: a file goes through every kind of fault, and what its items showed is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Call = Callable[..., Result]

FILE = r"""
[links.oven]
driver = "tcp"
host = "127.0.0.1"
port = 4001
reply_end = '\n'
reply_timeout_s = 0.05
gap_timeout_s = 0.01
retry_s = 0.02
retry_max_s = 0.05
identity = { send = 'ID?', reply = 'OVEN' }
[items.temp]
get = 'T?'
reply = '{:f}'
type = "numeric"
poll_s = 1
[items.target]
get = 'S?'
reply = '{:f}'
type = "numeric"
poll_s = 5
[items.name]
get = 'N?'
reply = 'name {:s}'
type = "string"
[simulate.initial]
temp = 300
target = 293
name = "left"
"""
MODBUS = r"""
[links.plc]
driver = "modbus"
url = "tcp://127.0.0.1:502"
unit = 1
reply_timeout_s = 0.05
retry_s = 0.02
retry_max_s = 0.05
[items.level]
register = "holding 0"
type = "numeric"
poll_s = 0.03
[items.limit]
register = "holding 40"
type = "numeric"
poll_s = 0.03
[simulate.initial]
level = 7
limit = 9
"""
SHORT = ("--seconds", "0.1")


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "oven.toml"
    path.write_text(FILE)
    return str(path)


@pytest.fixture
def unforgiving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for longer than the file says."""
    monkeypatch.setattr("mktl.daemon.torture._MARGIN_S", 0.2)


def test_a_row_for_each_fault_says_who_was_in_trouble_and_how_soon_all_were_back(
    call: Call, file: str
) -> None:
    result = call("torture", file, *SHORT, "--faults", "delay,drop,cut")
    title, head, *rows, verdict = result.stdout.splitlines()
    assert result.exit_code == 0, result.output
    assert title == f"{file}: 3 items"
    assert head.split() == ["fault", "spoiled", "in", "trouble", "wrong", "back", "slowest"]
    assert [row.split()[0] for row in rows if not row.startswith(" ")] == ["delay", "drop", "cut"]
    assert rows[0].split()[2:] == ["none", "0", "-", "-"]
    [cut] = [row for row in rows if row.startswith("cut")]
    assert cut.split()[:6] == ["cut", "-", "3", "of", "3", "disconnected"]
    assert cut.split()[6:8] == ["0", "3"]
    assert any("disconnected: temp, target, name: oven (" in row for row in rows)
    assert verdict == "all recovered; no item took another's reply"
    assert max(len(line) for line in result.stdout.splitlines()[1:]) <= 100


def test_every_kind_of_fault_is_one(call: Call, file: str) -> None:
    result = call("torture", file, *SHORT, "--faults", "dropp")
    assert result.exit_code == 2
    known = "delay, split, late, drop, truncate, garble, double, echo, blackhole, reset, cut"
    assert f"'dropp' is no fault; there are {known}" in result.stderr


def test_as_json_each_fault_is_an_object(call: Call, file: str) -> None:
    result = call("torture", file, *SHORT, "--faults", "blackhole", "--json")
    [told] = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["fault"] == "blackhole"
    assert told["spoiled"] == told["replies"] > 0
    assert told["troubles"]["temp"]["status"] == "timeout"
    assert (told["wrong"], told["lost"]) == ({}, {})
    assert told["recovered_s"].keys() == told["troubles"].keys()


def test_a_driver_that_takes_a_late_reply_for_the_next_ones_is_found_out(
    call: Call, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def believe(line: object, *_: object) -> None:
        line.in_step = True  # type: ignore[attr-defined]

    monkeypatch.setattr("mktl_drivers.runner.resynchronise", believe)
    monkeypatch.setattr("mktl_drivers.line.Line.settle", lambda _: None)
    # Somebody always waits for the line: what is late comes while the next one is under way.
    Path(file).write_text(FILE.replace("poll_s = 1", "poll_s = 0.03").replace("poll_s = 5", "poll_s = 0.03"))
    result = call("torture", file, "--seconds", "0.4", "--faults", "late")
    assert result.exit_code == 1
    assert "not what the device said to it" in result.stdout
    assert result.stdout.splitlines()[-1] == "not well after all: late"


def test_a_register_that_shows_anothers_value_is_found_out(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plc.toml"
    path.write_text(MODBUS)

    from mktl_drivers.modbus.frames import Frame, first_tcp_frame
    from mktl_drivers.modbus.tcp_line import TcpLine

    def any_answer(line: TcpLine) -> Frame | None:
        frame = first_tcp_frame(line._framer.rest)
        return None if frame is None else frame._replace(transaction=line._transaction)

    monkeypatch.setattr(TcpLine, "_first", any_answer)
    result = call("torture", str(path), "--seconds", "0.4", "--faults", "late")
    assert result.exit_code == 1
    assert " took '\\x03\\x02" in result.stdout  # the answer to a read of one register
    assert "not what the device said to it" in result.stdout


def test_the_echo_of_a_loopback_feeds_no_item(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "plc.toml"
    path.write_text(MODBUS.replace("tcp://127.0.0.1:502", "rtu:///dev/never-opened"))
    result = call("torture", str(path), "--seconds", "0.3", "--faults", "echo")
    assert result.exit_code == 0, result.output


def test_what_does_not_come_back_is_named(
    call: Call, file: str, monkeypatch: pytest.MonkeyPatch, unforgiving: None
) -> None:
    monkeypatch.setattr("mktl_simulators.stand_in.StandIn.end_trouble", lambda _: None)
    result = call("torture", file, *SHORT, "--faults", "cut")
    assert result.exit_code == 1
    assert "3 never" in result.stdout
    assert "not back: temp is disconnected: oven" in result.stdout
    assert result.stdout.splitlines()[-1] == "not well after all: cut"


def test_a_file_that_is_wrong_is_told_as_mark_check_does(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[links.a]\ndriver = 'tcpp'\n")
    result = call("torture", str(path))
    assert result.exit_code == 2
    assert 'did you mean "tcp"' in result.stderr
