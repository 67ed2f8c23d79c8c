"""JULABO circulator behind its commands: operating manuals, operating modes, warnings and alarms."""

from __future__ import annotations

import random

from ..pid import Pid
from .bath import Bath

CYCLE_S = 0.5

# Status numbers of alarms and warnings; the texts are those of the manuals.
LOW_LEVEL, HIGH_WARNING, LOW_WARNING, SENSOR, EXCESS = -1, -3, -4, -5, -14


class Circulator:
    """The bath, its control and what watches it; all temperatures in °C.

    Readings have a noise of *noise_k*, the standard deviation of one, from *seed*. ``level_ok`` and
    ``sensor_ok`` are the faults to throw; ``remote`` is the key on the front panel.
    """

    #: What this model can be set to.
    range_low_c, range_high_c = -30.0, 200.0
    pump_stages = 4

    def __init__(self, *, seed: int | None = 0, noise_k: float = 0.005) -> None:
        self.noise_k = noise_k
        self._random = random.Random(seed)
        self.bath = Bath()
        # Xp, Tn and Tv as the maker sets them [M].
        self.pid = Pid(band_k=0.5, integral_s=65.0, derivative_s=12.0, least_percent=-100.0)
        self.remote = True
        self.running = False
        self.setpoint_c = 20.0
        self.high_warning_c, self.low_warning_c = 150.0, -30.0
        #: Set with a screwdriver; the heater's own safety sensor is compared with it.
        self.excess_limit_c = 160.0
        self.pump_stage = 2
        self.external_sensor = True
        self.level_ok, self.sensor_ok = True, True
        #: The alarm that stopped the unit, until somebody acknowledges it at the panel.
        self.alarm: int | None = None
        self.power_percent = 0.0
        self._over_s = 0.0

    def reading_c(self) -> float:
        """One reading of the bath."""
        return self.bath.sensor_c + self._noise_k()

    def external_c(self) -> float | None:
        """One reading of the external Pt100, None where none is fitted."""
        return self.bath.vessel_c + self._noise_k() if self.external_sensor else None

    def safety_c(self) -> float:
        """One reading of the safety sensor, which sits at the heater and reads a little more."""
        return self.bath.temperature_c + 0.3 + self._noise_k()

    @property
    def warning(self) -> int | None:
        """What the bath is beyond."""
        if self.bath.sensor_c > self.high_warning_c:
            return HIGH_WARNING
        return LOW_WARNING if self.bath.sensor_c < self.low_warning_c else None

    def start(self, on: bool) -> None:
        """Start or stop; the control begins afresh."""
        self.running = on
        self.pid.restart()

    def acknowledge(self) -> None:
        """Somebody has put it right and pressed the key."""
        self.alarm = None

    def hold(self, celsius: float) -> None:
        """Be as long after the bath has settled."""
        self.setpoint_c, self.running = celsius, True
        self.bath.settle_at(celsius)
        self.power_percent = self.bath.power_to_hold(celsius)
        self.pid.begin_with(self.power_percent, celsius, celsius)

    def advance(self, dt_s: float) -> None:
        """Let time pass, in whole cycles; what is left over waits for the next call."""
        self._over_s += dt_s
        cycles = int(self._over_s / CYCLE_S + 1e-9)
        self._over_s -= cycles * CYCLE_S
        for _ in range(cycles):
            self._cycle()

    def _cycle(self) -> None:
        self.bath.advance(CYCLE_S, self.power_percent)
        found = self._what_is_wrong()
        if found is not None and self.alarm is None:
            self.alarm = found
        if self.alarm is not None and self.running:
            self.start(False)
        reading_c = self.bath.sensor_c
        self.power_percent = self.pid.turn(CYCLE_S, self.setpoint_c, reading_c) if self.running else 0.0

    def _what_is_wrong(self) -> int | None:
        if not self.level_ok:
            return LOW_LEVEL
        if not self.sensor_ok:
            return SENSOR
        return EXCESS if self.bath.temperature_c + 0.3 > self.excess_limit_c else None

    def _noise_k(self) -> float:
        return self._random.gauss(0.0, self.noise_k)
