"""S5: one item published as fast as may be, to one callback; nothing may be lost."""

from __future__ import annotations

from tests.bench.effort import Effort
from tests.bench.published import both_sides
from tests.bench.row import AtLeast, Row

COUNT = 50_000


def measure(effort: Effort) -> list[Row]:
    """Callbacks per second, from the first that is published to the last that is heard."""
    count = effort.count(COUNT)
    with both_sides() as (ours, bare):
        figures = effort.interleave(bare=lambda: bare.rate(count), ours=lambda: ours.rate(count))
    faults = [*ours.faults, *bare.faults]
    work = f"{count:,} published flat out"
    return [Row("S5", work, "1/s", AtLeast(0.6), figures["ours"], figures["bare"], faults=faults)]
