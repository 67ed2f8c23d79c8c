"""B6: what a callback waits for may come by the thread that it runs on; then another one receives."""

from __future__ import annotations

import queue
from typing import Any

import pytest

import mktl

NEVER_S = 60.0


@pytest.fixture(autouse=True)
def nobody_looks_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that waits hands over by itself, long before anybody would find that it hangs."""
    monkeypatch.setattr("mktl.workers.PATIENCE_S", NEVER_S)
    monkeypatch.setattr("mktl.workers.LONER_PATIENCE_S", NEVER_S)


@pytest.fixture
def called(serve) -> queue.Queue[Any]:
    """What ``act(value)`` returned, in each callback of ``lab.temp``."""
    serve({key: {"type": "numeric", "initial": 0} for key in ("temp", "other", "third")})
    return queue.Queue()


def in_a_callback(act: Any, called: queue.Queue[Any]) -> Any:
    item = mktl.get("lab.temp")

    def call_back(item: mktl.Item, value: float, time: float) -> None:
        if item.status == "ok":  # at the end of the test the daemon is gone
            called.put(act(value))

    item.register(call_back)
    item.set(3)
    return called.get(timeout=5)


def test_b6_a_callback_may_wait_for_the_response_to_a_request(called) -> None:
    other = mktl.get("lab.other")

    def act(value: float) -> Any:
        return other.set(value, wait=False).wait(5)

    assert in_a_callback(act, called).payload.value is True


def test_b6_a_callback_may_wait_for_an_ack(called) -> None:
    other = mktl.get("lab.other")
    assert in_a_callback(lambda value: other.set(value, wait=False).wait_ack(5), called) is True


def test_b6_a_callback_may_ask_for_another_item_and_is_subscribed_to_it(called) -> None:
    third = in_a_callback(lambda value: mktl.get("lab.third"), called)
    third.set(7)
    assert (third.value, third.subscribed) == (7, True)
