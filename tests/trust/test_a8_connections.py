"""A8: clients that come and go, and one that comes twice."""

from __future__ import annotations

import pytest

import mktl
from tests.conftest import wait_for
from tests.trust.conftest import Wire, get
from tests.trust.served import files, rss_mb, threads


def test_a8_who_comes_back_under_the_same_identity_is_answered(make_daemon, wire) -> None:
    make_daemon()
    address = mktl.get("lab.temp").store.address("temp")
    first = wire(address, identity=b"me")
    first.send(*get("lab.temp", b"first"))
    assert first.receive()[1] == b"first"
    second = wire(address, identity=b"me")
    second.send(*get("lab.temp", b"second"))
    assert second.receive()[1] == b"second"


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.soak)])
@pytest.mark.timeout(900)
def test_a8_connections_that_come_and_go_leave_nothing(serve, count) -> None:
    served = serve()
    address = mktl.get("lab.temp").store.address("temp")

    def visit() -> None:
        visitor = Wire(address)
        try:
            visitor.send(*get("lab.temp"))
            assert visitor.receive(10)[2] == b"REP"
        finally:
            visitor.close()

    for _ in range(100):
        visit()
    before = threads(served.pid), files(served.pid), rss_mb(served.pid)
    for _ in range(count):
        visit()
    wait_for(lambda: files(served.pid) <= before[1] + 2)
    assert threads(served.pid) <= before[0]
    assert rss_mb(served.pid) < before[2] + 8
