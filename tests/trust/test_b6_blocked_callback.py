"""B6: a callback that blocks harms nobody else, and goes on with what is new."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

import mktl
from mktl.item.callbacks import MOST_ARRAYS_WAITING
from mktl.protocol.client import client
from mktl.protocol.message import Payload, Request
from tests.conftest import wait_for
from tests.trust.served import rss_mb

SOAK = [pytest.mark.soak, pytest.mark.timeout(600)]
COUNT, BURST = 2000, 100


class Blocking:
    """A callback whose first call takes *block_s*."""

    def __init__(self, block_s: float) -> None:
        self.seen: list[float] = []
        self._block_s = block_s

    def __call__(self, item: mktl.Item, value: float, time: float) -> None:
        self.seen.append(value)
        if len(self.seen) == 1:
            threading.Event().wait(self._block_s)


@pytest.mark.parametrize(("blocked_s", "block_s"), [(0.2, 0.8), pytest.param(None, 5.0, marks=SOAK)])
def test_b6_while_a_callback_blocks_the_value_is_current_and_updates_are_not_hoarded(
    serve, monkeypatch, blocked_s, block_s
) -> None:
    if blocked_s is not None:
        monkeypatch.setattr("mktl.item.callbacks.BLOCKED_S", blocked_s)
    serve({"temp": {"type": "numeric"}})
    item, callback = mktl.get("lab.temp"), Blocking(block_s)
    item.register(callback)
    address = item.store.address("temp")
    client().request(address, Request("SET", "lab.temp", Payload(-1.0)), 5)
    wait_for(lambda: callback.seen == [-1.0])
    blocked_until_s, before_mb = time.monotonic() + block_s, rss_mb(os.getpid())
    late_s = []
    for first in range(0, COUNT, BURST):
        requests = [Request("SET", "lab.temp", Payload(float(first + n))) for n in range(BURST)]
        for request in requests:
            client().send(address, request)
        assert requests[-1].wait(5)
        asked_s = time.monotonic()
        wait_for(lambda last=first + BURST - 1: item.value == last)
        late_s.append(time.monotonic() - asked_s)
        time.sleep(0.8 * block_s * BURST / COUNT)  # the updates go on for as long as the callback blocks
    assert sorted(late_s)[-2] < 0.1  # one hiccup of a busy machine is not ours
    assert rss_mb(os.getpid()) - before_mb < 5
    assert len(callback.seen) <= 2 or time.monotonic() > blocked_until_s
    wait_for(lambda: callback.seen[-1] == COUNT - 1)
    assert item._callbacks.dropped > COUNT / 4
    assert len(callback.seen) + item._callbacks.dropped == COUNT + 1


def test_b6_of_arrays_no_more_wait_for_a_slow_callback_than_memory_bears(serve, monkeypatch) -> None:
    serve({"image": {"type": "bulk"}})
    monkeypatch.setattr("mktl.item.callbacks.BLOCKED_S", 60.0)
    item, release = mktl.get("lab.image"), threading.Event()
    seen: list[int] = []

    def slow(item: mktl.Item, value: np.ndarray, time: float) -> None:
        seen.append(int(value[0]))
        release.wait(30)

    item.register(slow)
    for number in range(100):
        item.set(np.full(4, number), wait=False)  # a set that waits has callbacks called too
        wait_for(lambda number=number: item.value is not None and item.value[0] == number)
    assert len(item._callbacks._waiting) == MOST_ARRAYS_WAITING
    release.set()
    wait_for(lambda: seen[-1] == 99)
    assert len(seen) <= 1 + MOST_ARRAYS_WAITING
    assert item._callbacks.dropped >= 99 - MOST_ARRAYS_WAITING
