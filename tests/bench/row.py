"""One row of the table: what was measured, and whether it reaches what it should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.bench.figures import median, ratios


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


def target(text: str) -> AtLeast | AtMost:
    """The target that is written like this.

    >>> target("≤ 1.3")
    AtMost(limit=1.3)
    """
    sign, limit = text.split()
    return AtLeast(float(limit)) if sign == "≥" else AtMost(float(limit))


@dataclass(frozen=True)
class Row:
    """Measurements of one thing, a figure a round."""

    metric: str
    work: str
    unit: str
    target: AtLeast | AtMost
    ours: Sequence[float]
    bare: Sequence[float] = ()
    #: What the target is for: ours in terms of bare, what ours has beyond bare, or ours alone.
    judged_by: Literal["ratio", "difference", "ours"] = "ratio"
    #: What was lost or wrong; anything here makes the row a failure.
    faults: Sequence[str] = ()
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        return ratios(self.ours, self.bare) if self.bare else []

    @property
    def figures(self) -> Sequence[float]:
        """What is held against the target, a figure a round."""
        if self.judged_by == "difference":
            return [mine - theirs for mine, theirs in zip(self.ours, self.bare, strict=True)]
        return self.ratios if self.judged_by == "ratio" else self.ours

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
            "judged_by": self.judged_by,
            "figure": median(self.figures),
            "spread": [min(self.figures), max(self.figures)],
            "target": str(self.target),
            "reached": self.reached,
            "faults": list(self.faults),
            "note": self.note,
            "rounds": {"bare": list(self.bare), "ours": list(self.ours)},
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Row:
        """The row that :meth:`as_json` was called of."""
        same = {name: written[name] for name in ("metric", "work", "unit", "judged_by", "faults", "note")}
        return cls(**same, **written["rounds"], target=target(written["target"]))
