"""How much to measure, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Effort:
    """Rounds, and the share of the full size that each of them has."""

    rounds: int = 11
    share: float = 1.0

    def count(self, full: int, least: int = 1) -> int:
        return max(least, round(full * self.share))

    def seconds(self, full: float) -> float:
        return full * self.share

    def times(self, count: int) -> Effort:
        """So many times as many rounds, for what differs by little against what a machine does by itself."""
        return self.of_rounds(count * self.rounds)

    def of_rounds(self, count: int) -> Effort:
        """As large each, but *count* rounds."""
        return replace(self, rounds=count)

    def interleave(self, **sides: Callable[[], float]) -> dict[str, list[float]]:
        """Each of *sides* once a round, forwards and backwards by turns; the figures by name."""
        figures: dict[str, list[float]] = {name: [] for name in sides}
        for index in range(self.rounds):
            names = list(sides) if index % 2 == 0 else list(reversed(sides))
            for name in names:
                figures[name].append(sides[name]())
        return figures
