"""What clients saw of one register, and whether any order of events could have shown them that.

Every value is written once, so that a read names the write that it saw. Then the check is exact and quick
(Gibbons and Korach, "Testing shared memories", SIAM J. Comput. 26, 1997, theorem 4.1): the write of a value
and its reads must fit together into one stretch of time, during which no other value can have stood.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["done", "unknown", "refused"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One request: it took effect at some moment between *begun_s* and *ended_s*, of one clock for all.

    A write whose outcome is ``unknown`` may take effect at any time after it began, or never; a ``refused``
    one never does. *who* is for the reader of a violation.
    """

    kind: Literal["read", "write"]
    value: Hashable
    begun_s: float
    ended_s: float
    outcome: Outcome = "done"
    who: str = ""

    def __str__(self) -> str:
        by = f" by {self.who}" if self.who else ""
        said = "" if self.outcome == "done" else f" ({self.outcome})"
        return f"{self.kind} of {self.value!r}{by} at {self.begun_s:.3f} to {self.ended_s:.3f} s{said}"


@dataclass(slots=True)
class _Cluster:
    """A write, and the reads that saw it."""

    write: Operation
    reads: list[Operation] = field(default_factory=list)

    @property
    def first_end(self) -> Operation:
        """By the end of this one the value stood."""
        ends = self.reads if self.write.outcome == "unknown" else [self.write, *self.reads]
        return min(ends, key=lambda one: one.ended_s)

    @property
    def last_begin(self) -> Operation:
        """When this one began the value still stood."""
        return max([self.write, *self.reads], key=lambda one: one.begun_s)


@dataclass(frozen=True, slots=True)
class _Zone:
    """From when to when a value must have stood; when not *firm*, it did for a moment within."""

    low_s: float
    high_s: float
    is_firm: bool
    ends: tuple[Operation, Operation]


def violations(operations: Iterable[Operation], initial: Hashable = None) -> list[str]:
    """Why no order of *operations* explains what was read; empty when one does.

    Args:
        operations: Of one register; reads have the value that they were given.
        initial: What it held before.

    Raises:
        ValueError: A value was written twice, so that nobody can tell which one a read saw.

    >>> write = Operation("write", 1, 0.0, 1.0)
    >>> violations([write, Operation("read", 0, 0.5, 2.0)], initial=0)
    []
    >>> violations([write, Operation("read", 0, 1.5, 2.0)], initial=0)[0].partition(":")[0]
    "within another value's time"
    """
    every = list(operations)
    clusters, found = _clusters(every, initial)
    found += [text for cluster in clusters for text in _read_too_soon(cluster)]
    zones = [_zone(cluster) for cluster in clusters]
    firm = sorted((zone for zone in zones if zone.is_firm), key=lambda zone: zone.low_s)
    return found + _overlaps(firm) + _enclosed(firm, [zone for zone in zones if not zone.is_firm])


def _clusters(every: Sequence[Operation], initial: Hashable) -> tuple[list[_Cluster], list[str]]:
    """Writes with their reads, without those that nobody need explain; and the reads of what nobody wrote."""
    start = Operation("write", initial, -math.inf, -math.inf)
    by_value = {initial: _Cluster(start)}
    for write in (one for one in every if one.kind == "write"):
        if write.value in by_value:
            raise ValueError(f"{write.value!r} is written twice: {by_value[write.value].write}, {write}")
        by_value[write.value] = _Cluster(write)
    found = []
    for read in (one for one in every if one.kind == "read"):
        cluster = by_value.get(read.value)
        if cluster is None:
            found.append(f"never written: {read}")
        elif cluster.write.outcome == "refused":
            found.append(f"refused and yet there: {cluster.write}; {read}")
        else:
            cluster.reads.append(read)
    known = [one for one in by_value.values() if one.reads or one.write.outcome == "done"]
    return known, found


def _read_too_soon(cluster: _Cluster) -> list[str]:
    return [
        f"read before it was written: {cluster.write}; {read}"
        for read in cluster.reads
        if read.ended_s < cluster.write.begun_s
    ]


def _zone(cluster: _Cluster) -> _Zone:
    end, begin = cluster.first_end, cluster.last_begin
    low_s, high_s = sorted((end.ended_s, begin.begun_s))
    return _Zone(low_s, high_s, end.ended_s < begin.begun_s, (end, begin))


def _overlaps(firm: Sequence[_Zone]) -> list[str]:
    """Values that must have stood at the same time; *firm* is in order."""
    found = []
    for one, other in itertools.pairwise(firm):
        if other.low_s < one.high_s:
            found.append("two values at the same time: " + "; ".join(map(str, (*one.ends, *other.ends))))
    return found


def _enclosed(firm: Sequence[_Zone], loose: Sequence[_Zone]) -> list[str]:
    """Values that can only have stood while another one must have."""
    found = []
    lows = [zone.low_s for zone in firm]
    for zone in loose:
        at = bisect.bisect_left(lows, zone.low_s) - 1
        if at >= 0 and zone.high_s < firm[at].high_s:
            found.append("within another value's time: " + "; ".join(map(str, (*zone.ends, *firm[at].ends))))
    return found
