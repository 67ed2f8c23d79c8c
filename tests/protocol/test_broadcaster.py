"""Broadcasts of all sizes to one who reads."""

from __future__ import annotations

import zmq

from mktl.protocol.broadcaster import Broadcaster
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
