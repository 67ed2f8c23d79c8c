"""Eurotherm 3200 alarms: engineering manual HA028651, section 12."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["off", "high", "low", "deviation high", "deviation low"]


@dataclass(slots=True)
class Alarm:
    """One of four; it does not latch, and goes out *hysteresis_k* on the good side of its threshold."""

    kind: Kind = "off"
    threshold_c: float = 0.0
    hysteresis_k: float = 1.0
    active: bool = False

    def look(self, reading_c: float, setpoint_c: float) -> bool:
        """Judge one reading; True when the alarm has just come."""
        was = self.active
        over_k = self._over(reading_c, setpoint_c)
        self.active = over_k is not None and over_k > (-self.hysteresis_k if was else 0.0)
        return self.active and not was

    def _over(self, reading_c: float, setpoint_c: float) -> float | None:
        """How far the reading is on the bad side."""
        if self.kind == "off":
            return None
        value = reading_c - (setpoint_c if "deviation" in self.kind else 0.0)
        return value - self.threshold_c if self.kind.endswith("high") else self.threshold_c - value
