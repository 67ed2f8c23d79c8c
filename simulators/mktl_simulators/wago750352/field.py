"""Terminals of a WAGO 750 node: manuals of 750-459 (4 AI), 750-550 (2 AO), 750-430 (8 DI), 750-530 (8 DO)."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

#: The word of 10 V; the lowest four bits of a word carry no voltage [M].
FULL_SCALE, STEP = 0x7FF0, 0x10
FULL_SCALE_V = 10.0


@dataclass(slots=True)
class Field:
    """What the coupler's outputs do and its inputs see: each output is wired back to the input of its number.

    Times are left out: the 3 ms of an input filter are shorter than an exchange.

    >>> wired = Field(noise_v=0.0)
    >>> wired.analog_out[0] = word_of(2.5)
    >>> wired.digital_out[3] = True
    >>> [round(volts_of(word), 2) for word in wired.analog_in()], wired.digital_in()[3]
    ([2.5, 0.0, 0.0, 0.0], True)
    """

    #: Standard deviation of one conversion.
    noise_v: float = 0.002
    seed: int | None = 0
    #: Words as they were written.
    analog_out: list[int] = field(default_factory=lambda: [0] * 2)
    digital_out: list[bool] = field(default_factory=lambda: [False] * 8)
    #: Pull a wire, and its input sees nothing.
    analog_wires: set[int] = field(default_factory=lambda: {0, 1})
    digital_wires: set[int] = field(default_factory=lambda: set(range(8)))
    #: What sits on the inputs that no output is wired to.
    outside_v: list[float] = field(default_factory=lambda: [0.0] * 4)
    outside_on: list[bool] = field(default_factory=lambda: [False] * 8)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def analog_in(self) -> list[int]:
        """One conversion of each channel."""
        return [word_of(self._volts_at(at) + self._random.gauss(0.0, self.noise_v)) for at in range(4)]

    def digital_in(self) -> list[bool]:
        """What the channels see."""
        return [self.digital_out[at] if at in self.digital_wires else self.outside_on[at] for at in range(8)]

    def drop(self) -> None:
        """Take every output away."""
        self.analog_out[:] = [0] * len(self.analog_out)
        self.digital_out[:] = [False] * len(self.digital_out)

    def _volts_at(self, channel: int) -> float:
        if channel in self.analog_wires:
            return volts_of(self.analog_out[channel])
        return self.outside_v[channel]


def word_of(volts: float) -> int:
    """The word of a voltage, in the steps of the converter."""
    within = min(max(volts / FULL_SCALE_V, 0.0), 1.0)
    return round(within * FULL_SCALE / STEP) * STEP


def volts_of(word: int) -> float:
    """The voltage of a word; a negative one, and one above 10 V, end at the nearest that there is."""
    signed = word - 0x10000 if word & 0x8000 else word
    return min(max(signed, 0), FULL_SCALE) / FULL_SCALE * FULL_SCALE_V
