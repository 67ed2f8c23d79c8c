"""S3: GETs of one client, many under way at a time."""

from __future__ import annotations

import time

import mktl
from mktl.protocol import request as requests
from mktl.protocol.message import NO_ACK, Request
from tests.bench.bare import bare_pair
from tests.bench.child import Child
from tests.bench.cost import Cost, compared
from tests.bench.effort import Effort
from tests.bench.frames import replies_to, request_of
from tests.bench.ours import STORE, OurDaemon
from tests.bench.row import AtLeast, Row

INITIAL = 4.2
ITEMS = {"TEMP": {"type": "numeric", "initial": INITIAL}}
DEPTH = 1000


class Asker:
    """A client that sends requests without waiting, and then waits for each."""

    def __init__(self, key: str, port: int, version: bytes) -> None:
        self._client = requests.client("127.0.0.1", port)
        self._target = f"{STORE}.{key}"
        self._version = version

    def in_flight(self, duration_s: float, depth: int) -> float:
        """GETs per second."""
        count, begun_s = 0, time.perf_counter()
        while time.perf_counter() - begun_s < duration_s:
            under_way = [self._ask() for _ in range(depth)]
            for each in under_way:
                response = each.wait(10.0)
                if response is None or response.payload.value != INITIAL:
                    raise AssertionError(f"expected {INITIAL}, got {response!r}")
            count += depth
        return count / (time.perf_counter() - begun_s)

    def _ask(self) -> Request:
        # Who asks for a thousand at once waits for their answers, not for a word that they have arrived.
        request = Request("GET", self._target, flags=NO_ACK, version=self._version)
        self._client.send(request)
        return request

    def close(self) -> None:
        mktl.close()


def measure(effort: Effort) -> list[Row]:
    """GETs per second, against as many of the same requests and answers under way."""
    duration_s, depth = effort.seconds(0.25), effort.count(DEPTH, least=10)
    with Child(OurDaemon, ITEMS) as daemon:
        address = daemon.ask("addresses")[0]
        request = request_of("temp", "get")
        request[4] = bytes([NO_ACK])  # the flags
        replies = replies_to(address, request)
        port = int(address.rpartition(":")[2])
        with Child(Asker, "temp", port, request[0]) as ours, bare_pair(request, replies) as bare:
            our_cost, bare_cost = Cost(ours, daemon), Cost(*bare)
            what = "in_flight", duration_s, depth
            figures = effort.interleave(
                bare=lambda: bare_cost.of_rate(lambda: bare[0].ask(*what), duration_s),
                ours=lambda: our_cost.of_rate(lambda: ours.ask(*what), duration_s),
            )
    work, note = f"GETs, {depth:,} in flight", compared(our_cost, bare_cost)
    return [Row("S3", work, "1/s", AtLeast(0.45), figures["ours"], figures["bare"], note=note)]
