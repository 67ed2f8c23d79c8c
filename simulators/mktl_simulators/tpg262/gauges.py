"""Gauges on a TPG 262: operating manual, measurement ranges and the status of a measured value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

#: What stands where no pressure is known: the manual has it for "no sensor", for the others it is ours [M].
NO_PRESSURE_MBAR = 2e-2


class Status(IntEnum):
    """What comes before each value."""

    OK = 0
    UNDER = 1
    OVER = 2
    SENSOR_ERROR = 3
    OFF = 4
    NO_SENSOR = 5
    IDENTIFICATION = 6


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of gauges, as it names itself to the controller."""

    name: str
    low_mbar: float
    high_mbar: float
    #: A logarithmic gauge gives two decimals, a linear one four.
    is_logarithmic: bool = True
    #: A gauge with a discharge can be switched off, others measure as long as they are fitted.
    is_switchable: bool = False


PKR = Kind("PKR", 5e-9, 1000.0, is_switchable=True)
TPR = Kind("TPR", 5e-4, 1000.0)
IKR9 = Kind("IKR9", 2e-9, 1e-2, is_switchable=True)
CMR = Kind("CMR", 0.1, 1100.0, is_logarithmic=False)


@dataclass(slots=True)
class Gauge:
    """One of the two inputs; ``kind`` is None where nothing is plugged in.

    ``is_broken`` and ``is_identified`` are the faults to throw.
    """

    kind: Kind | None
    is_on: bool = True
    is_broken: bool = False
    is_identified: bool = True

    @property
    def name(self) -> str:
        """As TID gives it."""
        if self.kind is None:
            return "noSEn"
        return self.kind.name if self.is_identified else "noid"

    @property
    def switch(self) -> int:
        """As SEN gives it: 0 cannot be switched, 1 off, 2 on."""
        if self.kind is None or not self.kind.is_switchable:
            return 0
        return 2 if self.is_on else 1

    def turn(self, order: int) -> None:
        """As SEN takes it: 0 leaves it, 1 off, 2 on; nothing where it cannot be switched [M]."""
        if order and self.switch:
            self.is_on = order == 2

    def measure(self, actual_mbar: float) -> tuple[Status, float]:
        """The status, and the pressure in mbar; out of range it is that of the end of the range [M]."""
        if self.kind is None:
            return Status.NO_SENSOR, NO_PRESSURE_MBAR
        if not self.is_identified:
            return Status.IDENTIFICATION, NO_PRESSURE_MBAR
        if self.is_broken:
            return Status.SENSOR_ERROR, NO_PRESSURE_MBAR
        if not self.is_on:
            return Status.OFF, NO_PRESSURE_MBAR
        if actual_mbar < self.kind.low_mbar:
            return Status.UNDER, self.kind.low_mbar
        if actual_mbar > self.kind.high_mbar:
            return Status.OVER, self.kind.high_mbar
        return Status.OK, actual_mbar
