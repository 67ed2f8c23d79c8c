"""A line that a device says again and again without being asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mktl.devicefile import ItemSpec, Query

#: How often, where no item of it is polled.
USUAL_S = 1.0


class Stream:
    """One such line: it comes as often as the most impatient of its items expects it, and on each change.

    However much time passes at once, it is said once.
    """

    def __init__(self, query: Query, items: Sequence[ItemSpec]) -> None:
        self.query = query
        self.step = query.steps[0]
        self.period_s = min((spec.poll_s for spec in items if spec.poll_s), default=USUAL_S)
        self._left_s = self.period_s

    def advance(self, dt_s: float) -> None:
        """Let time pass."""
        self._left_s -= dt_s

    @property
    def due_in_s(self) -> float:
        """How long until it is said next."""
        return max(0.0, self._left_s)

    def is_due(self, changed: Collection[str]) -> bool:
        """Whether to say it now, which then counts as done; *changed* are the queries with other values."""
        if self._left_s <= 0:
            self._left_s = self.period_s - -self._left_s % self.period_s  # late once, but not ever later
            return True
        if self.query.name not in changed:
            return False
        self._left_s = self.period_s
        return True
