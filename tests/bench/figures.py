"""What a list of measurements comes to."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of *values* that *percent* of them do not exceed (nearest rank).

    >>> percentile([5, 1, 4, 2, 3], 50), percentile(range(1, 101), 99)
    (3, 99)
    """
    if not values:
        return math.nan
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]


def median(values: Sequence[float]) -> float:
    """The middle one; NaN of none."""
    return statistics.median(values) if values else math.nan


def ratios(ours: Sequence[float], bare: Sequence[float]) -> list[float]:
    """Ours in terms of bare, round by round: what disturbs the machine for longer disturbs both.

    >>> ratios([90.0, 40.0], [100.0, 50.0])
    [0.9, 0.8]
    """
    return [mine / theirs if theirs else math.nan for mine, theirs in zip(ours, bare, strict=True)]
