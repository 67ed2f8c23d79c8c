"""S2: blocking SETs, one client; what was set shows in the item when they return."""

from __future__ import annotations

import time

import mktl
from tests.bench.bare import bare_pair
from tests.bench.child import Child
from tests.bench.cost import Cost, compared
from tests.bench.effort import Effort
from tests.bench.frames import describe, replies_to, request_of
from tests.bench.ours import OurDaemon, item_of
from tests.bench.row import AtLeast, Row

ITEMS = {"TARGET": {"type": "numeric"}}


class Setter:
    """A client as :func:`mktl.get` makes it: subscribed to its item."""

    def __init__(self, key: str) -> None:
        self._item = item_of(key)
        self._number = 0

    def blocking(self, duration_s: float) -> float:
        """SETs per second."""
        item, number, begun_s = self._item, self._number, time.perf_counter()
        while time.perf_counter() - begun_s < duration_s:
            number += 1
            item.set(number)
            if item.value != number:
                raise AssertionError(f"set {number}, and the item has {item.value!r}")
        count, self._number = number - self._number, number
        return count / (time.perf_counter() - begun_s)

    def close(self) -> None:
        mktl.close()


def measure(effort: Effort) -> list[Row]:
    """SETs per second, against the same request and answers, and nothing published by the bare side."""
    duration_s = effort.seconds(0.25)
    with Child(OurDaemon, ITEMS) as daemon, Child(Setter, "target") as ours:
        request = request_of("target", "set", 1000)
        replies = replies_to(daemon.ask("addresses")[0], request)
        with bare_pair(request, replies) as bare:
            our_cost, bare_cost = Cost(ours, daemon), Cost(*bare)
            figures = effort.times(3).interleave(
                bare=lambda: bare_cost.of_rate(lambda: bare[0].ask("blocking", duration_s), duration_s),
                ours=lambda: our_cost.of_rate(lambda: ours.ask("blocking", duration_s), duration_s),
            )
    note = f"answered by {describe(replies)}; ours is published to its subscriber too; "
    note += compared(our_cost, bare_cost)
    return [Row("S2", "SET, confirmed", "1/s", AtLeast(0.7), figures["ours"], figures["bare"], note=note)]
