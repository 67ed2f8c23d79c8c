"""Lake Shore 336 inputs: user's manual, INTYPE, KRDG?, SRDG? and RDGST? in chapter 6.

The curves are a few points each of the published ones (DT-670 diode, IEC 60751 platinum, a typical CX-1050),
joined by straight lines: right to a percent or so, which is all that a simulation needs.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

ZERO_CELSIUS_K = 273.15

OFF, DIODE, PLATINUM, NTC = 0, 1, 2, 3
IN_KELVIN, IN_CELSIUS, IN_SENSOR_UNITS = 1, 2, 3

# Bits of RDGST?.
INVALID, UNDER_RANGE, OVER_RANGE, UNITS_ZERO, UNITS_OVER = 1, 16, 32, 64, 128

#: The manual's highest <range> for each sensor type.
HIGHEST_RANGE = {OFF: 0, DIODE: 1, PLATINUM: 6, NTC: 8}


class Reading(NamedTuple):
    """What one input says: both values 0 when *status* is not."""

    kelvin: float
    #: V of a diode, Ω of the others.
    sensor_units: float
    #: The bits of RDGST?.
    status: int


@dataclass(frozen=True, slots=True)
class Curve:
    """Temperature in K against sensor units; an NTC is straight when both are logarithms."""

    kelvins: Sequence[float]
    sensor_units: Sequence[float]
    logarithmic: bool = False

    def units_at(self, kelvin: float) -> float:
        """The sensor's volts or ohms at a temperature within the curve."""
        return self._between(kelvin, self.kelvins, self.sensor_units)

    def kelvin_at(self, sensor_units: float) -> float:
        """The temperature at which the sensor has these volts or ohms."""
        if self.sensor_units[0] < self.sensor_units[-1]:
            return self._between(sensor_units, self.sensor_units, self.kelvins)
        return self._between(sensor_units, self.sensor_units[::-1], self.kelvins[::-1])

    def _between(self, x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
        at = min(max(bisect_right(xs, x), 1), len(xs) - 1)
        x0, x1, y0, y1 = xs[at - 1], xs[at], ys[at - 1], ys[at]
        if self.logarithmic:
            x, x0, x1, y0, y1 = (math.log(max(n, 1e-9)) for n in (x, x0, x1, y0, y1))
        y = y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        return math.exp(y) if self.logarithmic else y


CURVES = {
    DIODE: Curve(
        (1.4, 4.2, 10.0, 20.0, 30.0, 50.0, 77.35, 100.0, 150.0, 200.0, 250.0, 300.0, 400.0, 500.0),
        (1.6443, 1.5785, 1.3838, 1.1978, 1.1070, 1.0731, 1.0276, 0.9870, 0.8893, 0.7837, 0.6735, 0.5596,
         0.3294, 0.0907),
    ),
    PLATINUM: Curve(
        (30.0, 50.0, 77.35, 100.0, 150.0, 200.0, 273.15, 300.0, 400.0, 600.0, 800.0),
        (3.82, 9.38, 20.38, 29.99, 50.82, 71.07, 100.0, 110.45, 148.62, 221.54, 289.79),
    ),
    NTC: Curve(
        (1.4, 4.2, 10.0, 20.0, 50.0, 77.35, 100.0, 200.0, 300.0, 420.0),
        (26570.0, 4920.0, 1690.0, 760.0, 266.0, 165.0, 124.0, 71.0, 59.0, 45.0),
        logarithmic=True,
    ),
}  # fmt: skip


@dataclass(slots=True)
class Input:
    """One of the inputs A to D: how it is set up, and what is wired to it."""

    kind: int = DIODE
    autorange: int = 0
    range: int = 0
    compensation: int = 0
    units: int = IN_KELVIN
    name: str = ""
    #: Which mass of the cryostat the sensor sits on; None is neither.
    sits_on: Literal["stage", "sample"] | None = None
    #: How far this sensor's calibration is off.
    offset_k: float = 0.0
    #: Pull a wire: ``open`` reads as units overrange, ``short`` as units zero.
    wiring: Literal["ok", "open", "short"] = "ok"
    #: The number of the last conversion that was read, and its noise.
    converted: int = -1
    noise_k: float = 0.0

    def read(self, kelvin: float, noise_k: float = 0.0) -> Reading:
        """The reading of a sensor at this temperature.

        >>> Input(DIODE, sits_on="stage").read(4.2)
        Reading(kelvin=4.2, sensor_units=1.5785, status=0)
        >>> Input(PLATINUM, sits_on="stage").read(4.2).status == UNDER_RANGE
        True
        """
        shown_k = kelvin + self.offset_k + noise_k
        status = self.status_at(shown_k)
        if status:
            return Reading(0.0, 0.0, status)
        return Reading(shown_k, CURVES[self.kind].units_at(shown_k), 0)

    def status_at(self, shown_k: float) -> int:
        """The bits of RDGST? when the sensor shows this temperature."""
        if self.kind == OFF:
            return INVALID
        if self.sits_on is None or self.wiring == "open":
            return UNITS_OVER
        if self.wiring == "short":
            return UNITS_ZERO
        kelvins = CURVES[self.kind].kelvins
        return UNDER_RANGE if shown_k < kelvins[0] else OVER_RANGE if shown_k > kelvins[-1] else 0

    def to_units(self, kelvin: float) -> float:
        """A temperature in the units this input is set to."""
        if self.units == IN_CELSIUS:
            return kelvin - ZERO_CELSIUS_K
        if self.units == IN_SENSOR_UNITS and self.kind in CURVES:
            return CURVES[self.kind].units_at(kelvin)
        return kelvin

    def to_kelvin(self, value: float) -> float:
        """The inverse of :meth:`to_units`."""
        if self.units == IN_CELSIUS:
            return value + ZERO_CELSIUS_K
        if self.units == IN_SENSOR_UNITS and self.kind in CURVES:
            return CURVES[self.kind].kelvin_at(value)
        return value
