"""Requests that nobody answers: what their senders are told, and that it stays true."""

from __future__ import annotations

import re
import socket
import threading

import pytest
import zmq

import mktl
from mktl.errors import NoAnswerError, OutcomeUnknownError, UnansweredSetError
from mktl.protocol.client import client
from mktl.protocol.message import NO_ACK_OR_REP, Payload, Request
from mktl.protocol.server import Server
from tests.conftest import free_port, wait_for


class Recorder:
    """A server that keeps the values that it is sent, and answers SETs when *answers*."""

    def __init__(self, port: int, *, answers: bool = True) -> None:
        self.values: list[object] = []
        self._answers = answers
        self._server = Server(self._answer, only_port=port, broadcasts=False)
        self._server.start()

    def _answer(self, request) -> bool:
        self.values.append(request.payload.value)
        if request.type == "GET" or self._answers:
            request.answer(Payload(True))
            return True
        return False

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def address():
    port = free_port(socket.SOCK_STREAM)
    return port, f"tcp://127.0.0.1:{port}"


@pytest.fixture(autouse=True)
def closed():
    yield
    mktl.close()


def late_values(port: int, address: str) -> list[object]:
    """What arrives at a server that is there only now, until it has answered a GET of the same socket."""
    late = Recorder(port)
    try:
        client().request(address, Request("GET", "lab.last"), 5, 5)
        last = Request("GET", "lab.last")
        client().send(address, last)
        assert last.wait(5)
        return [value for value in late.values if value is not None]
    finally:
        late.close()


def test_a_set_without_a_connection_fails_and_is_never_carried_out(address) -> None:
    port, where = address
    with pytest.raises(
        NoAnswerError, match=r"no ACK from .*, nothing was sent; is the daemon for 'lab'"
    ) as told:
        client().request(where, Request("SET", "lab.target", Payload(1.0)), 0.05)
    assert not isinstance(told.value, OutcomeUnknownError)
    assert late_values(port, where) == []


def test_so_does_one_that_nobody_waits_for(address, monkeypatch) -> None:
    monkeypatch.setattr("mktl.protocol.asynchronous.ACK_TIMEOUT_S", 0.4)
    port, where = address
    request = Request("SET", "lab.target", Payload(1.0))
    client().send(where, Request("SET", "lab.target", Payload(0.5), flags=NO_ACK_OR_REP))
    client().send(where, request)
    with pytest.raises(NoAnswerError, match="nothing was sent"):
        request.wait(5)
    assert late_values(port, where) == []


def test_requests_before_the_connection_stands_keep_their_order(address) -> None:
    port, where = address
    requests = [Request("SET", "lab.target", Payload(n)) for n in range(100)]
    for request in requests:
        client().send(where, request)
    server = Recorder(port)
    try:
        assert all(request.wait(5) for request in requests)
        assert server.values == list(range(100))
    finally:
        server.close()


def test_a_set_that_was_received_and_not_answered_has_an_unknown_outcome(address) -> None:
    port, where = address
    server = Recorder(port, answers=False)
    try:
        with pytest.raises(UnansweredSetError, match=r"still busy with this SET .* is unknown") as told:
            client().request(where, Request("SET", "lab.target", Payload(1.0)), 0.1)
        assert isinstance(told.value, NoAnswerError)
        assert isinstance(told.value, OutcomeUnknownError)
        assert isinstance(told.value, TimeoutError)
    finally:
        server.close()


def test_a_set_that_a_silent_peer_may_have_has_an_unknown_outcome(address) -> None:
    """A daemon that stands still takes what the system has kept for it when it goes on."""
    port, where = address
    release = threading.Event()

    class Busy(Recorder):
        def _answer(self, request) -> bool:
            if request.type == "SET":
                release.wait(5)
            return super()._answer(request)

    server = Busy(port)
    try:
        client().request(where, Request("GET", "lab.target"), 5)
        with pytest.raises(
            UnansweredSetError, match=r"no ACK from .* is unknown; is the daemon for 'lab' running"
        ):
            client().request(where, Request("SET", "lab.target", Payload(1.0)), 5, 0.05)
    finally:
        release.set()
        server.close()


def test_who_waits_for_a_daemon_that_dies_does_not_wait_for_its_timeout(address, monkeypatch) -> None:
    monkeypatch.setattr("mktl.protocol.dealer.LOOK_S", 0.02)
    port, where = address
    server = Recorder(port, answers=False)
    errors: list[Exception] = []

    def ask() -> None:
        try:
            client().request(where, Request("SET", "lab.target", Payload(1.0)), 60)
        except UnansweredSetError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(lambda: server.values == [1.0])
    server.close()
    thread.join(5)
    assert not thread.is_alive()
    assert re.search("connection to .* was lost before its answer to this SET.* is unknown", str(errors[0]))


def test_what_is_not_acknowledged_is_given_up_in_time_where_nothing_else_comes(address, monkeypatch) -> None:
    monkeypatch.setattr("mktl.protocol.asynchronous.ACK_TIMEOUT_S", 0.3)
    _, where = address
    with zmq.Context() as context, context.socket(zmq.ROUTER) as mute:
        mute.linger = 0
        mute.bind(where)
        request = Request("GET", "lab.temp")
        client().send(where, request)
        with pytest.raises(NoAnswerError, match="no ACK"):
            request.wait(3)  # and not in ten seconds, as while the daemon answers others
