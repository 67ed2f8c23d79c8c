"""Keithley 2450 source and measure: reference manual, sections 2 and 4, and specifications; [M] as marked."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from .loads import Load, Resistor

Quantity = Literal["VOLT", "CURR"]
Measured = Literal["VOLT", "CURR", "RES"]

#: What is told in the place of a reading beyond its range.
OVERLOAD = 9.9e37

#: The most that can be sourced; both at once only as the ranges below allow [M].
MOST: dict[Quantity, float] = {"VOLT": 210.0, "CURR": 1.05}

RANGES: dict[Measured, Sequence[float]] = {
    "VOLT": (0.02, 0.2, 2.0, 20.0, 200.0),
    "CURR": (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0),
    "RES": (2.0, 20.0, 200.0, 2e3, 2e4, 2e5, 2e6, 2e7, 2e8),
}

#: A range goes this far beyond its name.
HEADROOM = 1.05

#: Above 21 V the limit is 105 mA, above 105 mA it is 21 V: 20 W [M].
HIGH_V, HIGH_A = 21.0, 0.105


class Point(NamedTuple):
    """Where source and load meet."""

    volts: float
    amps: float
    tripped: bool


class Reading(NamedTuple):
    """One measurement, with what was sourced."""

    value: float
    source: float
    time_s: float


@dataclass(slots=True)
class Source:
    """How one quantity is sourced; the limit is of the other one."""

    limit: float
    level: float = 0.0
    range: float = 0.0
    autorange: bool = True
    delay_s: float = 0.0
    read_back: bool = True


@dataclass(slots=True)
class Sense:
    """How one quantity is measured."""

    range: float
    autorange: bool = True
    #: Power line cycles of one measurement, 0.01 to 10.
    nplc: float = 1.0
    remote: bool = False


def range_for(value: float, ranges: Sequence[float]) -> float:
    """The smallest range that holds a value.

    >>> [range_for(value, RANGES["VOLT"]) for value in (0, 0.021, 1.5, -20.5, 150)]
    [0.02, 0.02, 2.0, 20.0, 200.0]
    """
    return next((one for one in ranges if abs(value) <= one * HEADROOM), ranges[-1])


@dataclass
class SourceMeter:
    """The instrument and the load on it.

    Readings have a noise of *noise* times their range, the standard deviation of one at one power line cycle,
    from *seed*.
    """

    seed: int | None = 0
    noise: float = 1e-6
    load: Load = field(default_factory=Resistor)
    now_s: float = 0.0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self.reset()

    def reset(self) -> None:
        """As after ``*RST``: 0 V with a limit of 105 µA, measuring current, off [M as to the limits]."""
        self.source: Quantity = "VOLT"
        self.sources: dict[Quantity, Source] = {
            "VOLT": Source(limit=1.05e-4, range=0.02),
            "CURR": Source(limit=21.0, range=1e-8),
        }
        self.measure: Measured = "CURR"
        self.senses: dict[Measured, Sense] = {
            "VOLT": Sense(range=0.02), "CURR": Sense(range=1e-4), "RES": Sense(range=200.0),
        }  # fmt: skip
        self.on = False
        self.rear = False
        self.count = 1

    def point(self) -> Point:
        """Source and load as they are now; the limit clamps the source and trips."""
        source = self.sources[self.source]
        if not self.on:
            return Point(0.0, 0.0, False)
        if self.source == "VOLT":
            amps = self.load.amps_at(source.level)
            if abs(amps) <= source.limit:
                return Point(source.level, amps, False)
            clamped_a = math.copysign(source.limit, amps)
            return Point(self.load.volts_at(clamped_a), clamped_a, True)
        volts = self.load.volts_at(source.level)
        if abs(volts) <= source.limit:
            return Point(volts, source.level, False)
        clamped_v = math.copysign(source.limit, volts)
        return Point(clamped_v, self.load.amps_at(clamped_v), True)

    def read(self) -> Reading:
        """One measurement of what is to be measured."""
        point = self.point()
        true = {"VOLT": point.volts, "CURR": point.amps, "RES": self._ohms(point)}[self.measure]
        sense = self.senses[self.measure]
        within = range_for(true, RANGES[self.measure]) if sense.autorange else sense.range
        value = true + self._random.gauss(0.0, self.noise * within / math.sqrt(sense.nplc))
        source = self.sources[self.source]
        sourced = point.volts if self.source == "VOLT" else point.amps
        return Reading(
            OVERLOAD if abs(true) > within * HEADROOM else value,
            sourced if source.read_back else source.level,
            self.now_s,
        )

    def _ohms(self, point: Point) -> float:
        return point.volts / point.amps if point.amps else OVERLOAD
