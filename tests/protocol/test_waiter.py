"""Waiting for sockets: nothing that is there is slept over, whoever has used them meanwhile."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator

import pytest
import zmq

from mktl.protocol.quick import NOBLOCK, events_of
from mktl.protocol.waiter import Waiter

SOON_MS = 5000


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    with zmq.Context() as context:
        context.linger = 0
        yield context


@pytest.fixture
def pair(context) -> Iterator[tuple[zmq.Socket, zmq.Socket]]:
    """Who sends, and who receives."""
    with context.socket(zmq.PUSH) as sender, context.socket(zmq.PULL) as receiver:
        sender.connect(f"tcp://127.0.0.1:{receiver.bind_to_random_port('tcp://127.0.0.1')}")
        assert sender.poll(SOON_MS, zmq.POLLOUT)
        yield sender, receiver


def settled(receiver: zmq.Socket) -> None:
    """What was sent is there, and nothing will tell of it any more."""
    assert receiver.poll(SOON_MS)
    while not events_of(receiver) & zmq.POLLIN:
        pass


def test_a_message_is_told_of(pair) -> None:
    sender, receiver = pair
    waiter = Waiter()
    waiter.register(receiver)
    sender.send(b"1")
    assert waiter.wait(SOON_MS) == [(receiver, zmq.POLLIN)]


def test_one_that_was_there_before_is_told_of(pair) -> None:
    sender, receiver = pair
    sender.send(b"1")
    settled(receiver)
    waiter = Waiter()
    waiter.register(receiver)
    assert waiter.wait(SOON_MS) == [(receiver, zmq.POLLIN)]


def test_what_was_left_is_told_of_again_until_nothing_is(pair) -> None:
    sender, receiver = pair
    waiter = Waiter()
    waiter.register(receiver)
    for number in range(3):
        sender.send(b"%d" % number)
    received: list[bytes] = []
    while len(received) < 3:
        if told := waiter.wait(SOON_MS):
            assert told == [(receiver, zmq.POLLIN)]
            with contextlib.suppress(zmq.Again):  # told of in vain: one was on its way
                received.append(receiver.recv(NOBLOCK))
    assert received == [b"0", b"1", b"2"]
    begun_s = time.monotonic()
    while waiter.wait(20):  # it may be told of once more, in vain
        with pytest.raises(zmq.Again):
            receiver.recv(NOBLOCK)
    assert time.monotonic() - begun_s < 1.0


def test_what_somebody_else_has_used_is_not_slept_over(pair) -> None:
    sender, receiver = pair
    waiter = Waiter()
    waiter.register(receiver)
    assert waiter.wait(0) == []
    sender.send(b"1")
    settled(receiver)
    waiter.note_use()
    assert waiter.wait(SOON_MS) == [(receiver, zmq.POLLIN)]


def test_room_to_send_is_told_of_only_where_it_is_wanted(pair) -> None:
    sender, _ = pair
    waiter = Waiter()
    waiter.register(sender, zmq.POLLOUT)
    assert waiter.wait(SOON_MS) == [(sender, zmq.POLLOUT)]
    waiter.register(sender, zmq.POLLIN)
    assert waiter.wait(20) == []


def test_descriptors_and_sockets_are_told_of_in_the_order_they_were_registered(pair) -> None:
    sender, receiver = pair
    read, write = os.pipe()
    try:
        for first, second in ((read, receiver), (receiver, read)):
            waiter = Waiter()
            waiter.register(first)
            waiter.register(second)
            os.write(write, b".")
            sender.send(b"1")
            settled(receiver)
            assert [which for which, _ in waiter.wait(SOON_MS)] == [first, second]
            assert os.read(read, 1) == b"."
            receiver.recv()
    finally:
        os.close(read)
        os.close(write)


def test_nothing_is_told_of_what_is_no_longer_waited_for(pair) -> None:
    sender, receiver = pair
    waiter = Waiter()
    waiter.register(receiver)
    waiter.unregister(receiver)
    sender.send(b"1")
    settled(receiver)
    assert waiter.wait(20) == []


def test_ten_thousand_messages_from_another_thread_are_all_told_of(pair) -> None:
    sender, receiver = pair
    waiter, count = Waiter(), 10_000
    waiter.register(receiver)
    thread = threading.Thread(target=lambda: [sender.send(b"%d" % number) for number in range(count)])
    thread.start()
    came = 0
    while came < count:
        assert waiter.wait(SOON_MS), f"asleep after {came}"
        for _ in range(1 + came % 3):  # not always all that is there
            try:
                assert receiver.recv(NOBLOCK) == b"%d" % came
            except zmq.Again:
                break
            came += 1
    thread.join()
