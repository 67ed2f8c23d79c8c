"""One item that is published and one who is called back, ours and bare; for S5, S7 and S8."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from tests.bench.bare import BareServer, BareSubscriber
from tests.bench.child import Child
from tests.bench.cost import Cost
from tests.bench.frames import broadcast_of
from tests.bench.ours import SETTLE_S, OurClient, OurDaemon

ITEMS = {"COUNT": {"type": "numeric"}}

Heard = list[tuple[Any, float]]


class Side:
    """Somebody who publishes and somebody who hears it."""

    def __init__(self, publisher: Child, subscriber: Child, what: Any) -> None:
        self._publisher = publisher
        self._subscriber = subscriber
        self._what = what
        #: Of all rounds.
        self.faults: list[str] = []
        self.cost = Cost(publisher, subscriber)

    def publish(self, count: int, period_s: float = 0.0) -> tuple[list[float], Heard]:
        """When each of *count* messages was published, and what was heard when, monotonic."""
        self._subscriber.ask("forget")
        self._publisher.tell("publish", self._what, count, period_s)
        heard: Heard = self._subscriber.ask("wait_for", count)
        sent: list[float] = self._publisher.hear()
        if len(heard) != count:
            self.faults.append(f"{count - len(heard)} of {count} lost")
        return sent, heard

    def rate(self, count: int) -> float:
        """Messages per second, from the first that is published to the last that is heard."""
        return self.cost.of_count(lambda: self._rate(count), count)

    def _rate(self, count: int) -> float:
        sent, heard = self.publish(count)
        return len(heard) / (heard[-1][1] - sent[0]) if heard else 0.0


@contextlib.contextmanager
def both_sides() -> Iterator[tuple[Side, Side]]:
    """Ours, and the bare one, which sends a broadcast of ours over and over."""
    with Child(OurDaemon, ITEMS) as daemon, Child(OurClient, "count") as client, Child(BareServer) as server:
        frames = broadcast_of(daemon, "count")
        client.ask("register")
        with Child(BareSubscriber, server.ask("addresses")[1], frames[0]) as subscriber:
            time.sleep(SETTLE_S)
            yield Side(daemon, client, "count"), Side(server, subscriber, frames)
