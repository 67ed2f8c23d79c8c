"""Broadcasts of all sizes to one who reads."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
import zmq

from mktl.protocol.broadcaster import Broadcaster
from mktl.protocol.quick import is_readable
from tests.conftest import wait_for

TOPIC = b"a:lab.temp."


def test_who_reads_misses_nothing_of_large_and_small_broadcasts() -> None:
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        broadcaster = Broadcaster(context)
        subscriber.linger = 0
        subscriber.subscribe(TOPIC)
        subscriber.connect(f"tcp://127.0.0.1:{broadcaster.port}")

        def publish(number: int, size: int) -> None:
            broadcaster.publish({b"a": TOPIC}, lambda version: (b"%d" % number, b"x" * size or None))

        wait_for(lambda: publish(0, 0) or subscriber.poll(5))
        for number in range(1, 700):
            publish(number, 2_000_000 if number == 300 else 0)
            while subscriber.poll(0):
                read = int(subscriber.recv_multipart()[2])
        while read != 699:
            assert subscriber.poll(5000), f"nothing after {read}"
            newer = int(subscriber.recv_multipart()[2])
            assert newer == read + 1
            read = newer
        assert broadcaster.missed == 0
        broadcaster.close()


def heard(subscriber: zmq.Socket[bytes]) -> bytes:
    assert subscriber.poll(5000)
    return subscriber.recv_multipart()[2]


def test_what_is_held_back_goes_out_when_it_is_let_go_and_before_what_anybody_else_publishes() -> None:
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        broadcaster = Broadcaster(context)
        subscriber.linger = 0
        subscriber.subscribe(b"")
        subscriber.connect(f"tcp://127.0.0.1:{broadcaster.port}")

        def publish(text: bytes) -> None:
            broadcaster.publish({b"a": TOPIC}, lambda version: (text, None))

        wait_for(lambda: publish(b"") or subscriber.poll(5))
        while subscriber.poll(50):
            subscriber.recv_multipart()
        broadcaster.hold()
        publish(b"first")
        publish(b"second")
        assert not subscriber.poll(20)
        broadcaster.let_go()
        assert [heard(subscriber), heard(subscriber)] == [b"first", b"second"]
        broadcaster.hold()
        publish(b"third")
        other = threading.Thread(target=publish, args=(b"fourth",))
        other.start()
        other.join()
        assert [heard(subscriber), heard(subscriber)] == [b"third", b"fourth"]
        broadcaster.let_go()
        publish(b"fifth")
        assert heard(subscriber) == b"fifth"
        broadcaster.close()


@pytest.mark.parametrize("prefix", [b"", b"a", b"a:lab.", b"a:lab.temp.", b"a:lab.temp.low"])
def test_who_subscribes_to_a_part_of_a_topic_gets_it(prefix: bytes) -> None:
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        broadcaster = Broadcaster(context)
        subscriber.linger = 0
        subscriber.subscribe(prefix)
        subscriber.connect(f"tcp://127.0.0.1:{broadcaster.port}")

        def publish() -> None:
            broadcaster.publish({b"a": b"a:lab.temp.low."}, lambda version: (b"3", None))

        wait_for(lambda: publish() or subscriber.poll(5))
        assert subscriber.recv_multipart() == [b"a:lab.temp.low.", b"a", b"3"]
        broadcaster.close()


def test_who_has_subscribed_and_asked_hears_of_what_is_published_then_however_late(monkeypatch) -> None:
    now_s = 0.0
    monkeypatch.setattr("mktl.protocol.broadcaster.time", SimpleNamespace(monotonic=lambda: now_s))
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        broadcaster = Broadcaster(context)
        subscriber.linger = 0
        subscriber.connect(f"tcp://127.0.0.1:{broadcaster.port}")
        for delay_ms in range(0, 200, 5):
            topic = b"a:lab.after%d." % delay_ms
            now_s += 1.0
            broadcaster.publish({b"a": TOPIC}, lambda version: (b"", None))  # looks who has subscribed
            subscriber.subscribe(topic)
            wait_for(lambda: is_readable(broadcaster._socket))
            broadcaster.expect_subscribers()
            now_s += delay_ms / 1000
            broadcaster.publish({b"a": topic}, lambda version: (b"1", None))
            assert heard(subscriber) == b"1", delay_ms
        broadcaster.close()
