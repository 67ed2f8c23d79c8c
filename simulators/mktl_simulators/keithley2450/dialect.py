"""Keithley 2450 command language: reference manual, section 6 and appendix B; [M] marks what is from memory.

[M]: the text of ``SYST:ERR?`` behind the semicolon (severity and time), little-endian reals unless
``FORM:BORD NORM``, -221 for a level and a limit that are more than 20 W together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from ..scpi import Command, ScpiDevice
from ..scpi.errors import NO_ERROR, OUT_OF_RANGE, TEXTS
from ..scpi.parameters import choice
from .loads import Diode
from .readings import Readings
from .settings import settings
from .source_meter import SourceMeter


class Keithley2450(ScpiDevice):
    r"""A 2450 with 1 kΩ on it; ``meter`` has its knobs, ``meter.load`` is what it is connected to.

    >>> device = Keithley2450(noise=0.0)
    >>> device.receive(b":SOUR:VOLT 1.5;:SOUR:VOLT:ILIM 0.01;:OUTP ON;:READ?;:SENS:FUNC?\n")
    b'1.500000E-03;"CURR:DC"\n'
    >>> device.receive(b":FORM REAL;:READ?\n")[:2], device.receive(b":SOUR:VOLT 300;:SYST:ERR?\n")[:34]
    (b'#0', b'-222,"Parameter data out of range;')
    """

    identity = "KEITHLEY INSTRUMENTS INC.,MODEL 2450,04412345,1.7.12b"

    def __init__(self, *, seed: int | None = 0, noise: float = 1e-6) -> None:
        self.meter = SourceMeter(seed=seed, noise=noise)
        self.readings = Readings(self.meter)
        #: The command set; the others take effect when the instrument is switched on again.
        self.language = "SCPI"
        super().__init__(longest=4096, most_errors=1000)

    @classmethod
    def idle(cls, *, seed: int | None = 0, noise: float = 1e-6) -> Self:
        """As after a reset, with 1 kΩ on it."""
        return cls(seed=seed, noise=noise)

    @classmethod
    def sourcing(cls, *, seed: int | None = 0, noise: float = 1e-6) -> Self:
        """1 V on 1 kΩ with a limit of 10 mA."""
        device = cls(seed=seed, noise=noise)
        source = device.meter.sources["VOLT"]
        source.level, source.limit, source.range, device.meter.on = 1.0, 0.01, 2.0, True
        return device

    @classmethod
    def diode(cls, *, seed: int | None = 0, noise: float = 1e-6) -> Self:
        """As after a reset, with a diode on it."""
        device = cls(seed=seed, noise=noise)
        device.meter.load = Diode()
        return device

    def advance(self, dt_s: float) -> None:
        """Readings carry the time of the instrument."""
        self.meter.now_s += dt_s

    def reset(self) -> None:
        """``*RST``."""
        self.meter.reset()
        self.readings.reset()

    def error_entry(self, code: int) -> str:
        """An error with its severity and time, as the event log has them."""
        if code == NO_ERROR:
            return '0,"No error;0;0 0"'
        text = "Parameter data out of range" if code == OUT_OF_RANGE else TEXTS[code]
        minutes, seconds = divmod(self.meter.now_s, 60)
        hours, minutes = divmod(int(minutes), 60)
        return f'{code},"{text};1;2024/01/01 {hours % 24:02d}:{minutes:02d}:{seconds:06.3f}"'

    def commands(self) -> Iterable[Command]:
        """Section 6, as far as a daemon needs it."""
        return [
            Command("*LANG?", lambda: self.language),
            Command("*LANG", self._speak, [choice("SCPI", "TSP", "SCPI2400")]),
            *settings(self.meter),
            *self.readings.commands(),
            Command("SYSTem:ERRor:COUNt?", lambda: str(len(self.errors))),
            Command("SYSTem:CLEar", self.errors.clear),
        ]

    def _speak(self, language: str) -> None:
        self.language = language
