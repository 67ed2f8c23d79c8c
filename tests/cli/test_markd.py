"""``markd`` as a process of its own: how it starts, refuses and stops."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from running import BIN, SERVING, Running

import mktl.daemon.configure
from mktl.cli import markd
from mktl.errors import DeviceFileError, Problem

Run = Callable[..., Running]

STOP_S = 2.0


def ports_of(home: Path) -> list[Path]:
    return [path for path in (home / "daemon" / "port").glob("*/*") if path.is_file()]


def refusal(process: Running) -> tuple[int, list[str]]:
    """Exit code and what was said."""
    code = process.wait()
    return code, [line.rstrip("\n") for line in process.said]


def test_a_start_is_one_line_with_store_name_counts_and_ports(run: Run, items_file: Path, home: Path) -> None:
    line = run("markd", "lab", "cold", "-c", items_file).wait_for(SERVING)
    ports = sorted(int(path.read_text()) for path in ports_of(home))
    assert " INFO " in line
    assert "mktl.markd: lab cold: 18 items, 0 links; " in line  # 11 of the file, 7 of its own
    assert sorted(int(word.strip(",")) for word in line.split() if word.strip(",").isdigit())[-2:] == ports


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(lab: Running, number: int) -> None:
    code, took_s = lab.stop(number)
    assert code == 0
    assert took_s < STOP_S
    assert not lab.has_left_children
    lab.wait()
    assert "Traceback" not in "".join(lab.said)


def test_it_runs_with_stdin_closed(run: Run, items_file: Path, call: Callable[..., Result]) -> None:
    daemon = run("markd", "lab", "cold", "-c", items_file, close_stdin=True)
    daemon.wait_for(SERVING)
    assert call("get", "lab.temp").stdout == "lab.temp = 77.350 K\n"
    code, took_s = daemon.stop()
    assert (code, took_s < STOP_S) == (0, True)


def test_a_simulated_device_goes_with_its_daemon(run: Run, call: Callable[..., Result]) -> None:
    file = Path(__file__).parents[2] / "configs" / "lakeshore336.toml"
    daemon = run("markd", "cryo", "ls336", "-c", file, "--simulate")
    assert ", 1 link, simulated; " in daemon.wait_for(SERVING)
    assert call("get", "cryo.model", "--refresh").stdout.startswith("cryo.model = MODEL336")
    code, took_s = daemon.stop()
    assert (code, took_s < STOP_S) == (0, True)
    assert not daemon.has_left_children


LINGERING = """
import threading
import mktl

class Lab(mktl.Daemon):
    def setup(self):
        print("setting up", flush=True)
        threading.Event().wait(0.3)

    def cleanup(self):
        print("cleaning up", flush=True)
        threading.Event().wait(0.5)
        print("clean", flush=True)
"""


def test_a_second_signal_while_it_stops_does_no_harm(run: Run, items_file: Path, tmp_path: Path) -> None:
    (tmp_path / "lingering.py").write_text(LINGERING)
    daemon = run("markd", "lab", "cold", "-c", items_file, "-m", "lingering", "-s", "Lab")
    daemon.wait_for(SERVING)
    daemon.send(signal.SIGTERM)
    daemon.wait_for("cleaning up", daemon.out)
    daemon.send(signal.SIGINT)
    daemon.send(signal.SIGTERM)
    assert daemon.wait() == 0
    assert "".join(daemon.said).count("cleaning up") == 1
    assert "clean\n" in daemon.said


def test_a_signal_while_it_sets_up_stops_it_as_soon_as_it_stands(
    run: Run, items_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "lingering.py").write_text(LINGERING)
    daemon = run("markd", "lab", "cold", "-c", items_file, "-m", "lingering", "-s", "Lab")
    daemon.wait_for("setting up", daemon.out)
    code, took_s = daemon.stop()
    assert (code, took_s < STOP_S) == (0, True)
    daemon.wait()
    assert "clean\n" in daemon.said


ANOTHER_THREAD = """
import signal, threading, time
from mktl.cli.markd import Stop

def hit_this_thread():
    time.sleep(0.2)  # until the main thread blocks; if it does not yet, the promise is only easier to keep
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

