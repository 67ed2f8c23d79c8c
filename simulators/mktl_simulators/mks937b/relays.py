"""Setpoint relays of a 937B: instruction manual, chapter 9 (relay commands); values in Torr.

[M] marks what is from memory: that a new setpoint brings its own hysteresis, and by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

from .refusals import INVALID_ARGUMENT, OUT_OF_RANGE, RELAY_DIRECTION_FIXED, RefusedError

#: The hysteresis that a setpoint brings, and the least one, as a share of it [M].
_WIDTH = 1.1


@dataclass(slots=True)
class Relay:
    """Closed on one side of a setpoint, open again beyond its hysteresis; two relays look at one gauge."""

    setpoint_torr: float = 1e-3
    hysteresis_torr: float = 1.1e-3
    direction: str = "BELOW"
    #: SET and CLEAR hold it, ENABLE leaves it to the pressure.
    enable: str = "CLEAR"
    is_set: bool = False

    def set_setpoint(self, torr: float) -> None:
        """Where it closes."""
        self.setpoint_torr = torr
        self.hysteresis_torr = torr * (_WIDTH if self.direction == "BELOW" else 1 / _WIDTH)

    def set_hysteresis(self, torr: float) -> None:
        """Where it opens again."""
        # What is read from the display must be good enough to be set again.
        share = torr / self.setpoint_torr * (1 + 1e-9)
        if share < _WIDTH if self.direction == "BELOW" else share > 1 / _WIDTH * (1 + 2e-9):
            raise RefusedError(OUT_OF_RANGE)
        self.hysteresis_torr = torr

    def set_direction(self, word: str, *, is_ion: bool) -> None:
        """ABOVE or BELOW; an ion gauge knows BELOW only."""
        if word not in ("ABOVE", "BELOW"):
            raise RefusedError(INVALID_ARGUMENT)
        if is_ion and word == "ABOVE":
            raise RefusedError(RELAY_DIRECTION_FIXED)
        if word != self.direction:
            self.direction = word
            self.set_setpoint(self.setpoint_torr)

    def set_enable(self, word: str) -> None:
        """SET, ENABLE or CLEAR."""
        if word not in ("SET", "ENABLE", "CLEAR"):
            raise RefusedError(INVALID_ARGUMENT)
        self.enable = word

    def look_at(self, reading: float | None) -> None:
        """Follow a pressure in Torr; without one it opens [M]."""
        if self.enable != "ENABLE":
            self.is_set = self.enable == "SET"
        elif reading is None:
            self.is_set = False
        elif self.direction == "BELOW":
            self.is_set = reading < (self.hysteresis_torr if self.is_set else self.setpoint_torr)
        else:
            self.is_set = reading > (self.hysteresis_torr if self.is_set else self.setpoint_torr)
