"""A bath with a heater and a refrigerator. Its size is ours: 2 K/min up, 0.8 K/min down, 2 h to the room."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Bath:
    """The liquid, the sensor in it, and a vessel outside that it is pumped through.

    >>> bath = Bath()
    >>> bath.advance(60.0, percent=100.0)
    >>> round(bath.temperature_c, 2)        # 22 °C and 2 K, less what the room took meanwhile
    23.99
    """

    temperature_c: float = 22.0
    sensor_c: float = 22.0
    vessel_c: float = 22.0
    room_c: float = 22.0
    heating_k_per_min: float = 2.0
    cooling_k_per_min: float = 0.8
    #: How long the bath takes to go 63 % of its way to the room.
    loss_tau_s: float = 7200.0
    sensor_tau_s: float = 3.0
    vessel_tau_s: float = 120.0

    def advance(self, dt_s: float, percent: float) -> None:
        """Let time pass with so much of the heater, or below 0 of the refrigerator."""
        k_per_min = self.heating_k_per_min if percent > 0 else self.cooling_k_per_min
        end_c = self.room_c + percent / 100.0 * k_per_min / 60.0 * self.loss_tau_s
        self.temperature_c = _lag(self.temperature_c, end_c, dt_s, self.loss_tau_s)
        self.sensor_c = _lag(self.sensor_c, self.temperature_c, dt_s, self.sensor_tau_s)
        self.vessel_c = _lag(self.vessel_c, self.temperature_c, dt_s, self.vessel_tau_s)

    def power_to_hold(self, temperature_c: float) -> float:
        """The power in % that keeps it there for ever."""
        k_per_min = (temperature_c - self.room_c) / self.loss_tau_s * 60.0
        full = self.heating_k_per_min if k_per_min > 0 else self.cooling_k_per_min
        return 100.0 * k_per_min / full

    def settle_at(self, temperature_c: float) -> None:
        """All of it at one temperature."""
        self.temperature_c = self.sensor_c = self.vessel_c = temperature_c


def _lag(now: float, end: float, dt_s: float, tau_s: float) -> float:
    """A first-order lag after an input that stands still: exact for any time."""
    return end + (now - end) * math.exp(-dt_s / tau_s)
