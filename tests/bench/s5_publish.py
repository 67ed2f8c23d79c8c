"""S5: one item published as fast as may be, to one callback; nothing may be lost."""

from __future__ import annotations

from tests.bench.cost import compared
from tests.bench.effort import Effort
from tests.bench.published import both_sides
from tests.bench.row import AtLeast, Row

#: More than the queues on the way hold: who does not keep up loses some.
COUNT = 30_000


def measure(effort: Effort) -> list[Row]:
    """Callbacks per second, from the first that is published to the last that is heard."""
    count = effort.count(COUNT)
    with both_sides() as (ours, bare):
        figures = effort.interleave(bare=lambda: bare.rate(count), ours=lambda: ours.rate(count))
    faults = [*ours.faults, *bare.faults]
    work = f"{count:,} published flat out"
    note = compared(ours.cost, bare.cost)
    target = AtLeast(0.6)
    return [Row("S5", work, "1/s", target, figures["ours"], figures["bare"], faults=faults, note=note)]
