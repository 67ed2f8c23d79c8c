"""Connections that were used once and are not any more."""

from __future__ import annotations

import socket
import threading

import pytest

import mktl
from mktl.protocol.client import client
from mktl.protocol.message import Payload, Request
from tests.conftest import free_port, wait_for
from tests.protocol.test_unanswered import Recorder


@pytest.fixture
def address():
    port = free_port(socket.SOCK_STREAM)
    daemon = Recorder(port)
    yield f"tcp://127.0.0.1:{port}"
    mktl.close()
    daemon.close()


def ask(address: str) -> None:
    assert client().request(address, Request("GET", "lab.temp"), 5, 5).value is True


def test_a_connection_that_a_thread_uses_no_more_is_closed_and_made_again(address, monkeypatch) -> None:
    monkeypatch.setattr("mktl.protocol.client.IDLE_S", 0.05)
    client()._do(lambda: None)  # as in any process with subscriptions
    ask(address)
    [used] = client()._dealers
    wait_for(lambda: used.closed and not client()._dealers)
    ask(address)


def test_connections_of_threads_that_have_ended_are_closed(address, monkeypatch) -> None:
    monkeypatch.setattr("mktl.protocol.client.IDLE_S", 0.05)
    client()._do(lambda: None)
    threads = [threading.Thread(target=ask, args=(address,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: not client()._dealers)


def test_a_connection_in_use_stays_however_long_the_answer_takes(monkeypatch) -> None:
    monkeypatch.setattr("mktl.protocol.client.IDLE_S", 0.01)
    port = free_port(socket.SOCK_STREAM)
    silent = Recorder(port, answers=False)
    client()._do(lambda: None)
    with pytest.raises(TimeoutError, match="still busy"):
        client().request(f"tcp://127.0.0.1:{port}", Request("SET", "lab.temp", Payload(5.0)), 0.2, 5)
    mktl.close()
    silent.close()
