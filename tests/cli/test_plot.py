"""``mark plot``: CSV in a pipe, a chart on a terminal, a picture in a file."""

from __future__ import annotations

import fcntl
import signal
import struct
import sys
import termios
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import Result
from running import Running
from test_terminal import Terminal

from mktl.cli.plotting import Record, number_of
from mktl.cli.plotting_live import frame
from mktl.cli.values import Reading

Call = Callable[..., Result]
TEMP = Reading("lab.temp", 77.35, "77.350", "K", "K")
GONE = Reading("lab.temp", 77.35, "77.350", "K", "K", status="stale", severity="invalid", reason="gone")


def test_only_numbers_that_can_be_trusted_are_drawn() -> None:
    assert number_of(TEMP) == 77.35
    assert number_of(GONE) is None
    for value in (None, "77", float("nan"), float("inf"), [1.0]):
        assert number_of(Reading("lab.x", value, "")) is None


def test_a_frame_is_as_large_as_the_terminal_and_names_the_items() -> None:
    target = Reading("lab.target", 5, "5.0", "mm", "mm")
    records = [
        Record("lab.temp", "K", GONE, [(0.0, 77.35)]),
        Record("lab.target", "mm", target, [(0.0, 5.0)]),
    ]
    for width, height in ((80, 24), (40, 12), (132, 50)):
        lines = frame(records, 1.0, 60.0, width, height).plain.split("\n")
        assert (len(lines), max(map(len, lines))) == (height, width)
    assert lines[0].startswith("━ lab.temp  77.350 K  stale")
    assert lines[1] == "━ lab.target  5.0 mm"


def test_points_that_have_left_the_window_are_forgotten_but_the_one_that_holds() -> None:
    record = Record("lab.temp", "K", TEMP, [(0.0, 1.0), (1.0, 2.0), (90.0, 3.0)])
    frame([record], 100.0, 60.0, 80, 24)
    assert record.points == [(1.0, 2.0), (90.0, 3.0)]


def test_a_pipe_gets_csv(lab: Running, run: Callable[..., Running], call: Call) -> None:
    plot = run("mark", "plot", "lab.target", "lab.heater", "lab.unset")
    assert plot.out.get(timeout=10) == "time,lab.target,lab.heater,lab.unset"
    time, *values = plot.out.get(timeout=10).split(",")
    assert (float(time) > 1.7e9, values) == (True, ["1", "0", ""])
    call("set", "lab.target=8.25")
    plot.wait_for(",8.25,0,", plot.out)
    call("set", "lab.unset=-1e-9")
    plot.wait_for(",8.25,0,-1e-09", plot.out)
    assert plot.stop(signal.SIGINT)[0] == 0
    assert plot.wait() == 0
    assert plot.err.empty()


def test_a_plot_ends_by_itself_and_says_what_is_no_number(lab: Running, call: Call) -> None:
    result = call("plot", "lab.temp", "lab.label", "lab.tmep", "--seconds", "0.05")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "time,lab.temp"
    label, tmep = sorted(result.stderr.splitlines())
    assert label == "mark: lab.label is of type string: only numbers can be plotted"
    assert tmep.startswith("mark: lab.tmep: store 'lab' has no such item")
    header = call("plot", "lab", "--seconds", "0.05").stdout.splitlines()[
        0
    ]  # a store: what can be drawn of it
    assert header == "time," + ",".join(
        f"lab.{key}" for key in ("temp", "target", "heater", "alarms", "ra", "unset", "any")
    )


def test_a_terminal_gets_a_chart_that_follows_its_size(lab: Running, tmp_path: Path, call: Call) -> None:
    terminal = Terminal("plot", "lab.target", "lab.temp", cwd=tmp_path)
    try:
        terminal.wait_for("━ lab.target  1.0 mm")
        call("set", "lab.target=8")
        terminal.wait_for("━ lab.target  8.0 mm")
        fcntl.ioctl(terminal._screen, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 50, 0, 0))
        seen = len(terminal.text)
        call("set", "lab.target=9")
        terminal.wait_for("━ lab.target  9.0 mm")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.finish() == 0
        assert "Traceback" not in terminal.text
        last = terminal.text[seen:].rsplit("━ lab.target", 1)[1].splitlines()
        assert (len(last), len(last[-1].rstrip())) == (10, 49)
        assert terminal._drawn.rfind(b"\x1b[?1049l") > terminal._drawn.rfind(b"\x1b[?1049h") >= 0
    finally:
        terminal.close()


def test_a_picture_without_matplotlib_is_one_clear_line(
    lab: Running, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = call("plot", "lab.temp", "--seconds", "0.1", "--output", str(tmp_path / "x.png"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "mark: mark plot --output needs matplotlib: pip install 'mktl[plot]'\n"


def test_a_picture_in_no_directory_is_refused_before_anything_is_recorded(call: Call, tmp_path: Path) -> None:
    result = call("plot", "lab.temp", "--output", str(tmp_path / "none" / "x.png"))
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_a_picture_of_so_many_seconds(lab: Running, run: Callable[..., Running], tmp_path: Path) -> None:
    if find_spec("matplotlib") is None:
        pytest.skip("matplotlib is not installed")
    path = tmp_path / "x.png"
    # A process of its own: matplotlib keeps the file of its font open.
    plot = run("mark", "plot", "lab.temp", "lab.heater", "lab.unset", "--seconds", "0.2", "--output", path)
    assert (plot.wait(), list(plot.err.queue)) == (0, [])
    assert plot.out.get().startswith(f"{path}: 3 items, ")
    assert path.read_bytes().startswith(b"\x89PNG\r\n")
