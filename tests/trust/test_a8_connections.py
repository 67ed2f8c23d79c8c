"""A8: clients that come and go, and one that comes twice."""

from __future__ import annotations

import platform
import re
import sys
import tracemalloc
from pathlib import Path

import pytest
import zmq

import mktl
from mktl.limits import Limits
from mktl.protocol.outbox import Outbox
from tests.conftest import wait_for
from tests.trust.conftest import Wire, get, timed_get
from tests.trust.served import files, rss_mb, threads

#: What glibc reserves for each of its pools but the first, and where such a one begins.
POOL = 64 * 2**20


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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's memory")
def test_a8_threads_that_come_and_go_do_not_each_have_memory_of_their_own(serve) -> None:
    served = serve()
    address = mktl.get("lab.temp").store.address("temp")
    timed_get(address)
    assert threads(served.pid) > 4
    assert pools(served.pid) == 2


def test_a8_a_client_that_has_gone_costs_little_until_it_is_forgotten() -> None:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        outbox = Outbox(router, Limits())
        tracemalloc.start()
        for number in range(500):
            outbox._add(b"%05d" % number)
        sizes = [trace.size for trace in tracemalloc.take_snapshot().traces]
        tracemalloc.stop()
    table = sys.getsizeof(outbox._clients)  # of all of them, for a while
    largest = max(size for size in sizes if abs(size - table) > 200)
    assert largest <= 512  # Python keeps what is larger where ZeroMQ keeps its buffers, and lies in their way


def pools(pid: int) -> int:
    """How many pools of memory glibc has for the threads of process *pid*."""
    maps = re.findall(r"^(\w+)-(\w+) (....) .* 0 *$", Path(f"/proc/{pid}/maps").read_text(), re.MULTILINE)
    used = {int(begin, 16): int(end, 16) for begin, end, access in maps if access == "rw-p"}
    rest = {int(begin, 16): int(end, 16) for begin, end, access in maps if access == "---p"}
    return 1 + sum(begin % POOL == 0 and rest.get(end, 0) == begin + POOL for begin, end in used.items())
