"""What one exchange or message costs in processor time, of all processes that take part.

It says less than a rate, and says it on a machine with other work too.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from tests.bench.child import Child


class Cost:
    """Adds up what *children* take, and what they did for it."""

    def __init__(self, *children: Child) -> None:
        self._children = children
        self._taken_s = 0.0
        self._done = 0.0

    def of_rate(self, measure: Callable[[], float], duration_s: float) -> float:
        """The rate that *measure* has over *duration_s* seconds."""
        return self._charge(measure, lambda rate: rate * duration_s)

    def of_count(self, measure: Callable[[], float], count: float) -> float:
        """Whatever *measure* has of *count* messages."""
        return self._charge(measure, lambda _: count)

    def _charge(self, measure: Callable[[], float], done: Callable[[float], float]) -> float:
        before_s = self._cpu_s()
        figure = measure()
        self._taken_s += self._cpu_s() - before_s
        self._done += done(figure)
        return figure

    def _cpu_s(self) -> float:
        return sum(child.cpu_s() for child in self._children)

    @property
    def each_us(self) -> float:
        """Microseconds of processor time for each."""
        return 1e6 * self._taken_s / self._done if self._done else math.nan


def compared(ours: Cost, bare: Cost) -> str:
    """Such as ``CPU of both processes 120 µs each, bare 60 µs``."""
    return f"CPU of both processes {ours.each_us:.0f} µs each, bare {bare.each_us:.0f} µs"
