"""Gauges on a 937B: instruction manual, sensors and chapter 9 (pressure and sensor state).

[M] marks what is from memory: the ranges of hot cathode and Pirani, how long a gauge warms up and degasses,
and which word comes first when more than one would be true.
"""

from __future__ import annotations

from dataclasses import dataclass

#: [M]: seconds of ``WAIT`` after an ion gauge is switched on, and those of a degas.
WARM_UP_S, DEGAS_S = 3.0, 180.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sensor, by the two letters of ``MT``."""

    letters: str
    low_torr: float
    low_word: str
    high_torr: float
    is_ion: bool = False


HOT_CATHODE = Kind("HC", 1e-10, "LO<E-10", 1e-2, is_ion=True)
COLD_CATHODE = Kind("CC", 1e-11, "LO<E-11", 1e-2, is_ion=True)
PIRANI = Kind("PR", 5e-4, "LO<E-04", 100.0)

# Why a gauge is off, in the words of its reading, and the letter of each in the sensor state.
OFF, PROTECTED, BY_REAR_PANEL, BY_CONTROL = "OFF", "PROT_OFF", "RP_OFF", "CTRL_OFF"
_LETTERS = {OFF: "O", PROTECTED: "P", BY_REAR_PANEL: "R", BY_CONTROL: "C"}


@dataclass(slots=True)
class Gauge:
    """One sensor and its supply.

    ``is_connected``, ``emits`` and :meth:`switch_off` with another reason are the faults to throw.
    """

    kind: Kind
    off: str | None = None
    is_connected: bool = True
    emits: bool = True
    #: An ion gauge goes off above it; 0 lets it burn.
    protect_torr: float = 5e-3
    _warm_up_s: float = 0.0
    _degas_s: float = 0.0

    @property
    def is_on(self) -> bool:
        """Its supply is on."""
        return self.off is None

    @property
    def is_degassing(self) -> bool:
        """A hot cathode is being heated clean."""
        return self._degas_s > 0

    @property
    def state(self) -> str:
        """The letter of the sensor state."""
        if self.off is not None:
            return _LETTERS[self.off]
        if self._warm_up_s > 0:
            return "W"
        if not self.emits:
            return "H"
        return "D" if self.is_degassing else "G"

    def switch_on(self) -> None:
        """Begin to warm up, unless it is on already."""
        if self.off is not None:
            self.off = None
            self._warm_up_s = WARM_UP_S if self.kind.is_ion else 0.0

    def switch_off(self, why: str = OFF) -> None:
        """Cut the supply."""
        self.off, self._degas_s = why, 0.0

    def degas(self, on: bool) -> None:
        """Begin or end to heat it."""
        self._degas_s = DEGAS_S if on else 0.0

    def advance(self, dt_s: float, actual_torr: float) -> None:
        """Let time pass; where the pressure is too high for it, it protects itself."""
        self._warm_up_s = max(self._warm_up_s - dt_s, 0.0)
        self._degas_s = max(self._degas_s - dt_s, 0.0)
        if self.kind.is_ion and self.is_on and 0 < self.protect_torr < actual_torr:
            self.switch_off(PROTECTED)

    def measure(self, actual_torr: float) -> float | str:
        """The pressure in Torr, or the word that stands in its place."""
        if not self.is_connected:
            return "MISCONN"
        if self.off is not None:
            return self.off
        if self._warm_up_s > 0:
            return "WAIT"
        if not self.emits:
            return "LowEmis"
        if actual_torr < self.kind.low_torr:
            return self.kind.low_word
        if actual_torr > self.kind.high_torr and not self.kind.is_ion:
            return "ATM"
        return min(actual_torr, self.kind.high_torr)
