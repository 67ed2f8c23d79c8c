"""A6: many requests at once on one socket."""

from __future__ import annotations

from collections import Counter

import pytest

import mktl
from tests.trust.conftest import get, put, timed_get

MODULE = """
import mktl
class Slow(mktl.Item):
    def req_set(self, request):
        self.publish(request.payload.value)
class Daemon(mktl.Daemon):
    def setup(self):
        self.add_item(Slow, "slow")
"""


@pytest.mark.parametrize("rounds", [2, pytest.param(50, marks=pytest.mark.soak)])
def test_a6_two_thousand_pipelined_requests_are_all_acknowledged_and_answered(serve, wire, rounds) -> None:
    serve({"temp": {"initial": 4.2}, "slow": {"type": "numeric"}}, module=MODULE)
    address = mktl.get("lab.temp").store.address("temp")
    raw = wire(address)
    for number in range(rounds):
        wanted: Counter[tuple[bytes, bytes]] = Counter()
        for n in range(1000):
            read, write = b"g%d.%d" % (number, n), b"s%d.%d" % (number, n)
            raw.send(*get("lab.temp", read))
            raw.send(*put("lab.slow", n, write))
            # What is answered at once needs no ACK besides.
            wanted.update([(read, b"REP"), (write, b"ACK"), (write, b"REP")])
        came: Counter[tuple[bytes, bytes]] = Counter()
        while came.total() < wanted.total():
            answer = raw.receive(20)
            came[answer[1], answer[2]] += 1
            assert b"error" not in answer[5]
        assert came == wanted
        assert timed_get(address, "lab.slow")[0] == 999
