"""S12: what doubling items, clients or poll rate costs a daemon."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack

import zmq

from tests.bench.child import Child, together
from tests.bench.effort import Effort
from tests.bench.figures import median, ratios
from tests.bench.frames import broadcast_of, request_of
from tests.bench.ours import STORE
from tests.bench.row import AtMost, Row
from tests.bench.s6_cpu import OurBeat, keys
from tests.bench.s9_polled import PollingDaemon

ITEMS, ITEMS_PERIOD_S = (10_000, 20_000, 40_000), 2.0
PERIODS_S, ITEMS_AT_RATE = (0.5, 0.25, 0.125), 2000
CLIENTS, ITEMS_OF_CLIENTS = (16, 32, 64), 20
GETS_PER_S = 20.0
ROUNDS = 5


class Crowd:
    """Clients as a daemon sees them, each with a connection of either kind: all subscribe, all ask."""

    def __init__(self, rep: str, pub: str, topic: bytes, request: Sequence[bytes], clients: int) -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._request = request
        self._dealers = [context.socket(zmq.DEALER) for _ in range(clients)]
        self._subs = [context.socket(zmq.SUB) for _ in range(clients)]
        for dealer, sub in zip(self._dealers, self._subs, strict=True):
            dealer.connect(rep)
            sub.subscribe(topic)
            sub.connect(pub)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        poller = zmq.Poller()
        for socket in [*self._dealers, *self._subs]:
            poller.register(socket, zmq.POLLIN)
        due_s = time.monotonic()
        while True:
            for socket, _ in poller.poll(max(0, int(1000 * (due_s - time.monotonic())))):
                socket.recv_multipart()
            if time.monotonic() >= due_s:
                due_s += 1 / GETS_PER_S
                for dealer in self._dealers:
                    dealer.send_multipart(self._request)


class CrowdedDaemon(OurBeat):
    """A daemon that says what its broadcasts, and whatever is asked of it meanwhile, cost."""

    def percent(self, beats: int) -> float:
        """Percent of a core."""
        before_s, begun_s = self.cpu_s(), time.monotonic()
        self.beat(beats)
        return 100 * (self.cpu_s() - before_s) / (time.monotonic() - begun_s)


def measure(effort: Effort) -> list[Row]:
    """Processor time of a daemon of one size in terms of that of half the size, which runs beside it."""
    rounds, period_s = min(effort.rounds, ROUNDS), effort.seconds(ITEMS_PERIOD_S)
    items = [effort.count(each, least=5) for each in ITEMS]
    at_rate = effort.count(ITEMS_AT_RATE, least=5)
    clients = [effort.count(each, least=1 + index) for index, each in enumerate(CLIENTS)]

    def polled(*sizes: tuple[int, float]) -> list[list[float]]:
        with ExitStack() as stack:
            daemons = [stack.enter_context(Child(PollingDaemon, *size)) for size in sizes]
            time.sleep(period_s)
            return [together(daemons, "poll_for", period_s) for _ in range(rounds)]

    return [
        *_steps("items", items, polled(*((count, period_s) for count in items))),
        *_steps("Hz", [1 / each for each in PERIODS_S], polled(*((at_rate, each) for each in PERIODS_S))),
        *_steps("clients", clients, _crowded(clients, rounds, effort.count(20))),
    ]


def _crowded(sizes: Sequence[int], rounds: int, beats: int) -> list[list[float]]:
    """Percent of a core for daemons with so many clients."""
    described = {key: {"type": "numeric"} for key in keys(ITEMS_OF_CLIENTS)}
    with ExitStack() as stack:
        stores = [STORE, *(f"{STORE}{clients}" for clients in sizes[1:])]
        daemons = [stack.enter_context(Child(CrowdedDaemon, described, store)) for store in stores]
        first = keys(1)[0]
        request, broadcast = request_of(first, "get"), broadcast_of(daemons[0], first)
        topic = broadcast[0].rpartition(first.encode())[0]
        for store, daemon, clients in zip(stores, daemons, sizes, strict=True):
            frames = [frame.replace(STORE.encode(), store.encode()) for frame in (topic, *request)]
            crowd = Child(Crowd, *daemon.ask("addresses"), frames[0], frames[1:], clients)
            stack.enter_context(crowd)
        together(daemons, "percent", 1)
        return [together(daemons, "percent", beats) for _ in range(rounds)]


def _steps(what: str, sizes: Sequence[float], costs: list[list[float]]) -> list[Row]:
    """A row for each doubling; *costs* has a list of percents for each round."""
    rows = []
    for index in range(1, len(sizes)):
        less, more = [each[index - 1] for each in costs], [each[index] for each in costs]
        work = f"CPU of {sizes[index - 1]:,.0f} → {sizes[index]:,.0f} {what}"
        note = f"{median(less):.1f} → {median(more):.1f} % of a core"
        rows.append(Row("S12", work, "×", AtMost(2.1), ratios(more, less), judged_by="ours", note=note))
    return rows
