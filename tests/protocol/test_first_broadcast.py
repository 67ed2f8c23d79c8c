"""Who subscribes and then asks misses nothing that comes after the answer."""

from __future__ import annotations

import pytest
import zmq

from mktl.protocol.server import Server
from mktl.wire.frames import JSON, topic

TOPIC = topic("lab.temp")
GET = [b"a", b"1", b"GET", b"lab.temp", b"", b""]


@pytest.fixture
def server():
    server = Server(lambda request: False, known=lambda target, version: (b'{"value": 0}', None))
    server.start()
    yield server
    server.close()


def publish(server: Server, topic: bytes, raw: bytes) -> None:
    server.publish({JSON: topic}, lambda version: (raw, None))


def test_a_value_published_right_after_the_answer_reaches_a_new_subscriber(server, monkeypatch) -> None:
    monkeypatch.setattr("mktl.protocol.broadcaster.LISTEN_S", 1000.0)  # it has just looked for subscribers
    publish(server, b"a:lab.other.", b"{}")
    with zmq.Context() as context:
        subscribe_ask_and_hear(context, server, b"1")


def subscribe_ask_and_hear(context: zmq.Context, server: Server, raw: bytes) -> None:
    with context.socket(zmq.SUB) as subscriber, context.socket(zmq.DEALER) as dealer:
        subscriber.linger = dealer.linger = 0
        subscriber.subscribe(TOPIC)
        with subscriber.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED) as monitor:
            subscriber.connect(f"tcp://127.0.0.1:{server.pub}")
            assert monitor.poll(5000)
            subscriber.disable_monitor()
        dealer.connect(f"tcp://127.0.0.1:{server.rep}")
        dealer.send_multipart(GET)
        assert dealer.poll(5000)
        publish(server, TOPIC, raw)
        assert subscriber.poll(5000), f"{raw!r} was published after the answer, and never came"
        assert subscriber.recv_multipart()[2] == raw