stop = Stop()
stop.install()
threading.Thread(target=hit_this_thread).start()
print(stop.wait(), flush=True)
"""


def test_a_signal_that_does_not_interrupt_the_main_thread_wakes_it_all_the_same(run: Run) -> None:
    process = run("python", "-c", ANOTHER_THREAD)
    process.wait_for("SIGTERM", process.out)
    assert process.wait() == 0


def test_the_configuration_is_known_at_the_next_start(
    lab: Running, run: Run, call: Callable[..., Result]
) -> None:
    lab.stop()
    run("markd", "lab", "cold").wait_for(SERVING)
    assert call("get", "lab.temp").stdout == "lab.temp = 77.350 K\n"


def test_a_twin_says_where_the_first_runs_and_leaves_it_alone(
    lab: Running, run: Run, call: Callable[..., Result]
) -> None:
    code, (line,) = refusal(run("markd", "lab", "cold"))
    assert code == 1
    assert line.startswith(f"markd: lab cold runs already: pid {lab.process.pid} on ")
    assert call("get", "lab.temp").exit_code == 0


def test_nothing_known_and_nothing_given_says_how_to_start(run: Run, home: Path) -> None:
    code, (line,) = refusal(run("markd", "lab", "cold"))
    assert code == 2
    assert line.startswith("markd: nothing is known of daemon 'cold' of store 'lab'")
    assert line.endswith("markd lab cold -c FILE")
    assert ports_of(home) == []


MISTAKES = """\
[links.oven]
driver = "tcp"
host = "127.0.0.1"
port = 4001

[items.temp]
type = "numerc"
link = "oven"
get = 'T?'
reply = '{:f'

[items.setpoint]
type = "numeric"
link = "ovem"
get = 'S?'
reply = '{:f}'

