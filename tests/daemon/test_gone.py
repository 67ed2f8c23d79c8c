"""What clients see when their daemon is gone, stands still, and comes back."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import mktl
from mktl.config import local
from tests.conftest import free_port, wait_for, wait_until_serving

MARKD = str(Path(sys.executable).parent / "markd")


class Remote:
    """A `markd` in a process of its own that can be killed, stopped and started again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [MARKD, "lab", "one", "-c", str(self._path)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        wait_until_serving(self.process)

    def end(self, signum: int = signal.SIGKILL) -> None:
        assert self.process is not None
        assert self.process.stderr is not None
        os.kill(self.process.pid, signum)
        self.process.wait(5)
        self.process.stderr.close()
        self.process = None


def move() -> None:
    """Have the next start take other ports."""
    uuid = local.daemon_uuid("lab", "one")
    local.save_ports("lab", uuid, free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM))


@pytest.fixture
def remote(home, tmp_path):
    path = tmp_path / "items.json"
    path.write_text(json.dumps({"temp": {"type": "numeric", "initial": 4.2, "persist": True}}))
    # Ports of its own: one that a killed daemon leaves must not go to any other beside these tests.
    move()
    remote = Remote(path)
    remote.start()
    yield remote
    if remote.process is not None:
        os.kill(remote.process.pid, signal.SIGCONT)
        remote.end()


def test_a_callback_is_told_too(remote) -> None:
    item, seen = mktl.get("lab.temp"), []
    item.register(lambda item, value, timestamp: seen.append((item.status, value)))
    remote.end()
    wait_for(lambda: seen == [("stale", 4.2)])


def test_items_are_read_again_when_the_daemon_is_back(remote) -> None:
    item = mktl.get("lab.temp")
    for value in (5.0, 6.0):
        item.set(value)
        remote.end()
        wait_for(lambda: item.status == "stale")
        remote.start()
        wait_for(lambda: item.status == "ok")
        assert item.value == value


def test_clients_follow_a_daemon_that_comes_back_on_other_ports(remote, home) -> None:
    item = mktl.get("lab.temp")
    remote.end()
    wait_for(lambda: item.status == "stale")
    [known] = local.known_daemons("lab")
    move()
    remote.start()
    [moved] = local.known_daemons("lab")
    assert moved.ports != known.ports
    wait_for(lambda: item.status == "ok")
    item.set(7.5)
    assert item.value == 7.5
