"""A small oven with a thermocouple in it. Its size is ours: 5 minutes, and 620 °C at full power."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Oven:
    """One mass that loses heat to the room, and a thermocouple that follows it.

    >>> oven = Oven()
    >>> oven.advance(300.0, percent=50.0)      # one time constant on the way from 20 °C to 320 °C
    >>> round(oven.temperature_c, 1) == round(20 + 300 * (1 - math.exp(-1)), 1)
    True
    """

    temperature_c: float = 20.0
    #: What the thermocouple is at.
    sensor_c: float = 20.0
    room_c: float = 20.0
    #: How much warmer than the room full power makes it in the end.
    full_power_k: float = 600.0
    tau_s: float = 300.0
    sensor_tau_s: float = 5.0
    #: What the heater draws while it is on.
    load_a: float = 8.5
    #: A heater that is broken draws nothing and heats nothing.
    heater: bool = True

    def advance(self, dt_s: float, percent: float) -> None:
        """Let time pass with the heater on for *percent* of it."""
        power = percent / 100.0 if self.heater else 0.0
        end_c = self.room_c + self.full_power_k * power
        # The exact answer of each first-order lag to an input that stands still; steps are 0.25 s.
        self.temperature_c = end_c + (self.temperature_c - end_c) * math.exp(-dt_s / self.tau_s)
        away_k = self.sensor_c - self.temperature_c
        self.sensor_c = self.temperature_c + away_k * math.exp(-dt_s / self.sensor_tau_s)

    def power_to_hold(self, temperature_c: float) -> float:
        """The power in % that keeps it there for ever."""
        return 100.0 * (temperature_c - self.room_c) / self.full_power_k

    def settle_at(self, temperature_c: float) -> None:
        """All of it at one temperature."""
        self.temperature_c = self.sensor_c = temperature_c
