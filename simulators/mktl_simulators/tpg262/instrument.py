"""A TPG 262 behind its mnemonics: two gauges, four switching functions, and the unit they are told in."""

from __future__ import annotations

import random
from dataclasses import dataclass

from ..vacuum import Vacuum
from .gauges import NO_PRESSURE_MBAR, PKR, TPR, Gauge, Status

#: By the number of the unit: mbar, Torr, Pa.
PER_MBAR = (1.0, 0.750062, 100.0)


@dataclass(slots=True)
class SwitchingFunction:
    """A relay that closes below the lower threshold and opens above the upper one; in mbar."""

    #: 0 for gauge 1, 1 for gauge 2.
    gauge: int
    low_mbar: float
    high_mbar: float
    is_on: bool = False

    def look_at(self, status: Status, mbar: float) -> None:
        """Follow a value; between the thresholds all stays as it is, without a value it opens [M]."""
        if status not in (Status.OK, Status.UNDER) or mbar > self.high_mbar:
            self.is_on = False
        elif mbar < self.low_mbar:
            self.is_on = True


class Instrument:
    """The controller; gauge 1 is on the chamber, gauge 2 on the foreline.

    Readings scatter by *noise*, the standard deviation as a share of the pressure, from *seed*.
    """

    def __init__(self, *, seed: int | None = 0, noise: float = 0.01) -> None:
        self.noise = noise
        self._random = random.Random(seed)
        self.vacuum = Vacuum()
        self.gauges = [Gauge(PKR), Gauge(TPR)]
        # The thresholds as delivered depend on the gauge (manual, SPx); these are ours.
        self.functions = [
            SwitchingFunction(0, 1e-6, 2e-6),
            SwitchingFunction(0, 1e-5, 2e-5),
            SwitchingFunction(1, 5e-2, 1e-1),
            SwitchingFunction(1, 5e-1, 1.0),
        ]
        self.unit = 0
        self._switch_relays()

    def advance(self, dt_s: float) -> None:
        """Let time pass in the vacuum; the relays follow."""
        self.vacuum.advance(dt_s)
        self._switch_relays()

    def reading(self, number: int) -> str:
        """Status and pressure of gauge 0 or 1 as they are printed, in the unit in use."""
        gauge = self.gauges[number]
        status, mbar = gauge.measure(self._actual_mbar(number) * self._scatter())
        if status >= Status.SENSOR_ERROR:
            # The manual prints this one with a single digit in the exponent.
            return f"{status:d},{_exponential(NO_PRESSURE_MBAR * PER_MBAR[self.unit]).replace('E-0', 'E-')}"
        value = mbar * PER_MBAR[self.unit]
        rounded = float(f"{value:.2E}") if gauge.kind and gauge.kind.is_logarithmic else value
        return f"{status:d},{_exponential(rounded)}"

    def thresholds(self, number: int) -> str:
        """Gauge, lower and upper threshold of a switching function as they are printed."""
        function = self.functions[number]
        low, high = (mbar * PER_MBAR[self.unit] for mbar in (function.low_mbar, function.high_mbar))
        return f"{function.gauge},{_exponential(low)},{_exponential(high)}"

    def set_thresholds(self, number: int, gauge: int, low: float, high: float) -> None:
        """Give a switching function another gauge and thresholds, in the unit in use."""
        function = self.functions[number]
        function.gauge = gauge
        function.low_mbar, function.high_mbar = low / PER_MBAR[self.unit], high / PER_MBAR[self.unit]
        self._switch_relays()

    def _actual_mbar(self, number: int) -> float:
        return (self.vacuum.chamber_mbar, self.vacuum.foreline_mbar)[number]

    def _scatter(self) -> float:
        return max(1.0 + self._random.gauss(0.0, self.noise), 0.0) if self.noise else 1.0

    def _switch_relays(self) -> None:
        for function in self.functions:
            function.look_at(*self.gauges[function.gauge].measure(self._actual_mbar(function.gauge)))


def _exponential(value: float) -> str:
    return f"{value:.4E}"
