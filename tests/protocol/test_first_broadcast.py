"""Who subscribes and then asks misses nothing that comes after the answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
import zmq

from mktl.protocol.server import Server
from mktl.wire.frames import JSON, topic
from tests.conftest import wait_for

TOPIC, OTHER = topic("lab.temp"), topic("lab.other")
GET = [b"a", b"1", b"GET", b"lab.temp", b"", b""]


class Published(Server):
    """Answers each GET with 0; with *meanwhile*, that is published while it is looked up."""

    def __init__(self, meanwhile: bytes | None = None) -> None:
        super().__init__(lambda request: False, known=self._look_up)
        self._meanwhile = meanwhile
        self.start()

    def _look_up(self, target: bytes, version: bytes) -> tuple[bytes, None]:
        if self._meanwhile is not None:
            self.put(TOPIC, self._meanwhile)
        return b"0", None

    def put(self, topic: bytes, raw: bytes) -> None:
        self.publish({JSON: topic}, lambda version: (raw, None))


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    with zmq.Context() as context:
        yield context


@contextlib.contextmanager
def connected(context: zmq.Context, kind: zmq.SocketType, port: int) -> Iterator[zmq.Socket]:
    with context.socket(kind) as socket:
        socket.linger = 0
        with socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED) as monitor:
            socket.connect(f"tcp://127.0.0.1:{port}")
            assert monitor.poll(5000)
            socket.disable_monitor()
        yield socket


@contextlib.contextmanager
def ends(context: zmq.Context, server: Server) -> Iterator[tuple[zmq.Socket, zmq.Socket]]:
    """A subscriber, of nothing yet, and a DEALER."""
    with (
        connected(context, zmq.SUB, server.pub) as subscriber,
        connected(context, zmq.DEALER, server.rep) as dealer,
    ):
        yield subscriber, dealer


def hears_soon(server: Published, context: zmq.Context, raw: bytes, then: Callable[[], object]) -> bool:
    """Whether one of three new subscribers, who subscribe and ask, hears *raw* when *then* was called.

    ZeroMQ has two connections for that; on a busy machine it may take in first what came by the second one.
    """
    for _ in range(3):
        with ends(context, server) as (subscriber, dealer):
            server.put(OTHER, b"{}")  # it has just looked for subscribers
            subscribe_and_ask(subscriber, dealer)
            then()
            if subscriber.poll(1000):
                return bool(subscriber.recv_multipart()[2] == raw)
    return False


def subscribe_and_ask(subscriber: zmq.Socket, dealer: zmq.Socket) -> None:
    subscriber.subscribe(TOPIC)
    dealer.send_multipart(GET)
    assert dealer.poll(5000)
    dealer.recv_multipart()


def assert_hears(subscriber: zmq.Socket, raw: bytes) -> None:
    assert subscriber.poll(5000), f"{raw!r} was published after what was answered, and never came"
    assert subscriber.recv_multipart()[2] == raw


def test_a_value_published_right_after_the_answer_reaches_a_new_subscriber(context, monkeypatch) -> None:
    monkeypatch.setattr("mktl.protocol.broadcaster.LISTEN_S", 1000.0)
    with contextlib.closing(Published()) as server:
        assert hears_soon(server, context, b"1", lambda: server.put(TOPIC, b"1"))


def test_so_does_one_published_while_the_value_before_it_is_answered(context, monkeypatch) -> None:
    monkeypatch.setattr("mktl.protocol.broadcaster.LISTEN_S", 1000.0)
    with contextlib.closing(Published(b"1")) as server:
        assert hears_soon(server, context, b"1", lambda: None)


def test_so_does_one_that_others_have_subscribed_to_before(context) -> None:
    with (
        contextlib.closing(Published()) as server,
        ends(context, server) as (early, dealer),
        ends(context, server) as (late, _),
    ):
        early.subscribe(TOPIC)
        wait_for(lambda: server.put(TOPIC, b"{}") or early.poll(5))
        for number in range(5):
            server.put(OTHER, b"{}")  # ZeroMQ by itself looks for subscribers once a millisecond at the most
            subscribe_and_ask(late, dealer)
            server.put(TOPIC, b"%d" % number)
            assert_hears(late, b"%d" % number)
            late.unsubscribe(TOPIC)
