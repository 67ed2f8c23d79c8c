"""S1: blocking GETs from the daemon's cache, one client."""

from __future__ import annotations

import time

import mktl
from tests.bench.bare import bare_pair
from tests.bench.child import Child
from tests.bench.cost import Cost, compared
from tests.bench.effort import Effort
from tests.bench.figures import median
from tests.bench.frames import acknowledged, describe, replies_to, request_of
from tests.bench.ours import OurDaemon, item_of
from tests.bench.row import AtLeast, Row

INITIAL = 4.2
ITEMS = {"TEMP": {"type": "numeric", "initial": INITIAL}}


class Getter:
    """A client that asks the daemon each time: its item is not subscribed to."""

    def __init__(self, key: str) -> None:
        self._item = item_of(key, subscribe=False)

    def blocking(self, duration_s: float) -> float:
        """GETs per second."""
        get, count, begun_s = self._item.get, 0, time.perf_counter()
        while time.perf_counter() - begun_s < duration_s:
            got = get()
            if got != INITIAL:
                raise AssertionError(f"expected {INITIAL}, got {got!r}")
            count += 1
        return count / (time.perf_counter() - begun_s)

    def close(self) -> None:
        mktl.close()


def measure(effort: Effort) -> list[Row]:
    """GETs per second, against the same request and the same answers; with and without an ACK."""
    duration_s = effort.seconds(0.25)
    with Child(OurDaemon, ITEMS) as daemon, Child(Getter, "temp") as ours:
        request = request_of("temp", "get")
        replies = replies_to(daemon.ask("addresses")[0], request)
        with bare_pair(request, replies) as bare, bare_pair(request, acknowledged(replies)) as with_ack:
            our_cost, bare_cost = Cost(ours, daemon), Cost(*bare)
            figures = effort.interleave(
                bare=lambda: bare_cost.of_rate(lambda: bare[0].ask("blocking", duration_s), duration_s),
                ours=lambda: our_cost.of_rate(lambda: ours.ask("blocking", duration_s), duration_s),
                with_ack=lambda: with_ack[0].ask("blocking", duration_s),
            )
    note = f"answered by {describe(replies)}; bare with ACK+REP {median(figures['with_ack']):,.0f}/s; "
    note += compared(our_cost, bare_cost)
    return [Row("S1", "GET, blocking", "1/s", AtLeast(0.9), figures["ours"], figures["bare"], note=note)]
