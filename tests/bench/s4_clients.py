"""S4: blocking GETs of eight client processes at a time, in sum."""

from __future__ import annotations

from contextlib import ExitStack

from tests.bench.bare import BareClient, BareServer
from tests.bench.child import Child, together
from tests.bench.effort import Effort
from tests.bench.frames import replies_to, request_of
from tests.bench.ours import OurDaemon
from tests.bench.row import AtLeast, Row
from tests.bench.s1_get import ITEMS, Getter

CLIENTS = 8


def measure(effort: Effort) -> list[Row]:
    """GETs per second of all clients, against as many bare ones."""
    duration_s, clients = effort.seconds(0.5), effort.count(CLIENTS, least=2)
    with ExitStack() as stack:
        enter = stack.enter_context
        daemon = enter(Child(OurDaemon, ITEMS))
        request = request_of("temp", "get")
        server = enter(Child(BareServer, replies_to(daemon.ask("addresses")[0], request)))
        address = server.ask("addresses")[0]
        ours = [enter(Child(Getter, "temp")) for _ in range(clients)]
        bare = [enter(Child(BareClient, address, request)) for _ in range(clients)]
        figures = effort.interleave(
            bare=lambda: sum(together(bare, "blocking", duration_s)),
            ours=lambda: sum(together(ours, "blocking", duration_s)),
        )
    return [Row("S4", f"GET, {clients} clients", "1/s", AtLeast(0.8), figures["ours"], figures["bare"])]
