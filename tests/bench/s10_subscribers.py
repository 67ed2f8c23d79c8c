"""S10: one item published to fifty subscribers, each a process of its own."""

from __future__ import annotations

import time
from contextlib import ExitStack

from tests.bench.bare import BareServer, BareSubscriber
from tests.bench.child import Child, together
from tests.bench.effort import Effort
from tests.bench.frames import broadcast_of
from tests.bench.ours import SETTLE_S, OurClient, OurDaemon
from tests.bench.published import ITEMS
from tests.bench.row import AtLeast, Row

SUBSCRIBERS, COUNT = 50, 1500


class Ear:
    """Both subscribers in one process, of which one has something to do: fifty processes are enough."""

    def __init__(self, address: str, topic: bytes) -> None:
        self._sides: dict[str, OurClient | BareSubscriber] = {
            "ours": OurClient("count"),
            "bare": BareSubscriber(address, topic),
        }

    def register(self) -> None:
        ours = self._sides["ours"]
        assert isinstance(ours, OurClient)
        ours.register()

    def forget(self) -> None:
        for side in self._sides.values():
            side.forget()

    def wait_for(self, side: str, count: int) -> tuple[int, float]:
        """How many came, and when the last did."""
        heard = self._sides[side].wait_for(count)
        return len(heard), heard[-1][1] if heard else 0.0


def measure(effort: Effort) -> list[Row]:
    """Messages per second that reach callbacks, of all subscribers together."""
    subscribers, count = effort.count(SUBSCRIBERS, least=2), effort.count(COUNT)
    faults: list[str] = []
    with ExitStack() as stack:
        enter = stack.enter_context
        daemon, server = enter(Child(OurDaemon, ITEMS)), enter(Child(BareServer))
        frames = broadcast_of(daemon, "count")
        address = server.ask("addresses")[1]
        ears = [enter(Child(Ear, address, frames[0])) for _ in range(subscribers)]
        together(ears, "register")
        time.sleep(SETTLE_S)

        def rate(side: str, publisher: Child, what: object) -> float:
            together(ears, "forget")
            publisher.tell("publish", what, count)
            heard = together(ears, "wait_for", side, count)
            sent = publisher.hear()
            delivered = sum(number for number, _ in heard)
            if delivered != count * subscribers:
                faults.append(f"{side}: {count * subscribers - delivered} of {count * subscribers} lost")
            return float(delivered / (max(last_s for _, last_s in heard) - sent[0]))

        figures = effort.interleave(
            bare=lambda: rate("bare", server, frames), ours=lambda: rate("ours", daemon, "count")
        )
    work = f"delivered to {subscribers} subscribers"
    return [Row("S10", work, "1/s", AtLeast(0.7), figures["ours"], figures["bare"], faults=faults)]