[items.mode]
type = "numeric"
descripton = "Mode"
range = [10, 1]
"""


def test_every_mistake_of_a_device_file_is_a_line_and_nothing_is_started(
    run: Run, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "oven.toml"
    path.write_text(MISTAKES)
    code, (*mistakes, verdict) = refusal(run("markd", "lab", "oven", "-c", path))
    assert code == 2
    assert verdict == f"markd: {path} has 5 mistakes; nothing was started"
    assert [mistake.removeprefix(str(path)).split(": ")[:2] for mistake in sorted(mistakes)] == [
        [":10", "items.temp.reply"],
        [":14", "items.setpoint.link"],
        [":20", "items.mode.descripton"],
        [":21", "items.mode.range"],
        [":7", "items.temp.type"],
    ]
    assert ports_of(home) == []


def test_five_mistakes_are_five_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = [
        Problem("plc.json", line, f"p{line}.count", "expected 1 to 125, got 200") for line in range(1, 6)
    ]

    def adopt(*_: object) -> None:
        raise DeviceFileError(problems)

    monkeypatch.setattr(mktl.daemon.configure, "adopt", adopt)
    monkeypatch.setattr(markd.Stop, "install", lambda self: None)
    assert markd.run(["lab", "plc", "-c", "plc.json"]) == 2
    *lines, verdict = capsys.readouterr().err.splitlines()
    assert lines == [f"plc.json:{n}: p{n}.count: expected 1 to 125, got 200" for n in range(1, 6)]
    assert verdict == "markd: plc.json has 5 mistakes; nothing was started"


def test_a_file_that_is_not_there_is_refused(run: Run, home: Path, tmp_path: Path) -> None:
    code, lines = refusal(run("markd", "lab", "cold", "-c", "nosuch.toml"))
    assert code == 2
    assert "nosuch.toml" in lines[0]
    assert "Traceback" not in "".join(lines)
    assert ports_of(home) == []


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["-m", "nosuchmodule"], "markd: no module 'nosuchmodule', neither in"),
        (["-m", "json"], "markd: module 'json' has no 'Daemon'; it defines no subclass of mktl.Daemon"),
        (["-s", "Lab"], "markd: error: -s Lab is a class of which module? name it with -m"),
        (["--speed", "2"], "markd: error: --speed is of the simulator's time: only with --simulate"),
        (["--speed", "0", "--simulate"], "a speed is a number above 0, got '0'"),
    ],
)
def test_a_wrong_command_line_is_refused_before_anything(
    run: Run, items_file: Path, home: Path, argv: list[str], message: str
) -> None:
    code, lines = refusal(run("markd", "lab", "cold", "-c", items_file, *argv))
    assert code == 2
    assert message in lines[-1]
    assert not home.exists()


def test_a_setup_that_raises_shows_its_author_where(run: Run, items_file: Path, tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(
        "import mktl\nclass Daemon(mktl.Daemon):\n    def setup(self):\n        1 / 0\n"
    )
    code, lines = refusal(run("markd", "lab", "cold", "-c", items_file, "-m", "failing"))
    assert code == 1
    assert "lab cold failed" in "\n".join(lines)
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_a_subclass_gets_the_command_line(run: Run, items_file: Path, tmp_path: Path) -> None:
    (tmp_path / "curious.py").write_text(
        "import json, mktl\nclass Daemon(mktl.Daemon):\n    def setup(self):\n"
        "        print(json.dumps(vars(self.arguments)), flush=True)\n"
    )
    daemon = run("markd", "lab", "cold", "-c", items_file, "-m", "curious", "-a", "plc.conf", "-v")
    arguments = json.loads(daemon.wait_for("{", daemon.out))
    assert arguments == {
        "store": "lab",
        "identifier": "cold",
        "module": "curious",
        "subclass": "Daemon",
        "configuration": str(items_file),
        "appconfig": "plc.conf",
        "simulate": False,
        "speed": 1.0,
        "verbose": True,
        "override": False,
        "record": None,
        "replay": None,
        "parameter": [],
        "audit": None,
    }


def test_a_subclass_may_store_its_own_configuration_and_end_itself(run: Run, tmp_path: Path) -> None:
    (tmp_path / "brief.py").write_text(
        "import mktl\nclass Daemon(mktl.Daemon):\n"
        "    def __init__(self, *args, **kwargs):\n"
        "        mktl.config.authoritative('lab', 'cold', {'TEMP': {'initial': 4.2}})\n"
        "        mktl.Daemon.__init__(self, *args, **kwargs)\n"
        "    def setup_final(self):\n"
        "        print(self.items['temp'].value, self.override, flush=True)\n"
        "        self.stop()\n"
    )
    daemon = run("markd", "lab", "cold", "-m", "brief", "-o")
    assert daemon.wait_for("4.2", daemon.out) == "4.2 True"
    assert daemon.wait() == 0


def test_a_close_that_never_returns_is_left_by_force(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    exits: list[int] = []
    monkeypatch.setattr(markd.os, "_exit", exits.append)
    markd.leave_by_force_after(0.01).join(5)
    assert exits == [1]
    assert "not stopped after 0 s, leaving by force; threads: MainThread" in caplog.text


# -- SIGHUP


def test_a_hangup_has_the_file_read_again_and_says_what_has_changed(
    lab: Running, items_file: Path, call: Callable[..., Result]
) -> None:
    lab.send(signal.SIGHUP)
    lab.wait_for("mktl.markd: nothing has changed")
    items = json.loads(items_file.read_text())
    items["TARGET"]["range"] = [0, 10]
    items_file.write_text(json.dumps({**items, "EXTRA": {"type": "numeric", "initial": 3}}))
    lab.send(signal.SIGHUP)
    assert lab.wait_for("lab cold: 1 item added").endswith(": extra")
    assert lab.wait_for("lab cold: 1 item changed").endswith(": target")
    lab.wait_for("lab cold: 19 items, 0 links; requests on port")
    assert call("get", "lab.extra").stdout == "lab.extra = 3\n"
    assert "above the maximum 10" in call("set", "lab.target=11").output
    code, took_s = lab.stop()
    assert (code, took_s < STOP_S) == (0, True)


def test_after_a_hangup_with_a_wrong_file_the_former_one_stays_in_force(
    run: Run, tmp_path: Path, call: Callable[..., Result]
) -> None:
    path = tmp_path / "oven.toml"
    path.write_text('[items.temp]\ntype = "numeric"\ninitial = 20\n')
    daemon = run("markd", "lab", "oven", "-c", path)
    daemon.wait_for(SERVING)
    path.write_text(MISTAKES)
    daemon.send(signal.SIGHUP)
    assert " ERROR " in daemon.wait_for("oven.toml:7: items.temp.type: ")
    daemon.wait_for("nothing was changed: 5 mistakes")
    assert call("get", "lab.temp").stdout == "lab.temp = 20\n"
    assert daemon.stop()[0] == 0


def test_a_hangup_because_the_terminal_is_gone_stops_it(run: Run, items_file: Path) -> None:
    master, slave = os.openpty()
    daemon = run(
        "markd", "lab", "cold", "-c", items_file,
        stdin=slave, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(slave)
    daemon.wait_for(SERVING)
    os.close(master)
    daemon.wait_for("SIGHUP: stopping")
    assert daemon.wait() == 0


# -- what a host may lack


def test_it_serves_and_stops_without_any_network(run: Run, items_file: Path, home: Path) -> None:
    """In a network namespace of its own, where not even loopback is up."""
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode:
        pytest.skip("this user may make no network namespace")
    daemon = Running("unshare", "-rn", BIN / "markd", "lab", "cold", "-c", items_file, cwd=home.parent)
    try:
        assert " INFO " in daemon.wait_for(SERVING)
        code, took_s = daemon.stop()
        assert (code, took_s < STOP_S) == (0, True)
        assert not [line for line in daemon.said if " ERROR " in line or "Traceback" in line]
    finally:
        daemon.close()
