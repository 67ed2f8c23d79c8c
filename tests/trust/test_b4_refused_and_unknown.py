"""B4: a SET is carried out, or refused for good, or said to be unknown; a full queue is said to be full."""

from __future__ import annotations

import threading

import pytest

import mktl
from mktl.errors import BusyError, OutcomeUnknownError
from mktl.protocol.client import client
from mktl.protocol.message import Payload, Request
from tests.conftest import wait_for

SOAK = [pytest.mark.soak, pytest.mark.timeout(600)]
MOST = 50


class Slow(mktl.Item):
    """Notes what it is set to; the SETs end when the test says so, those of odd numbers badly."""

    def __init__(self, *args, **kwargs) -> None:
        self.executed: list[float] = []
        self.release = threading.Event()
        super().__init__(*args, **kwargs)

    def req_set(self, request):
        assert self.release.wait(30)
        self.executed.append(request.payload.value)
        if request.payload.value % 2:
            raise ValueError("odd")


class Bench(mktl.Daemon):
    def setup(self) -> None:
        self.slow = self.add_item(Slow, "slow")


@pytest.fixture
def slow(make_daemon, monkeypatch):
    """The item and the address of its daemon, in which no more than `MOST` SETs may wait."""
    monkeypatch.setenv("MKTL_MAX_WAITING_SETS", str(MOST))
    daemon = make_daemon(items={"slow": {"type": "numeric"}}, daemon_class=Bench)
    yield daemon.slow, f"tcp://127.0.0.1:{daemon.rep}"
    daemon.slow.release.set()


def end_of(request: Request) -> type[Exception] | None:
    try:
        assert request.wait(20) is not None
    except Exception as error:
        return type(error)
    return None


@pytest.mark.parametrize("count", [4 * MOST, pytest.param(100 * MOST, marks=SOAK)])
def test_b4_what_does_not_fit_into_the_queue_is_refused_as_busy_and_never_carried_out(slow, count) -> None:
    item, address = slow
    requests = [Request("SET", "lab.slow", Payload(float(n))) for n in range(count)]
    for request in requests:
        client().send(address, request)
    wait_for(lambda: sum(request.poll() for request in requests) == count - MOST)
    item.release.set()
    ends = [end_of(request) for request in requests]
    busy = [float(n) for n, end in enumerate(ends) if end is not None and issubclass(end, BusyError)]
    assert len(busy) == count - MOST
    assert item.executed == [float(n) for n in range(count) if n not in busy]
    for value in item.executed:  # what was carried out has the answer of its hook
        end = ends[int(value)]
        assert (end is not None and issubclass(end, ValueError)) == bool(value % 2)


def test_b4_a_set_that_its_sender_gives_up_is_said_to_be_unknown_and_may_be_carried_out(slow) -> None:
    item, address = slow
    with pytest.raises(OutcomeUnknownError, match=r"lab\.slow: .* is unknown"):
        client().request(address, Request("SET", "lab.slow", Payload(2.0)), 0.1)
    item.release.set()
    wait_for(lambda: item.executed == [2.0])
