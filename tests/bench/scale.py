"""SCALE: what helps when one daemon, or one machine, is not enough, and what an item takes."""

from __future__ import annotations

import runpy
import threading
from contextlib import ExitStack
from pathlib import Path

import zmq

from tests.bench.child import Child, together
from tests.bench.effort import Effort
from tests.bench.frames import broadcast_of
from tests.bench.ours import STORE, OurDaemon, wait_until
from tests.bench.row import AtLeast, AtMost, Row
from tests.bench.s1_get import ITEMS, Getter
from tests.bench.s10_subscribers import SUBSCRIBERS
from tests.bench.usage import Usage

FANOUT = Path(__file__).parents[2] / "docs/examples/fanout.py"
BROADCASTS = 2000
CLIENTS = 4
SIZES = (1000, 10_000, 40_000)


class Publishing(OurDaemon, Usage):
    """A daemon that says what its broadcasts take."""

    def publishing_us(self, key: str, count: int) -> float:
        """Microseconds of processor time for each of *count* broadcasts, a millisecond apart."""
        before_s = self.cpu_s()
        self.publish(key, count, period_s=0.001)
        return 1e6 * (self.cpu_s() - before_s) / count


class Fanout:
    """The example, in a process of its own."""

    def __init__(self, daemon: str) -> None:
        up, down, port = runpy.run_path(str(FANOUT))["sockets"](zmq.Context.instance(), daemon)
        self.address = f"tcp://127.0.0.1:{port}"
        threading.Thread(target=zmq.proxy, args=(up, down), daemon=True).start()


class Audience:
    """Many connections for broadcasts in one process, each read to its end."""

    def __init__(self, address: str, topic: bytes, connections: int) -> None:
        self.heard = 0
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        sockets = [context.socket(zmq.SUB) for _ in range(connections)]
        for socket in sockets:
            socket.set_hwm(0)
            socket.subscribe(topic)
            socket.connect(address)
        threading.Thread(target=self._listen, args=(sockets,), daemon=True).start()

    def _listen(self, sockets: list[zmq.Socket[bytes]]) -> None:
        poller = zmq.Poller()
        for socket in sockets:
            poller.register(socket, zmq.POLLIN)
        while True:
            for socket, _ in poller.poll():
                socket.recv_multipart()
                self.heard += 1

    def wait_for(self, count: int) -> int:
        return wait_until(lambda: self.heard, count)


class Sized(OurDaemon, Usage):
    """A daemon of so many plain items."""

    def __init__(self, count: int) -> None:
        self._before_s, self._before_mb = self.cpu_s(), self.memory_mb()
        super().__init__({f"i{number}": {"type": "numeric"} for number in range(count)}, f"{STORE}{count}")
        self.started_s, self.grown_mb = self.cpu_s() - self._before_s, self.memory_mb() - self._before_mb


def measure(effort: Effort) -> list[Row]:
    """Each of them against the plain way."""
    return [*_fan_out(effort), *_two_daemons(effort), *_sizes(effort)]


def _fan_out(effort: Effort) -> list[Row]:
    count, connections = effort.count(BROADCASTS), effort.count(SUBSCRIBERS, least=2)
    faults: list[str] = []
    with ExitStack() as stack:
        enter = stack.enter_context
        direct, upstream = enter(Child(Publishing, ITEMS)), enter(Child(Publishing, ITEMS, f"{STORE}up"))
        topic = broadcast_of(direct, "temp")[0]
        proxy = enter(Child(Fanout, upstream.ask("addresses")[1]))
        ears = {
            direct: enter(Child(Audience, direct.ask("addresses")[1], topic, connections)),
            upstream: enter(
                Child(Audience, proxy.ask("address"), topic.replace(b"bench.", b"benchup."), connections)
            ),
        }

        def cost_us(daemon: Child) -> float:
            ear = ears[daemon]
            expected = ear.ask("heard") + count * connections
            taken_us: float = daemon.ask("publishing_us", "temp", count)
            if missing := expected - ear.ask("wait_for", expected):
                faults.append(f"{missing} lost")
            return taken_us

        together([direct, upstream], "publish", "temp", 100, 0.002)  # until all subscriptions have come
        for ear in ears.values():
            ear.ask("wait_for", 100 * connections)
        figures = effort.interleave(bare=lambda: cost_us(direct), ours=lambda: cost_us(upstream))
    work = f"a broadcast to {connections} subscribers, behind a proxy"
    note = "processor time of the daemon; bare: all of them connect to it"
    return [Row("SCALE", work, "µs", AtMost(0.7), figures["ours"], figures["bare"], faults=faults, note=note)]


def _two_daemons(effort: Effort) -> list[Row]:
    duration_s, clients = effort.seconds(0.5), effort.count(CLIENTS, least=2)
    with ExitStack() as stack:
        enter = stack.enter_context
        for alias, key in (("one", "TEMP"), ("two", "OTHER")):
            enter(Child(OurDaemon, {key: {"type": "numeric", "initial": 4.2}}, STORE, alias))
        one = [enter(Child(Getter, "temp")) for _ in range(2 * clients)]
        two = [enter(Child(Getter, key)) for key in ("temp", "other") for _ in range(clients)]
        figures = effort.interleave(
            bare=lambda: sum(together(one, "blocking", duration_s)),
            ours=lambda: sum(together(two, "blocking", duration_s)),
        )
    work = f"GETs of {2 * clients} clients, from two daemons of a store"
    # The clients alone fill two processors: a second daemon can only show that it costs little.
    return [Row("SCALE", work, "1/s", AtLeast(0.7), figures["ours"], figures["bare"], note="bare: from one")]


def _sizes(effort: Effort) -> list[Row]:
    sizes = [effort.count(size, least=100 * (1 + index)) for index, size in enumerate(SIZES)]
    rounds = [_sized(sizes) for _ in range(min(3, effort.rounds))]
    rows = []
    for index, size in enumerate(sizes):
        kb = [1024 * each[index][0] / size for each in rounds]
        ms = [1e6 * each[index][1] / size for each in rounds]
        of = f"{size:,} of them"
        rows += [
            Row("SCALE", f"memory of an item, {of}", "KB", AtMost(10), kb, judged_by="ours"),
            Row("SCALE", f"start of 1,000 items, {of}", "ms CPU", AtMost(200), ms, judged_by="ours"),
        ]
    return rows


def _sized(sizes: list[int]) -> list[tuple[float, float]]:
    """Megabytes and seconds of daemons of these sizes, beyond those of an empty one."""
    taken: list[tuple[float, float]] = []
    for size in (0, *sizes):
        with Child(Sized, size) as daemon:
            taken.append((daemon.ask("grown_mb"), daemon.ask("started_s")))
    none_mb, none_s = taken[0]
    return [(mb - none_mb, s - none_s) for mb, s in taken[1:]]
