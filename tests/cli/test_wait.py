"""``mark wait`` against a daemon."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from running import Running

import mktl

Call = Callable[..., Result]


def test_a_condition_that_holds_already_ends_the_wait_and_shows_the_values(lab: Running, call: Call) -> None:
    result = call("wait", "lab.temp < 100 and lab.heater == 'off'")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "lab.temp = 77.350 K\nlab.heater = off\n"
    assert call("wait", "-s", "lab", "temp", "<", "100").stdout == "lab.temp = 77.350 K\n"
    (temp,) = json.loads(call("wait", "lab.temp < 100", "--json").stdout)
    assert temp["value"] == 77.35
    assert call("wait", "lab.ra > '4:00:00' and lab.alarms == fine").exit_code == 0


def test_a_broadcast_ends_the_wait(lab: Running, run: Callable[..., Running], call: Call) -> None:
    wait = run("mark", "-v", "wait", "lab.target > 7 and lab.heater == high", "--timeout", "10")
    wait.wait_for("is there")  # subscribed
    call("set", "lab.heater=high")
    call("set", "lab.target=8")
    assert wait.wait() == 0
    assert list(wait.out.queue) == ["lab.target = 8.0 mm", "lab.heater = high"]


def test_a_condition_that_does_not_hold_in_time_is_one_line_with_the_values(lab: Running, call: Call) -> None:
    result = call("wait", "lab.temp < 5", "--timeout", "0.05")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "mark: not within 0.05 s: lab.temp < 5; lab.temp = 77.350 K\n"
    result = call("wait", "lab.unset < 5 or lab.curve == 1 or lab.temp/0 > 1", "--timeout", "0.05")
    assert result.stderr.endswith(
        "; lab.unset = - (unset), lab.curve = - (unset), lab.temp = 77.350 K, "
        "lab.unset: no value, lab.curve: no value, 77.35 / 0: float division by zero\n"
    )


def test_a_value_that_is_not_to_be_trusted_fulfils_nothing(
    make_daemon: Callable[..., mktl.Daemon], run: Callable[..., Running]
) -> None:
    daemon = make_daemon()
    temp = daemon.store["temp"]
    temp.publish(4.0, status="timeout", severity="invalid", reason="silent for 3 s")
    wait = run("mark", "wait", "not lab.temp > 5", "--timeout", "0.3")
    assert wait.wait() == 1
    (line,) = wait.err.queue
    assert line.endswith("; lab.temp = 4.000 K (timeout: silent for 3 s)")
    wait = run("mark", "-v", "wait", "lab.temp < 5", "--timeout", "10")
    wait.wait_for("is there")
    temp.publish(3.5)
    assert wait.wait() == 0
    assert list(wait.out.queue) == ["lab.temp = 3.500 K"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("lab.temp = 5", "mark: 'lab.temp = 5' has a single '='; equal is '=='; see mark wait --help\n"),
        ("lab.heater == 'hihg'", "did you mean 'high'?; see mark wait --help\n"),
        ("lab.temp < warm", "see mark wait --help\n"),
        ("lab.temp <", "see mark wait --help\n"),
    ],
)
def test_a_condition_that_cannot_be_read_exits_2(
    lab: Running, call: Call, condition: str, expected: str
) -> None:
    result = call("wait", condition, "--timeout", "5")
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.endswith(expected)


def test_an_item_that_is_not_there_exits_1(lab: Running, call: Call) -> None:
    result = call("wait", "lab.tmep < 5")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("mark: lab.tmep: store 'lab' has no such item; did you mean temp")
