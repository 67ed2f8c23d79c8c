"""B2: SETs of one item are carried out in the order in which they were sent."""

from __future__ import annotations

import pytest
from mktl_drivers import TextItem

import mktl
from mktl.protocol.client import client
from mktl.protocol.message import Payload, Request
from tests.drivers.fakes import FakePort, fake_link

SOAK = [pytest.mark.soak, pytest.mark.timeout(600)]
COUNT = 2000


class Noting(mktl.Item):
    def __init__(self, *args, **kwargs) -> None:
        self.seen: list[float] = []
        super().__init__(*args, **kwargs)

    def req_set(self, request):
        self.seen.append(request.payload.value)
        self.publish(request.payload.value)


class Hooks(mktl.Daemon):
    """Serves an item of Python; *seen* is what its hook got."""

    def setup(self) -> None:
        self.seen = self.add_item(Noting, "target").seen


class Device(mktl.Daemon):
    """Serves an item of a device; *seen* is what that was sent."""

    @property
    def seen(self) -> list[float]:
        return [float(command.removeprefix(b"MOVE ")) for command in self._port.received]

    def setup(self) -> None:
        self._port = FakePort(lambda command: b"OK\r\n")
        link = self.add_link(fake_link(self._port))
        self.add_item(TextItem, "target", link=link, set="MOVE {:.1f}", set_reply="OK")


@pytest.mark.parametrize("rounds", [1, pytest.param(50, marks=SOAK)])
@pytest.mark.parametrize("kind", [Hooks, Device])
def test_b2_two_thousand_pipelined_sets_are_carried_out_in_order_and_the_last_one_stands(
    make_daemon, kind, rounds
) -> None:
    daemon = make_daemon(items={"target": {"type": "numeric"}}, daemon_class=kind)
    address = f"tcp://127.0.0.1:{daemon.rep}"
    for number in range(rounds):
        values = [float(number * COUNT + n) for n in range(COUNT)]
        requests = [Request("SET", "lab.target", Payload(value)) for value in values]
        for request in requests:
            client().send(address, request)
        assert all(request.wait(20) for request in requests)
        assert daemon.seen[-COUNT:] == values
        assert client().request(address, Request("GET", "lab.target"), 5).value == values[-1]
    assert len(daemon.seen) == rounds * COUNT
