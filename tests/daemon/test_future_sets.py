"""Hooks that return a Future: a SET that takes long holds no thread, and keeps its place in the order."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

import mktl
from mktl.errors import BusyError, MktlError
from mktl.item.setting import Waiting
from mktl.protocol.client import client
from mktl.protocol.message import Payload, Request
from tests.conftest import wait_for


class Slow(mktl.Item):
    """Its sets are done when the test says so."""

    def __init__(self, *args, **kwargs) -> None:
        self.begun: list[tuple[object, Future[object]]] = []
        super().__init__(*args, **kwargs)

    def req_set(self, request):
        future: Future[object] = Future()
        self.begun.append((request.payload.value, future))
        return future


class Overlapping(Slow):
    sets_overlap = True


class Reading(Slow):
    """What it was set to is read back."""

    def req_refresh(self):
        return {"value": -1.0}


class Device(mktl.Daemon):
    item_class = Slow

    def setup(self) -> None:
        self.add_item(self.item_class, "target")


@pytest.fixture
def serve(make_daemon):
    def serve(item_class: type[Slow]) -> tuple[Slow, str]:
        kind = type("Kind", (Device,), {"item_class": item_class})
        daemon = make_daemon(items={"target": {"type": "numeric"}}, daemon_class=kind)
        return daemon.items["target"], f"tcp://127.0.0.1:{daemon.rep}"

    return serve


def send(address: str, value: float) -> Request:
    request = Request("SET", "lab.target", Payload(value))
    client().send(address, request)
    assert request.wait_ack(5)
    return request


def test_a_set_is_answered_and_shown_when_its_future_is_done_and_not_before(serve) -> None:
    item, address = serve(Slow)
    request = send(address, 5.0)
    wait_for(lambda: item.begun)
    assert client().request(address, Request("GET", "lab.target"), 5).value is None
    assert not request.poll()
    item.begun[0][1].set_result(None)
    assert request.wait(5).payload.value is True
    assert client().request(address, Request("GET", "lab.target"), 5).value == 5.0


def test_what_a_future_fails_with_is_the_answer(serve) -> None:
    item, address = serve(Slow)
    request = send(address, 5.0)
    wait_for(lambda: item.begun)
    item.begun[0][1].set_exception(ValueError("the stage is jammed"))
    with pytest.raises(ValueError, match="the stage is jammed"):
        request.wait(5)
    assert item.value is None


def test_a_cancelled_future_is_an_error(serve) -> None:
    item, address = serve(Slow)
    request = send(address, 5.0)
    wait_for(lambda: item.begun)
    item.begun[0][1].cancel()
    with pytest.raises(MktlError, match="cancelled"):
        request.wait(5)


def test_the_next_hook_of_the_item_is_called_when_the_future_is_done(serve) -> None:
    item, address = serve(Slow)
    requests = [send(address, value) for value in (1.0, 2.0)]
    wait_for(lambda: item.begun)
    assert [value for value, _ in item.begun] == [1.0]
    item.begun[0][1].set_result(None)
    assert requests[0].wait(5)
    wait_for(lambda: len(item.begun) == 2)
    item.begun[1][1].set_result(None)
    assert requests[1].wait(5)
    assert item.value == 2.0


def test_sets_that_may_overlap_are_begun_in_order_and_end_in_any(serve) -> None:
    item, address = serve(Overlapping)
    requests = [send(address, value) for value in (1.0, 2.0)]
    wait_for(lambda: len(item.begun) == 2)
    assert [value for value, _ in item.begun] == [1.0, 2.0]
    item.begun[1][1].set_result("second")
    assert requests[1].wait(5).payload.value == "second"
    assert not requests[0].poll()
    item.begun[0][1].set_result("first")
    assert requests[0].wait(5).payload.value == "first"


def test_what_was_set_is_read_back_before_the_answer(serve) -> None:
    item, address = serve(Reading)
    request = send(address, 5.0)
    wait_for(lambda: item.begun)
    item.begun[0][1].set_result(None)
    assert request.wait(5)
    assert item.value == -1.0


def test_a_performer_may_return_a_future_too(make_daemon) -> None:
    future: Future[None] = Future()

    class Performing(mktl.Daemon):
        def setup(self) -> None:
            self.add_set_performer("target", lambda value: future)

    daemon = make_daemon(items={"target": {"type": "numeric"}}, daemon_class=Performing)
    request = send(f"tcp://127.0.0.1:{daemon.rep}", 5.0)
    assert daemon.items["target"].value is None
    future.set_result(None)
    assert request.wait(5)
    assert daemon.items["target"].value == 5.0


def test_a_set_in_its_own_process_waits_for_the_future(serve) -> None:
    item, _ = serve(Slow)
    thread = threading.Thread(target=item.set, args=(5.0,))
    thread.start()
    wait_for(lambda: item.begun)
    assert thread.is_alive()
    item.begun[0][1].set_result(None)
    thread.join(5)
    assert item.value == 5.0


def test_one_set_too_many_is_refused_as_busy_and_never_carried_out(serve) -> None:
    item, address = serve(Slow)
    item.pub.waiting = Waiting(most=2)
    requests = [send(address, value) for value in (1.0, 2.0)]
    refused = Request("SET", "lab.target", Payload(3.0))
    client().send(address, refused)
    with pytest.raises(BusyError, match=r"lab\.target: busy, 2 SETs of this daemon wait; nothing was done"):
        refused.wait(5)
    for n, request in enumerate(requests):
        wait_for(lambda n=n: len(item.begun) > n)
        item.begun[n][1].set_result(None)
        assert request.wait(5)
    send(address, 4.0)
    wait_for(lambda: len(item.begun) == 3)
    assert [value for value, _ in item.begun] == [1.0, 2.0, 4.0]
