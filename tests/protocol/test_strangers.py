"""A daemon's port that another kind of socket has had for a moment: who asked then finds the daemon later."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import zmq

import mktl
from mktl.errors import NoAnswerError
from mktl.protocol.client import client
from mktl.protocol.message import Request
from tests.conftest import free_port, wait_for
from tests.protocol.test_unanswered import Recorder


@pytest.fixture
def port() -> Iterator[int]:
    yield free_port(socket.SOCK_STREAM)
    mktl.close()


@contextmanager
def bound(kind: int, port: int) -> Iterator[None]:
    """A socket of some kind has the port."""
    with zmq.Context() as context, context.socket(kind) as held:
        held.linger = 0
        held.bind(f"tcp://127.0.0.1:{port}")
        yield


class Listener:
    def __init__(self) -> None:
        self.happened: list[str] = []

    def _heard(self, fields, bulk) -> None:
        self.happened.append(f"heard {fields['value']}")

    def _lost(self, reason: str) -> None:
        self.happened.append("lost")

    def _found(self) -> None:
        self.happened.append("found")


def test_a_blocking_request_finds_the_daemon_behind_whom_another_had_its_port(port) -> None:
    address = f"tcp://127.0.0.1:{port}"
    with bound(zmq.PUB, port), pytest.raises(NoAnswerError, match="nothing was sent"):
        client().request(address, Request("GET", "lab.temp"), 0.2)
    daemon = Recorder(port)
    assert client().request(address, Request("GET", "lab.temp"), 5, 5).value is True
    daemon.close()


def test_a_request_that_nobody_waits_for_finds_it_too(port, monkeypatch) -> None:
    monkeypatch.setattr("mktl.protocol.asynchronous.ACK_TIMEOUT_S", 0.2)
    address = f"tcp://127.0.0.1:{port}"
    with bound(zmq.PUB, port):
        lost = Request("GET", "lab.temp")
        client().send(address, lost)
        with pytest.raises(NoAnswerError, match="nothing was sent"):
            lost.wait(5)
    daemon = Recorder(port)
    monkeypatch.setattr("mktl.protocol.asynchronous.ACK_TIMEOUT_S", 5.0)
    found = Request("GET", "lab.temp")
    client().send(address, found)
    assert found.wait(5)
    daemon.close()


def test_a_subscription_finds_it_too(port, monkeypatch) -> None:
    monkeypatch.setattr("mktl.protocol.subscriptions.AGAIN_S", 0.02)
    listener = Listener()
    with bound(zmq.ROUTER, port):
        client().subscribe(f"tcp://127.0.0.1:{port}", b"a:lab.temp.", listener, wait_s=0.0)
        wait_for(lambda: "lost" in listener.happened)
    with bound(zmq.PUB, port):
        wait_for(lambda: "found" in listener.happened)
