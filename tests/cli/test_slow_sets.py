"""``mark`` and an item whose set takes its time."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from running import SERVING, Running

SLOW = """
import threading
import mktl

class Slow(mktl.Item):
    def req_set(self, request):
        print("moving", flush=True)
        threading.Event().wait(1.5)
        self.publish(request.payload.value)

class Lab(mktl.Daemon):
    def setup(self):
        self.add_item(Slow, "target")
"""


@pytest.fixture
def slow_lab(run: Callable[..., Running], items_file: Path, tmp_path: Path) -> Running:
    (tmp_path / "slowlab.py").write_text(SLOW)
    daemon = run("markd", "lab", "cold", "-c", items_file, "-m", "slowlab", "-s", "Lab")
    daemon.wait_for(SERVING)
    return daemon


def test_a_slow_set_is_given_up_by_its_timeout_and_the_others_are_done(
    slow_lab: Running, call: Callable[..., Result]
) -> None:
    result = call("set", "lab.target=5", "lab.unset=1", "--timeout", "0.2")
    assert result.exit_code == 1
    assert result.stdout == "lab.unset: set 1, now 1 V\n"
    assert result.stderr.startswith("mark: lab.target: ")
    assert len(result.stderr.splitlines()) == 1


def test_no_wait_leaves_while_the_daemon_is_at_it(slow_lab: Running, call: Callable[..., Result]) -> None:
    assert call("set", "lab.target=5", "--no-wait").stdout == "lab.target: sent 5\n"
    slow_lab.wait_for("moving", slow_lab.out)


def test_ctrl_c_ends_a_set_at_once_without_a_word(slow_lab: Running, run: Callable[..., Running]) -> None:
    setting = run("mark", "set", "lab.target=6")
    slow_lab.wait_for("moving", slow_lab.out)
    begun_s = time.monotonic()
    assert setting.stop(signal.SIGINT)[0] == 130
    assert time.monotonic() - begun_s < 1.0
    setting.wait()
    assert setting.said == []
