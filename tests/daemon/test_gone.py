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
from mktl.errors import NoAnswerError
from mktl.protocol.client import client
from mktl.protocol.message import Payload, error_payload
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


@pytest.fixture
def asked(remote, monkeypatch):
    """An item whose daemon was lost and is back, with the question that it has asked then, under way."""
    item, sent = mktl.get("lab.temp"), []
    monkeypatch.setattr(client(), "send", lambda address, request: sent.append(request))
    item._lost("the cable was pulled")
    item._hears = True  # the way back for broadcasts is there first
    item._identified(True)
    return item, next(request for request in sent if request.target == "lab.temp")


def test_a_broadcast_that_comes_before_the_first_reply_after_a_loss_is_not_covered_up_by_it(asked) -> None:
    item, question = asked
    item._heard(Payload(6.0, time=2e9 + 0.1), None)
    question.then(Payload(5.0, time=2e9))
    assert (item.value, item.status) == (6.0, "ok")


def test_the_first_reply_after_a_loss_counts_even_if_it_is_older_than_what_was_known(asked) -> None:
    item, question = asked
    question.then(Payload(5.0, time=1e9))  # a value that the daemon has not kept, or a clock that was set
    assert (item.value, item.status) == (5.0, "ok")


def test_a_first_question_after_a_loss_that_is_lost_too_is_asked_again(asked, monkeypatch) -> None:
    item, question = asked
    monkeypatch.undo()
    question.then(error_payload(NoAnswerError("no ACK")))
    wait_for(lambda: item.status == "ok")


def test_a_first_question_after_a_loss_that_is_lost_casts_no_doubt_on_what_has_come_since(asked) -> None:
    item, question = asked
    item._heard(Payload(6.0, time=2e9), None)
    question.then(error_payload(NoAnswerError("no ACK")))
    item._heard(Payload(7.0, time=2e9 + 1), None)
    assert (item.value, item.status) == (7.0, "ok")
