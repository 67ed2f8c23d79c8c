"""Sockets of subscriptions: there while somebody listens."""

from __future__ import annotations

import itertools
import socket
import threading

import pytest
import zmq

import mktl
from mktl.protocol.client import client
from mktl.protocol.subscriptions import Subscriptions
from tests.conftest import _descriptors, free_port, wait_for

TOPIC = b"lab.temp."
#: Messages that are no broadcasts, nor a part of one.
SHORT = [[b""], [TOPIC], [TOPIC, b"a"], [TOPIC, b"{}"], [b"lab.temp.x", b"a"]]
#: An older dialect has a fourth frame always.
OLDER = [TOPIC, b"a", b'{"value": 1}', b""]
ODD = [*SHORT, OLDER, [TOPIC, b"a", b'{"value": 1}', b"x", b"", b"a"]]


class Listener:
    def __init__(self) -> None:
        self.heard: list[object] = []

    def _heard(self, fields, bulk) -> None:
        self.heard.append((fields.get("value"), None if bulk is None else bytes(bulk)))

    def _lost(self, reason: str) -> None: ...

    def _found(self) -> None: ...


def test_of_a_daemon_that_has_moved_no_socket_is_left() -> None:
    first, *others = (f"tcp://127.0.0.1:{free_port(socket.SOCK_STREAM)}" for _ in range(4))
    listener = Listener()
    client().subscribe(first, b"a:lab.temp.", listener, wait_s=0.0)
    wait_for(lambda: client()._subscriptions)
    before = _descriptors()
    for address in others:
        client().subscribe(address, b"a:lab.temp.", listener, wait_s=0.0)
        client().unsubscribe(address, b"a:lab.temp.", listener)
    done = threading.Event()
    client()._do(done.set)
    assert done.wait(5)
    assert len(client()._subscriptions) == 1
    wait_for(lambda: _descriptors() <= before)
    mktl.close()


@pytest.fixture
def heard_of():
    """What a listener of ``lab.temp`` has of these messages, sent one right after the other."""
    context = zmq.Context()
    publisher = context.socket(zmq.XPUB)
    publisher.linger = 0
    subscriptions = Subscriptions(
        context, f"tcp://127.0.0.1:{publisher.bind_to_random_port('tcp://127.0.0.1')}"
    )
    listener = Listener()

    def heard_of(*messages: list[bytes]) -> list[object]:
        subscriptions.add(TOPIC, listener)
        assert publisher.recv() == b"\1" + TOPIC
        for message in messages:
            publisher.send_multipart(message)
        publisher.send_multipart([TOPIC, b"a", b'{"value": "the end"}'])

        def has_ended() -> bool:
            subscriptions.receive()
            return ("the end", None) in listener.heard

        wait_for(has_ended)
        return listener.heard[:-1]

    yield heard_of
    subscriptions.close()
    publisher.close()
    context.term()


@pytest.mark.parametrize("odd", [*itertools.product(ODD, repeat=1), *itertools.product(ODD, repeat=2)])
@pytest.mark.parametrize("bulk", [[], [b"12345678"]])
def test_a_broadcast_right_behind_messages_of_other_numbers_of_frames_is_heard(heard_of, odd, bulk) -> None:
    good = [TOPIC, b"a", b'{"value": 5, "dtype": "u1"}' if bulk else b'{"value": 5}', *bulk]
    heard = heard_of(*odd, good)
    assert heard[-1] == (5, bulk[0] if bulk else None)
    assert [value for value, _ in heard[:-1]].count(1) >= odd.count(OLDER)


def test_each_of_a_row_of_broadcasts_with_and_without_bulk_is_heard_once(heard_of) -> None:
    sent = [
        [TOPIC, b"a", b'{"value": %d, "dtype": "u1"}' % n, b"x" * n]
        if n % 3 == 0
        else [TOPIC, b"a", b'{"value": %d}' % n]
        for n in range(20)
    ]
    assert heard_of(*sent) == [(n, b"x" * n if n % 3 == 0 else None) for n in range(20)]
