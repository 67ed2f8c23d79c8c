"""When a value is worrying, and when it no longer is."""

from __future__ import annotations

from mktl.devicefile import Alarms

#: The worst first.
SEVERITIES = ("major", "minor")


class AlarmState:
    """The alarms of one item: each begins beyond its limit and ends within it by more than the hysteresis.

    Args:
        alarms: The limits.
        unit: Of the value, for the words.

    >>> state = AlarmState(Alarms(minor=(None, 300.0), hysteresis=5.0), "K")
    >>> [state.judge(value) for value in (299.0, 301.0, 296.0, 294.0)]
    [None, ('minor', 'above 300.0 K'), ('minor', 'above 300.0 K'), None]
    """

    def __init__(self, alarms: Alarms, unit: str = "") -> None:
        self._alarms = alarms
        self._unit = f" {unit}" if unit else ""
        self._on: set[tuple[str, str]] = set()

    def judge(self, value: float) -> tuple[str, str] | None:
        """The severity of *value* and its reason, or None when all is well."""
        worst = None
        for severity in SEVERITIES:
            low, high = getattr(self._alarms, severity)
            for side, limit, beyond in (("below", low, -1), ("above", high, 1)):
                if limit is not None and self._is_on((severity, side), (value - limit) * beyond):
                    worst = worst or (severity, f"{side} {limit}{self._unit}")
        return worst

    def _is_on(self, which: tuple[str, str], excess: float) -> bool:
        """Whether this alarm is on, with the value so far beyond its limit."""
        on = excess > (-self._alarms.hysteresis if which in self._on else 0.0)
        self._on = self._on | {which} if on else self._on - {which}
        return on
