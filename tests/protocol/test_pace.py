"""Broadcasts of a client that sends SET after SET leave in groups, after their answers and in their order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
import zmq

import mktl
from mktl.protocol.pace import GROUP_S, RAPID_S, Pace
from tests.conftest import wait_for

TOPIC = b"lab.temp."


@pytest.fixture
def daemon(make_daemon) -> mktl.Daemon:
    return make_daemon()


@pytest.fixture
def connect(daemon) -> Iterator[Callable[[], zmq.Socket]]:
    """A DEALER to the daemon, another with each call."""
    with zmq.Context() as context:
        sockets = []

        def connect() -> zmq.Socket:
            socket = context.socket(zmq.DEALER)
            socket.linger, socket.rcvtimeo = 0, 5000
            socket.connect(f"tcp://127.0.0.1:{daemon.rep}")
            sockets.append(socket)
            return socket

        yield connect
        for socket in sockets:
            socket.close()


@pytest.fixture
def subscriber(daemon) -> Iterator[zmq.Socket]:
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.linger, socket.rcvtimeo = 0, 5000
        socket.subscribe(TOPIC)
        socket.connect(f"tcp://127.0.0.1:{daemon.pub}")

        def is_heard() -> bool:
            daemon.items["temp"].publish(-1.0, repeat=True)
            return bool(socket.poll(20))

        wait_for(is_heard)
        while socket.poll(50):
            socket.recv_multipart()
        yield socket


@pytest.fixture
def patient(monkeypatch) -> None:
    """A daemon that would wait for the next SET for ever."""
    monkeypatch.setattr("mktl.protocol.server.KEPT_MS", 60_000)
    monkeypatch.setattr(Pace, "may_wait", lambda pace, route, now_s: True)


def put(client: zmq.Socket, value: float) -> None:
    client.send_multipart([b"a", b"1", b"SET", b"lab.temp", b"", b'{"value": %f}' % value])
    assert client.recv_multipart()[5] == b'{"value": true}'


def values(subscriber: zmq.Socket, count: int) -> list[float]:
    return [json.loads(subscriber.recv_multipart()[2])["value"] for _ in range(count)]


def test_the_first_set_of_a_row_and_one_that_comes_late_are_not_kept_back() -> None:
    pace = Pace()
    assert not pace.may_wait(b"one", 10.0)
    assert pace.may_wait(b"one", 10.0 + RAPID_S / 2)
    assert not pace.may_wait(b"one", 10.0 + 2 * RAPID_S)


def test_none_is_kept_back_for_longer_than_a_group_takes() -> None:
    pace, now_s, last_s = Pace(), 10.0, 10.0
    for _ in range(1000):
        if not pace.may_wait(b"one", now_s):
            last_s = now_s
        assert now_s - last_s <= GROUP_S
        now_s += RAPID_S / 7


def test_those_of_another_client_are_no_reason_to_wait() -> None:
    pace = Pace()
    waits = [pace.may_wait(b"one" if n % 2 else b"two", 10.0 + n * RAPID_S / 9) for n in range(100)]
    assert not any(waits)


def test_a_hundred_sets_in_a_row_are_all_broadcast_in_their_order(connect, subscriber) -> None:
    client = connect()
    for value in range(100):
        put(client, value)
    assert values(subscriber, 100) == list(range(100))


@pytest.mark.usefixtures("patient")
def test_what_waits_leaves_before_another_client_has_an_answer(connect, subscriber) -> None:
    client, other = connect(), connect()
    put(client, 1.0)
    put(client, 2.0)
    assert not subscriber.poll(50)
    other.send_multipart([b"a", b"1", b"GET", b"lab.temp", b"", b""])
    assert json.loads(other.recv_multipart()[5])["value"] == 2.0
    assert values(subscriber, 2) == [1.0, 2.0]


@pytest.mark.usefixtures("patient")
def test_what_waits_leaves_before_the_same_client_has_the_answer_to_a_get(connect, subscriber) -> None:
    client = connect()
    put(client, 1.0)
    client.send_multipart([b"a", b"1", b"GET", b"lab.temp", b"", b""])
    assert values(subscriber, 1) == [1.0]


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("nonsense", [[b""], [b"a", b"7", b"GET"], [b"a", b"7", b"PUT", b"", b"", b""]])
def test_what_waits_leaves_when_the_client_goes_on_with_nonsense(connect, subscriber, nonsense) -> None:
    client = connect()
    put(client, 1.0)
    client.send_multipart(nonsense)
    assert values(subscriber, 1) == [1.0]


@pytest.mark.usefixtures("patient")
def test_what_waits_leaves_before_what_the_daemon_publishes_itself(connect, subscriber, daemon) -> None:
    put(connect(), 1.0)
    assert not subscriber.poll(50)
    daemon.items["temp"].publish(7.0)
    assert values(subscriber, 2) == [1.0, 7.0]


def test_what_waits_leaves_when_nothing_else_comes(connect, subscriber, monkeypatch) -> None:
    monkeypatch.setattr(Pace, "may_wait", lambda pace, route, now_s: True)
    put(connect(), 1.0)
    assert values(subscriber, 1) == [1.0]


@pytest.mark.usefixtures("patient")
def test_what_waits_leaves_before_the_daemon_stops(connect, subscriber, daemon) -> None:
    put(connect(), 1.0)
    daemon.close()
    assert values(subscriber, 1) == [1.0]
