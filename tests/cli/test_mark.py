"""``mark`` against a daemon in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result
from running import BIN, Running

Call = Callable[..., Result]


def test_get_prints_one_line_per_item(lab: Running, call: Call) -> None:
    result = call("get", "lab.ra", "LAB.Temp", "lab.unset")
    assert result.stdout.splitlines() == [
        "lab.ra = 4:46:28.7 h",
        "lab.temp = 77.350 K",
        "lab.unset = - (unset)",
    ]
    assert (result.exit_code, result.stderr) == (0, "")
    assert call("get", "-s", "lab", "temp", "heater").stdout == "lab.temp = 77.350 K\nlab.heater = off\n"
    assert call("get", "lab.temp", "lab.heater", "--serial", "--refresh").exit_code == 0


def test_a_whole_store_is_all_that_can_be_read_and_its_housekeeping_when_asked_for(
    lab: Running, call: Call
) -> None:
    keys = [line.split(" = ")[0] for line in call("get", "lab").stdout.splitlines()]
    # in the order of the file, without `secret`, which can only be set
    assert [key.removeprefix("lab.") for key in keys] == (
        ["temp", "target", "heater", "alarms", "ra", "label", "serial", "unset", "curve", "any"]
    )
    every = call("get", "lab", "--all").stdout
    assert "lab._coldhost = " in every
    assert every.startswith("lab.temp")


def test_json_is_one_array_for_any_parser(lab: Running, call: Call) -> None:
    temp, label, unset = json.loads(call("get", "--json", "lab.temp", "lab.label", "lab.unset").stdout)
    assert isinstance(temp.pop("time"), float)
    assert temp == {
        "key": "lab.temp",
        "value": 77.35,
        "formatted": "77.350",
        "units": "K",
        "status": "ok",
        "severity": "none",
        "reason": "",
    }
    assert label["value"] == "two\nlines \u001b[31m"
    assert (unset["value"], unset["status"]) == (None, "unset")
    assert json.loads(call("get", "--json", "nosuch.x").stdout) == []


def test_what_cannot_be_had_is_said_and_the_rest_is_done(lab: Running, call: Call) -> None:
    result = call("get", "lab.tmep", "lab.temp", "nosuch.a", "nosuch.b", "lab.secret")
    assert result.exit_code == 1
    assert result.stdout == "lab.temp = 77.350 K\n"
    nosuch, tmep, secret = result.stderr.splitlines()  # the same store is not said twice
    assert nosuch.startswith("mark: no daemon found for store 'nosuch'; is it running? ")
    assert tmep.startswith("mark: lab.tmep: store 'lab' has no such item; did you mean temp")
    assert secret == "mark: lab.secret can be set but not read"


def test_set_says_what_was_set_and_what_the_daemon_shows(lab: Running, call: Call) -> None:
    result = call("set", "lab.target=12.34", "lab.heater=HIGH", "lab.alarms=dry, hot", "lab.label= x=y ")
    assert result.stdout.splitlines() == [
        "lab.target: set 12.34, now 12.3 mm",
        "lab.heater: set HIGH, now high",
        "lab.alarms: set dry, hot, now hot, dry",
        "lab.label: set  x=y , now  x=y ",
    ]
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(call("get", "--json", "lab.alarms").stdout)[0]["value"] == 5
    call("set", "lab.any=[1, null]", "lab.curve=1,2.5", "lab.ra=6:00:00", "lab.unset=-1e3")
    values = {one["key"]: one["value"] for one in json.loads(call("get", "lab", "--json").stdout)}
    assert (values["lab.any"], values["lab.curve"], values["lab.unset"]) == ([1, None], [1, 2.5], -1000.0)


def test_each_refusal_is_one_line_and_the_other_sets_are_done(lab: Running, call: Call) -> None:
    result = call("set", "lab.target=312", "lab.heater=hihg", "lab.serial=x", "lab.temp=warm", "lab.unset=3")
    assert result.exit_code == 1
    assert result.stdout == "lab.unset: set 3, now 3 V\n"
    target, heater, serial, temp = result.stderr.splitlines()
    assert target == "mark: lab.target: 312 mm is above the maximum 300 mm"
    assert heater.startswith("mark: lab.heater: 'hihg' is not one of 'off' (0), 'low' (1), 'high' (3)")
    assert heater.endswith("did you mean 'high'?")
    assert serial == "mark: lab.serial is read only"
    assert temp == "mark: lab.temp: 'warm' is not a number"


def test_set_in_other_manners(lab: Running, call: Call) -> None:
    assert call("set", "-s", "lab", "target=1", "target=2", "--serial").stdout.endswith("set 2, now 2.0 mm\n")
    (one,) = json.loads(call("set", "lab.target=7", "--json").stdout)
    assert (one["key"], one["set"], one["value"], one["confirmed"]) == ("lab.target", 7, 7, True)
    assert call("set", "lab.secret=1").stdout == "lab.secret: set 1\n"
    assert call("set", "lab.target=9", "--no-wait").exit_code == 0
    assert call("set", "lab.target=999", "--no-wait").stderr.startswith("mark: lab.target: 999 mm is above")
    assert call("get", "lab.target").stdout == "lab.target = 9.0 mm\n"


def test_a_command_that_makes_no_sense_sends_nothing_and_exits_2(lab: Running, call: Call) -> None:
    result = call("set", "lab.target=5", "lab.heater")
    assert result.exit_code == 2
    assert result.stderr.startswith("mark: 'lab.heater' sets nothing: expected KEY=VALUE")
    assert call("get", "lab.target").stdout == "lab.target = 1.0 mm\n"
    for wrong in (
        ["get"],
        ["set"],
        ["get", "--timeout", "0", "lab"],
        ["nonsense"],
        ["list", "lab.temp"],
        ["get", "-x"],
    ):
        result = call(*wrong)
        assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1), wrong


def test_list_has_stores_and_items(lab: Running, call: Call) -> None:
    assert call("list").stdout == "lab\n"
    assert json.loads(call("list", "--json").stdout) == [{"store": "lab"}]
    lines = [line.split("\t") for line in call("list", "lab").stdout.splitlines()]
    assert lines[0] == ["lab.temp", "numeric", "K", "rw", "Cold plate"]
    assert ["lab.serial", "string", "", "ro", ""] in lines
    (temp, *_) = json.loads(call("list", "lab", "--json").stdout)
    assert temp == {
        "key": "lab.temp",
        "type": "numeric",
        "units": "K",
        "settable": True,
        "description": "Cold plate",
    }
    assert call("list", "nosuch").exit_code == 1


def test_describe_has_everything_of_an_item(lab: Running, call: Call) -> None:
    facts = dict(line.split(": ", 1) for line in call("describe", "lab.target").stdout.splitlines())
    assert facts["range"] == "0 to 300"
    assert (facts["value"], facts["status"], facts["settable"]) == ("1.0 mm", "ok", "yes")
    assert facts["daemon"].startswith("lab cold on ")
    (heater,) = json.loads(call("describe", "lab.heater", "--json").stdout)
    assert heater["config"]["enumerators"] == {"0": "off", "1": "low", "3": "high"}
    assert heater["daemon"]["alias"] == "cold"
    assert isinstance(heater["daemon"]["rep"], int)
    assert call("describe", "lab.secret").exit_code == 0  # what cannot be read can be described
    assert call("describe", "lab.tmep").stderr.startswith("mark: lab.tmep: store 'lab' has no such item")


def test_watch_prints_updates_as_they_come_and_ends_well_on_ctrl_c(
    lab: Running, run: Callable[..., Running], call: Call
) -> None:
    watch = run("mark", "watch", "lab.target", "lab.unset")
    assert watch.wait_for("lab.target", watch.out).endswith(" lab.target = 1.0 mm")
    watch.wait_for("lab.unset = - (unset)", watch.out)
    call("set", "lab.target=8")
    watch.wait_for("lab.target = 8.0 mm", watch.out)
    assert watch.stop(signal.SIGINT)[0] == 0
    assert watch.wait() == 0
    assert watch.err.empty()


def test_watch_ends_by_itself_after_a_count_or_a_time(lab: Running, call: Call) -> None:
    result = call("watch", "lab.temp", "lab.heater", "--count", "2", "--json")
    assert [json.loads(line)["key"] for line in result.stdout.splitlines()] == ["lab.temp", "lab.heater"]
    assert call("watch", "lab.temp", "--seconds", "0.05").exit_code == 0
    result = call("watch", "lab.nosuch", "lab.temp", "--count", "1")
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 1)
    assert call("watch", "lab.nosuch").exit_code == 1


def shell(script: str, cwd: Path) -> Any:
    """What a shell makes of *script*, with ``mark`` on its path."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", script],
        env={**os.environ, "PATH": f"{BIN}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        stdin=subprocess.DEVNULL,
        cwd=cwd,
    )


def test_a_reader_that_has_had_enough_is_no_error(lab: Running, tmp_path: Path) -> None:
    for command in ("mark get lab", "mark list lab", "mark watch lab", "mark get lab --json"):
        done = shell(f"{command} | head -1", tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert len(done.stdout.splitlines()) == 1
