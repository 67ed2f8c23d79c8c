"""What is connected to a source-meter: a load tells its current at a voltage, its voltage at a current."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


class Load(Protocol):
    """Two terminals; more voltage is more current."""

    def amps_at(self, volts: float) -> float:
        """The current at a voltage."""
        ...

    def volts_at(self, amps: float) -> float:
        """The voltage at a current, infinite where no voltage drives it."""
        ...


@dataclass(frozen=True, slots=True)
class Resistor:
    """Ohm's law.

    >>> Resistor(1000.0).amps_at(1.5), Resistor(1000.0).volts_at(0.0015)
    (0.0015, 1.5)
    """

    ohm: float = 1000.0

    def amps_at(self, volts: float) -> float:
        """U / R."""
        return volts / self.ohm

    def volts_at(self, amps: float) -> float:
        """R I."""
        return amps * self.ohm


@dataclass(frozen=True, slots=True)
class Diode:
    """Shockley's law with a series resistance; the values are those of a small silicon diode, 1N4148.

    >>> diode = Diode()
    >>> round(diode.volts_at(0.01), 2), diode.amps_at(-5.0) == -diode.saturation_a
    (0.69, True)
    """

    saturation_a: float = 2.5e-9
    ideality: float = 1.75
    series_ohm: float = 0.6
    #: kT/q at 300 K.
    thermal_v: float = 0.025852

    def volts_at(self, amps: float) -> float:
        """Over the junction and its resistance; no voltage drives more than the saturation current back."""
        if amps <= -self.saturation_a:
            return -math.inf
        junction_v = self.ideality * self.thermal_v * math.log1p(amps / self.saturation_a)
        return junction_v + amps * self.series_ohm

    def amps_at(self, volts: float) -> float:
        """By bisection: the voltage rises with the current."""
        if volts <= -40 * self.ideality * self.thermal_v:
            return -self.saturation_a
        low, high = -self.saturation_a, max(volts, 0.0) / self.series_ohm
        for _ in range(200):
            middle = (low + high) / 2
            if self.volts_at(middle) < volts:
                low = middle
            else:
                high = middle
        return high


@dataclass(frozen=True, slots=True)
class Nothing:
    """Open terminals."""

    def amps_at(self, volts: float) -> float:  # noqa: ARG002 - at any voltage
        """None."""
        return 0.0

    def volts_at(self, amps: float) -> float:
        """As far as the limit lets it."""
        return math.copysign(math.inf, amps) if amps else 0.0
