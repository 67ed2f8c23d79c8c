"""E3631A outputs: user's guide, specifications and "Constant voltage and constant current operation"."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Literal, NamedTuple

Regulation = Literal["off", "constant voltage", "constant current"]


class Point(NamedTuple):
    """Where an output stands: at its terminals and through its load."""

    volts: float
    amps: float
    regulation: Regulation


@dataclass(slots=True)
class Output:
    """One of the three supplies with a resistor on it.

    >>> output = Output("P6V", most_v=6.18, most_a=5.15, reset_a=5.0, load_ohm=10.0)
    >>> output.volts, output.amps = 5.0, 1.0
    >>> output.point(on=True)                            # 5 V on 10 Ω take half an ampere
    Point(volts=5.0, amps=0.5, regulation='constant voltage')
    >>> output.amps = 0.2
    >>> output.point(on=True)                            # 0.2 A on 10 Ω make 2 V
    Point(volts=2.0, amps=0.2, regulation='constant current')
    """

    name: str
    #: The largest voltage that it takes; below zero on the negative supply.
    most_v: float
    most_a: float
    #: The current limit after a reset; the voltage is 0.
    reset_a: float
    #: What is connected; infinity is nothing.
    load_ohm: float = math.inf
    volts: float = 0.0
    amps: float = 0.0
    #: What a trigger puts in their place.
    triggered_v: float = 0.0
    triggered_a: float = 0.0

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """0 V and the current limit of a reset."""
        self.volts = self.triggered_v = 0.0
        self.amps = self.triggered_a = self.reset_a

    def point(self, *, on: bool) -> Point:
        """Constant voltage as long as the load takes less than the limit, else constant current."""
        if not on:
            return Point(0.0, 0.0, "off")
        wanted_a = abs(self.volts) / self.load_ohm if self.load_ohm else math.inf
        if self.volts == 0 or wanted_a <= self.amps:
            return Point(self.volts, wanted_a if self.volts else 0.0, "constant voltage")
        return Point(math.copysign(self.amps * self.load_ohm, self.volts), self.amps, "constant current")


class Supplies:
    """The three outputs behind one switch.

    Measurements have a noise of *noise*, the standard deviation of one in V and a tenth of that in A, from
    *seed*.
    """

    def __init__(self, *, seed: int | None = 0, noise: float = 0.0005) -> None:
        self.noise = noise
        self._random = random.Random(seed)
        self.outputs = [
            Output("P6V", 6.18, 5.15, 5.0, load_ohm=10.0),
            Output("P25V", 25.75, 1.03, 1.0, load_ohm=50.0),
            Output("N25V", -25.75, 1.03, 1.0, load_ohm=50.0),
        ]
        self.on = False
        #: The negative supply follows the positive one.
        self.tracking = False

    def reset(self) -> None:
        """All off and at zero."""
        self.on = self.tracking = False
        for output in self.outputs:
            output.reset()

    def set_volts(self, output: Output, volts: float) -> None:
        """Set a voltage, and on a pair that tracks the other one's too."""
        output.volts = volts
        if self.tracking and output is not self.outputs[0]:
            for one, sign in ((self.outputs[1], 1.0), (self.outputs[2], -1.0)):
                one.volts = sign * abs(volts)

    def track(self, on: bool) -> None:
        """Let the negative supply go where the positive one is."""
        self.tracking = on
        if on:
            self.set_volts(self.outputs[1], self.outputs[1].volts)

    def measured_v(self, output: Output) -> float:
        """One measurement at the terminals."""
        return output.point(on=self.on).volts + self._random.gauss(0.0, self.noise)

    def measured_a(self, output: Output) -> float:
        """One measurement of the current."""
        return output.point(on=self.on).amps + self._random.gauss(0.0, self.noise / 10)
