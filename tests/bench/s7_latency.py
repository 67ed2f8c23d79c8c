"""S7: from publishing a value to the callback with it, now and then."""

from __future__ import annotations

from tests.bench.effort import Effort
from tests.bench.figures import percentile
from tests.bench.published import Side, both_sides
from tests.bench.row import AtMost, Row

COUNT = 500
#: One process has its code where it stays in the caches, and another has not: of each round that many begin.
PROCESSES = 2
#: So often by turns in each.
TURNS = 2
#: Long enough for both processes to go to sleep in between.
PERIOD_S = 0.002


def measure(effort: Effort) -> list[Row]:
    """Microseconds at 50 and 99 percent of the messages of a round."""
    count = effort.count(COUNT)
    middles: dict[str, list[float]] = {"bare": [], "ours": []}
    tails: dict[str, list[float]] = {"bare": [], "ours": []}
    faults = []
    for _ in range(PROCESSES * effort.rounds):
        with both_sides() as (ours, bare):
            figures = effort.of_rounds(TURNS).interleave(
                bare=lambda side=bare: _latency(side, count, tails["bare"]),  # type: ignore[misc]
                ours=lambda side=ours: _latency(side, count, tails["ours"]),  # type: ignore[misc]
            )
            faults += [*ours.faults, *bare.faults]
        for side, found in figures.items():
            middles[side] += found
    return [
        Row("S7", f"publish → callback, {name}", "µs", AtMost(1.3), each["ours"], each["bare"], faults=faults)
        for name, each in (("p50", middles), ("p99", tails))
    ]


def _latency(side: Side, count: int, tails: list[float]) -> float:
    """The median of one round; its 99th percentile is added to *tails*."""
    sent, heard = side.publish(count, PERIOD_S)
    took_us = [(heard_s - sent_s) * 1e6 for sent_s, (_, heard_s) in zip(sent, heard, strict=False)]
    tails.append(percentile(took_us, 99))
    return percentile(took_us, 50)
