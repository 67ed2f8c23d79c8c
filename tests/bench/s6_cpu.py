"""S6: what 1,000 items at 10 Hz cost daemon and client."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import mktl
from tests.bench.bare import BareServer, BareSubscriber
from tests.bench.child import Child
from tests.bench.effort import Effort
from tests.bench.figures import median
from tests.bench.frames import broadcast_of
from tests.bench.ours import SETTLE_S, OurDaemon, item_of, wait_until
from tests.bench.row import AtMost, Row
from tests.bench.usage import Usage

ITEMS, PERIOD_S = 1000, 0.1


def keys(count: int) -> list[str]:
    return [f"i{number:04d}" for number in range(count)]


class OurBeat(OurDaemon, Usage):
    """A daemon that publishes all its items at once, again and again."""

    def beat(self, beats: int) -> int:
        """Publish every item once each period; how many were published."""
        items = [item for key, item in self.daemon.items.items() if not key.startswith("_")]
        for value in every_period(beats):
            for item in items:
                item.publish(value)
        return beats * len(items)


class OurEars(Usage):
    """A client with a callback on every item."""

    def __init__(self, count: int) -> None:
        self.calls = 0
        for key in keys(count):
            item_of(key).register(self._called_back)
        time.sleep(SETTLE_S)

    def _called_back(self, item: mktl.Item, value: Any, timestamp: float) -> None:
        self.calls += 1

    def wait_for_calls(self, count: int) -> int:
        return wait_until(lambda: self.calls, count)

    def close(self) -> None:
        mktl.close()


class BareBeat(BareServer, Usage):
    """A PUB with a broadcast of each item."""

    def prepare(self, broadcasts: Sequence[Sequence[bytes]]) -> None:
        self._broadcasts = broadcasts

    def beat(self, beats: int) -> int:
        send = self._pub.send_multipart
        for _ in every_period(beats):
            for frames in self._broadcasts:
                send(frames)
        return beats * len(self._broadcasts)


class BareEars(BareSubscriber, Usage):
    """A SUB with a subscription of each item."""

    @property
    def calls(self) -> int:
        return len(self.heard)

    def wait_for_calls(self, count: int) -> int:
        return wait_until(lambda: self.calls, count)


def every_period(beats: int) -> Any:
    """A new value at the beginning of each period."""
    begun_s = time.monotonic()
    for number in range(beats):
        time.sleep(max(0.0, begun_s + number * PERIOD_S - time.monotonic()))
        yield time.time()
    time.sleep(max(0.0, begun_s + beats * PERIOD_S - time.monotonic()))


def measure(effort: Effort) -> list[Row]:
    """Percent of a core that both processes take together, against as many bare broadcasts."""
    items, beats = effort.count(ITEMS, least=10), effort.count(10, least=1)
    described = {key: {"type": "numeric"} for key in keys(items)}
    with ExitStack() as stack:
        enter = stack.enter_context
        daemon, server = enter(Child(OurBeat, described)), enter(Child(BareBeat))
        broadcasts = _each(broadcast_of(daemon, keys(1)[0]), items)
        server.ask("prepare", broadcasts)
        topics = [frames[0] for frames in broadcasts]
        ears = enter(Child(OurEars, items))
        bare_ears = enter(Child(BareEars, server.ask("addresses")[1], *topics))
        time.sleep(SETTLE_S)
        faults: list[str] = []
        figures = effort.interleave(
            bare=lambda: _percent(server, bare_ears, beats, faults),
            ours=lambda: _percent(daemon, ears, beats, faults),
        )
        threads = float(max(child.ask("threads") for child in (daemon, ears)))
    work = f"{items:,} items at 10 Hz, daemon + client"
    note = f"ratio to bare {median(figures['ours']) / median(figures['bare']):.1f}"
    return [
        Row("S6", work, "% CPU", AtMost(30), figures["ours"], figures["bare"], "ours", faults, note),
        Row("S6", "threads of either process", "", AtMost(19), [threads], judged_by="ours"),
    ]


def _each(frames: Sequence[bytes], count: int) -> list[list[bytes]]:
    """The same broadcast of each item."""
    first, *rest = frames
    return [[first.replace(keys(1)[0].encode(), key.encode()), *rest] for key in keys(count)]


def _percent(publisher: Child, ears: Child, beats: int, faults: list[str]) -> float:
    before_s, begun_s = publisher.cpu_s() + ears.cpu_s(), time.monotonic()
    calls = ears.ask("calls")
    published = publisher.ask("beat", beats)
    took_s = time.monotonic() - begun_s
    if lost := published - (ears.ask("wait_for_calls", calls + published) - calls):
        faults.append(f"{lost} of {published} lost")
    return float(100 * (publisher.cpu_s() + ears.cpu_s() - before_s) / took_s)
