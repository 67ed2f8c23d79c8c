"""One row of the table: what was measured, and whether it reaches what it should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.statistics import median, ratios


@dataclass(frozen=True)
class AtLeast:
    """A target that more is better for."""

    limit: float

    def reached_by(self, figure: float) -> bool:
        return figure >= self.limit

    def __str__(self) -> str:
        return f"≥ {self.limit:g}"


@dataclass(frozen=True)
class AtMost:
    """A target that less is better for."""

    limit: float

    def reached_by(self, figure: float) -> bool:
        return figure <= self.limit

    def __str__(self) -> str:
        return f"≤ {self.limit:g}"


@dataclass(frozen=True)
class Row:
    """Measurements of one thing, a figure a round.

    Where there is something bare to compare with, the target is for the ratio; else for the figure.
    """

    metric: str
    work: str
    unit: str
    target: AtLeast | AtMost
    ours: Sequence[float]
    bare: Sequence[float] = ()
    #: What was lost or wrong; anything here makes the row a failure.
    faults: Sequence[str] = ()
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        return ratios(self.ours, self.bare) if self.bare else []

    @property
    def figures(self) -> Sequence[float]:
        """What the target is for, a figure a round."""
        return self.ratios or self.ours

    @property
    def reached(self) -> bool:
        return not self.faults and self.target.reached_by(median(self.figures))

    def as_json(self) -> dict[str, Any]:
        return {
            "metric": self.metric,
            "work": self.work,
            "unit": self.unit,
            "bare": median(self.bare) if self.bare else None,
            "ours": median(self.ours),
            "ratio": median(self.ratios) if self.bare else None,
            "spread": [min(self.figures), max(self.figures)] if self.figures else None,
            "target": str(self.target),
            "reached": self.reached,
            "faults": list(self.faults),
            "note": self.note,
            "rounds": {"bare": list(self.bare), "ours": list(self.ours)},
        }
