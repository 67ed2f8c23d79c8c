"""``mark`` with a person in front of it: a pseudo-terminal of 100 columns."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from running import BIN, DEADLINE_S, Running

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _environment() -> dict[str, str]:
    """As on a terminal, whose size is its own and not one that was handed down."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return {**inherited, "TERM": "xterm-256color", "NO_COLOR": ""}


class Terminal:
    """One ``mark`` command on a terminal, and all that it has drawn there."""

    def __init__(self, *argv: str, cwd: Path) -> None:
        self._screen, keyboard = pty.openpty()
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.process = subprocess.Popen(
            [BIN / "mark", *argv], stdin=keyboard, stdout=keyboard, stderr=keyboard, cwd=cwd,
            start_new_session=True, env=_environment(),
        )  # fmt: skip
        os.close(keyboard)
        self._drawn = b""

    @property
    def text(self) -> str:
        """What was drawn, frame after frame, without colours and movements."""
        return CONTROL.sub("", self._drawn.decode("utf-8", "replace")).replace("\r\n", "\n")

    def _read(self, timeout_s: float) -> bool:
        if not select.select([self._screen], [], [], timeout_s)[0]:
            return False
        with contextlib.suppress(OSError):  # EIO: the other side is closed
            more = os.read(self._screen, 65536)
            self._drawn += more
            return bool(more)
        return False

    def wait_for(self, text: str) -> None:
        end_s = time.monotonic() + DEADLINE_S
        while text not in self.text:
            assert self._read(max(0.0, end_s - time.monotonic())), f"no {text!r} in:\n{self.text}"

    def finish(self) -> int:
        """The exit code, once all has been drawn."""
        while self._read(DEADLINE_S):
            pass
        return self.process.wait(DEADLINE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._screen)


@pytest.fixture
def look(lab: Running, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Run ``mark`` on a terminal, with a daemon to ask."""
    opened: list[Terminal] = []

    def start(*argv: str) -> Terminal:
        opened.append(Terminal(*argv, cwd=tmp_path))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def test_values_stand_in_a_table(look: Callable[..., Terminal]) -> None:
    terminal = look("get", "lab.temp", "lab.heater", "lab.unset")
    assert terminal.finish() == 0
    header, temp, heater, unset = (line.split() for line in terminal.text.splitlines())
    assert header == ["item", "value", "age", "status"]
    assert temp[:3] == ["lab.temp", "77.350", "K"]
    assert heater[:2] == ["lab.heater", "off"]
    assert unset == ["lab.unset", "-", "unset"]


def test_sets_lists_and_descriptions_are_tables_too(look: Callable[..., Terminal]) -> None:
    terminal = look("set", "lab.target=7")
    assert terminal.finish() == 0
    assert [line.split() for line in terminal.text.splitlines()][1] == ["lab.target", "7", "7.0", "mm"]
    terminal = look("list", "lab")
    assert terminal.finish() == 0
    assert terminal.text.splitlines()[-1] == "7 more that daemons have about themselves: --all"
    terminal = look("describe", "lab.temp")
    assert terminal.finish() == 0
    assert re.search(r"^status +ok *$", terminal.text, re.MULTILINE)
    assert terminal.text.startswith("item ")


def test_a_watched_table_follows_until_ctrl_c_and_gives_the_cursor_back(
    look: Callable[..., Terminal], call: Callable[..., Result]
) -> None:
    terminal = look("watch", "lab.target", "lab.heater")
    terminal.wait_for("1.0 mm")
    call("set", "lab.target=8")
    terminal.wait_for("8.0 mm")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.finish() == 0
    assert "Traceback" not in terminal.text
    hidden, shown = b"\x1b[?25l", b"\x1b[?25h"
    assert terminal._drawn.rfind(shown) > terminal._drawn.rfind(hidden) >= 0


def test_a_watched_table_ends_by_itself(look: Callable[..., Terminal]) -> None:
    terminal = look("watch", "lab.temp", "lab.heater", "--count", "2")
    assert terminal.finish() == 0
    assert "77.350 K" in terminal.text
    assert "off" in terminal.text
