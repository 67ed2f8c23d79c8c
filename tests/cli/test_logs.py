"""What a daemon writes to its log, and how often."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from running import SERVING, Running

from mktl.cli import logs
from mktl.cli.damping import BURST, WINDOW_S, Damper
from mktl.errors import MktlError

Run = Callable[..., Running]


class Kept(logging.Handler):
    """A handler that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")


class Night:
    """A log through a night that passes in no time."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.handler = Kept()
        self._due: list[tuple[float, Callable[[], object]]] = []
        self.damper = Damper(self.handler, lambda: self.now_s, self._later)
        self.handler.addFilter(self.damper)
        self.log = logging.Logger("mktl.drivers.runner")
        self.log.addHandler(self.handler)

    def _later(self, delay_s: float, function: Callable[[], object]) -> None:
        self._due.append((self.now_s + delay_s, function))

    def pass_to(self, now_s: float) -> None:
        self.now_s = now_s
        for due in [due for due in self._due if due[0] <= now_s]:
            self._due.remove(due)
            due[1]()


def test_what_comes_again_and_again_is_counted() -> None:
    night = Night()
    for second in range(BURST + 57):
        night.pass_to(second)
        night.log.warning("%s: no such device", "oven")
    assert night.handler.lines == ["WARNING oven: no such device"] * BURST
    night.pass_to(WINDOW_S)
    assert night.handler.lines[BURST:] == [
        "WARNING oven: no such device (... 57 more times in the last 10 min)"
    ]
    night.log.warning("%s: no such device", "oven")
    assert night.handler.lines[BURST + 1 :] == ["WARNING oven: no such device"]


def test_what_another_device_says_is_written() -> None:
    night = Night()
    for _ in range(BURST + 1):
        night.log.warning("%s: no such device", "oven")
    night.log.warning("%s: no such device", "pump")
    night.log.info("%s: answering again after %.1f s", "oven", 3.0)
    assert night.handler.lines[BURST:] == [
        "WARNING pump: no such device",
        "INFO oven: answering again after 3.0 s",
    ]


def test_what_was_held_back_is_counted_at_the_end() -> None:
    night = Night()
    for _ in range(BURST + 1):
        night.log.error("%s: broken", "oven")
    night.now_s = 60.0
    night.damper.close()
    assert night.handler.lines[-1] == "ERROR oven: broken (... once more in the last 1 min)"


def test_a_trace_is_written_line_by_line() -> None:
    night = Night()
    night.log.name = "mktl.trace"
    for _ in range(3 * BURST):
        night.log.info("%s > %s", "oven", "T?")
    assert len(night.handler.lines) == 3 * BURST


def test_an_audit_has_a_line_for_each_set_and_nothing_else_is_in_the_log(
    run: Run, items_file: Path, tmp_path: Path, call: Callable[..., Result]
) -> None:
    audit = tmp_path / "audit.log"
    daemon = run("markd", "lab", "cold", "-c", items_file, "--audit", audit)
    daemon.wait_for(SERVING)
    call("set", "lab.target=12.5")
    call("set", "lab.target=312")
    call("set", "lab.secret=5")
    daemon.stop()
    daemon.wait()
    lines = audit.read_text().splitlines()
    who = r" by \S+@\S+ pid \d+ \(\S+\): "
    assert re.search(r"lab\.target 1 -> 12\.5" + who + r"done in \d+\.\d ms$", lines[0])
    refused = r"LimitError: lab\.target: 312 mm is above the maximum 300 mm"
    assert re.search(r"lab\.target 12\.5 -> 312\S*" + who + refused + r" in \d+\.\d ms$", lines[1])
    assert re.search(r"lab\.secret \(hidden\)" + who + "done", lines[2])
    assert len(lines) == 3
    assert "mktl.audit" not in "".join(daemon.said)


def test_without_an_audit_no_set_is_logged(lab: Running, call: Callable[..., Result]) -> None:
    call("set", "lab.target=12.5")
    lab.stop()
    lab.wait()
    assert "12.5" not in "".join(lab.said)


def test_an_audit_that_cannot_be_written_is_refused_before_anything(
    run: Run, items_file: Path, home: Path
) -> None:
    process = run("markd", "lab", "cold", "-c", items_file, "--audit", items_file / "audit.log")
    assert process.wait() == 2
    assert "lab.json/audit.log: Not a directory; name a file that can be written" in process.said[0]
    assert not home.exists()


@pytest.fixture
def levels() -> object:
    """The levels as they were."""
    loggers = logging.getLogger(), logging.getLogger("mktl.audit")
    before = [log.level for log in loggers]
    yield
    for log, level in zip(loggers, before, strict=True):
        log.setLevel(level)


def test_a_file_of_an_audit_is_closed_at_the_end(levels: object, tmp_path: Path) -> None:
    with logs.begin(verbose=False, audit=str(tmp_path / "audit.log")):
        logging.getLogger("mktl.audit").info("one")
    assert not logging.getLogger("mktl.audit").handlers
    logging.getLogger("mktl.audit").propagate = True
    assert (tmp_path / "audit.log").read_text().endswith(" one\n")


def test_an_audit_in_a_directory_that_is_not_there_is_an_error(levels: object, tmp_path: Path) -> None:
    with pytest.raises(MktlError, match="name a file that can be written"):
        logs.begin(verbose=False, audit=str(tmp_path / "no" / "audit.log"))
