"""Completion in shells, through click's own way in."""

from __future__ import annotations

import json
import os
import pty
import select
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import Result
from running import BIN, Running

import mktl
from mktl.cli.completing import known_items
from mktl.cli.mark import mark
from mktl.config import registries

Call = Callable[..., Result]


def completed(*args: str) -> list[str]:
    """What stands after the last of *args* when Tab is pressed."""
    *before, typed = args
    found = ShellComplete(mark, {}, "mark", "_MARK_COMPLETE").get_completions(before, typed)
    return [item.value for item in found]


def block_file(home: Path, store: str, items: object) -> None:
    uuid = "00000000-0000-4000-8000-000000000001"
    path = home / "client" / "cache" / store / f"{uuid}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    provenance = [{"stratum": 0, "hostname": "nowhere", "rep": 1, "pub": 2}]
    path.write_text(json.dumps({"store": store, "uuid": uuid, "items": items, "provenance": provenance}))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a completion went to the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(mktl.begin, "client", refuse)


@pytest.mark.usefixtures("no_network")
def test_stores_then_keys_then_words(home: Path) -> None:
    items = {
        "heater": {"type": "enumerated", "enumerators": {"0": "off", "1": "low", "3": "high"}},
        "serial": {"settable": False},
        "setpoint": {"description": "What is aimed at"},
        "_coldcpu": {},
    }
    block_file(home, "lab", items)
    assert completed("get", "") == ["lab.heater", "lab.serial", "lab.setpoint"]  # one store: its keys
    block_file(home, "den", {"temp": {}})
    assert completed("get", "") == ["den.", "lab."]
    assert completed("get", "d") == ["den.temp"]
    assert completed("watch", "den.temp", "LAB.se") == ["lab.serial", "lab.setpoint"]
    assert completed("describe", "lab._") == ["lab._coldcpu"]
    assert completed("get", "-s", "lab", "h") == ["heater"]
    assert completed("get", "-s", "") == ["den", "lab"]
    assert completed("list", "l") == ["lab"]
    assert completed("wait", "lab.h") == ["lab.heater"]
    assert completed("set", "lab.") == ["lab.heater=", "lab.setpoint="]
    assert completed("set", "lab.heater=") == ["lab.heater=off", "lab.heater=low", "lab.heater=high"]
    assert completed("set", "-s", "lab", "heater=H") == ["heater=high"]
    assert completed("get", "nosuch.") == []


@pytest.mark.usefixtures("no_network")
def test_bash_takes_an_assignment_for_three_words(home: Path) -> None:
    block_file(home, "lab", {"heater": {"enumerators": {"0": "off", "3": "high"}}})
    assert completed("set", "lab.heater", "=") == ["off", "high"]
    assert completed("set", "lab.heater", "=", "h") == ["high"]


def test_daemons_of_this_host_are_known_before_they_are_asked(lab: Running) -> None:
    assert completed("get", "lab.te") == ["lab.temp"]
    assert completed("set", "lab.s") == ["lab.secret="]


@pytest.mark.usefixtures("no_network")
def test_addresses_and_commands_are_completed_too() -> None:
    registries.save(["chonk.example.org", "10.0.0.1"])
    assert completed("discover", "ch") == ["chonk.example.org"]
    assert "wait" in completed("w")
    assert completed("completion", "") == ["bash", "zsh", "fish"]


@pytest.mark.parametrize("garbage", ["", "{", "[]", '{"items": 3}', '{"a b;rm": 1, "ok": 2}', "\udcff"])
def test_garbage_on_the_disk_completes_to_nothing(home: Path, garbage: str) -> None:
    for path in ("client/cache/lab/x.json", "daemon/store/lab/x.json", "daemon/port/lab/x.req"):
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(garbage, errors="surrogateescape")
    assert set(completed("get", "lab.")) <= {"lab.ok", "lab.items"}
    assert completed("get", "l/../..") == completed("get", "../../etc.") == []
    assert known_items("lab").keys() <= {"ok", "items"}


def test_no_home_at_all_completes_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKTL_HOME", "/proc/none/of/this")
    assert completed("get", "") == completed("set", "x") == completed("discover", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(call: Call, shell: str) -> None:
    result = call("completion", shell)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"_MARK_COMPLETE={shell}_complete" in result.stdout
    assert call("completion", "csh").exit_code == 2


def test_bash_completes_with_the_script(home: Path, tmp_path: Path) -> None:
    block_file(home, "lab", {"heater": {}, "setpoint": {}})
    script = (
        f'eval "$({BIN}/mark completion bash)"; COMP_WORDS=(mark get lab.s); COMP_CWORD=2; '
        f'_mark_completion {BIN}/mark 2>/dev/null; echo "${{COMPREPLY[@]}}"'
    )
    environment = {**os.environ, "PATH": f"{BIN}:/usr/bin:/bin"}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=environment, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout == "lab.setpoint\n", done.stderr


def test_tab_completes_in_a_bash_that_somebody_types_into(home: Path) -> None:
    block_file(home, "lab", {"heater": {"enumerators": {"0": "off", "3": "high"}}, "setpoint": {}})
    environment = {**os.environ, "PATH": f"{BIN}:/usr/bin:/bin", "TERM": "dumb", "PS1": "ready> "}
    master, terminal = pty.openpty()
    command = ["bash", "--norc", "--noprofile", "-i"]
    process = subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, start_new_session=True
    )
    os.close(terminal)

    def until(text: str) -> None:
        shown, end_s = "", time.monotonic() + 20
        while text not in shown:
            assert select.select([master], [], [], max(0, end_s - time.monotonic()))[0], shown
            shown += os.read(master, 4096).decode()

    def type_in(keys: str) -> None:
        os.write(master, keys.encode())

    try:
        until("ready> ")
        type_in('eval "$(mark completion bash)" && echo do""ne\n')
        until("done")
        type_in("mark get lab.se\t")
        until("lab.setpoint ")  # with a blank: nothing more can come
        type_in("\x15mark set lab.h\t")
        until("lab.heater=")
        type_in("h\t")
        until("high")
        type_in("\x15mark li\t")
        until("mark list ")
    finally:
        process.kill()
        process.wait(10)
        os.close(master)
