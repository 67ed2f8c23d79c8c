"""Lake Shore 336 command language: user's manual, chapter 6; [M] marks what was not read in a public source.

A set answers nothing. What the instrument does not understand sets bit 5 of the event register and is met
with silence; what it understands and cannot do sets bit 4 and changes nothing. ``*ESR?`` reads the register
and clears it. [M]: the silence after a query with a bad argument, ``0`` for all inputs, SETP? during a ramp
(the setpoint of the moment), bit 7 after a power cycle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Self

from ..dialect import LineDevice, Manners
from .instrument import Instrument
from .queries import QUERIES
from .refusals import CommandError, RefusedError
from .sets import SETS

#: Bits of the event register that the sets below do not raise themselves.
OPERATION_COMPLETE, POWER_ON = 0x01, 0x80

_COMMAND = re.compile(r"(\*?[A-Z]+\??)\s*(.*)", re.DOTALL)


class LakeShore336(LineDevice):
    r"""A Lake Shore 336 on a small cryostat.

    Readings have a noise of *noise_k*, the standard deviation of one, from *seed*. *quiet_s* is the silence
    between two exchanges that the maker asks for; ``manners`` counts those that came earlier.

    >>> controller = LakeShore336(noise_k=0)
    >>> controller.receive(b"KRDG? A;SETP 1,500;*ESR?\n")        # 500 K is more than its sensors bear
    b'+4.20000;016\r\n'
    """

    serial = "LSA2D1R/LSA2C7W"
    firmware = "2.9"

    def __init__(self, *, seed: int | None = 0, noise_k: float = 0.002, quiet_s: float = 0.05) -> None:
        super().__init__(joint=";", longest=255)
        self.instrument = Instrument(seed=seed, noise_k=noise_k)
        self.manners = Manners(quiet_s)
        self.event_register = 0
        self._common: Mapping[str, Callable[[], str | None]] = {
            "*IDN?": lambda: f"LSCI,MODEL336,{self.serial},{self.firmware}",
            "*ESR?": self._read_event_register,
            "*CLS": self._clear,
            "*OPC": lambda: self._raise_bits(OPERATION_COMPLETE),
            "*OPC?": lambda: "1",
            "*RST": self.instrument.power_up,
            "*TST?": lambda: "0",
            "*WAI": lambda: None,
        }

    @classmethod
    def cold(cls, *, seed: int | None = 0, noise_k: float = 0.002) -> Self:
        """At 4.2 K with the heaters off."""
        return cls(seed=seed, noise_k=noise_k)

    @classmethod
    def cooling(cls, from_k: float = 300.0, *, seed: int | None = 0, noise_k: float = 0.002) -> Self:
        """Just begun to cool from room temperature, heaters off: 20 K after 4 minutes."""
        controller = cls(seed=seed, noise_k=noise_k)
        controller.instrument.begin_at(from_k)
        return controller

    @classmethod
    def controlling(cls, at_k: float = 77.0, *, seed: int | None = 0, noise_k: float = 0.002) -> Self:
        """Long settled at a setpoint, output 1 on its high range."""
        controller = cls(seed=seed, noise_k=noise_k)
        controller.instrument.hold(at_k)
        return controller

    def power_cycle(self) -> None:
        """Somebody pulled the plug: heaters off, settings kept, and bit 7 says so."""
        self.instrument.power_up()
        self.hang_up()
        self.event_register = POWER_ON

    def advance(self, dt_s: float) -> None:
        """Let time pass in the cryostat and the loops."""
        self.instrument.advance(dt_s)

    def answer_line(self, line: str) -> str | None:
        """Answer the commands of one line, taking note when it came too early."""
        reply = super().answer_line(line)
        self.manners.note(self.instrument.now_s)
        return reply

    def answer(self, command: str) -> str | None:
        """The reply to one command; what is wrong with it goes to the event register."""
        try:
            return self._obey(command)
        except RefusedError as refused:
            self._raise_bits(refused.bits)
            return None

    def too_long(self) -> None:
        """A line longer than the input buffer is no command."""
        self._raise_bits(CommandError.bits)

    def _obey(self, command: str) -> str | None:
        parts = _COMMAND.fullmatch(command.upper())
        if parts is None:
            raise CommandError(command)
        word = parts[1]
        # A name keeps its small letters.
        arguments = command[len(command) - len(parts[2]) :] if parts[2] else ""
        common = self._common.get(word)
        if common is not None:
            return common()
        fields = arguments.split(",") if arguments else []
        if word in QUERIES:
            return QUERIES[word](self.instrument, fields)
        if word in SETS:
            SETS[word](self.instrument, fields)
            return None
        raise CommandError(command)

    def _read_event_register(self) -> str:
        bits, self.event_register = self.event_register, 0
        return f"{bits:03d}"

    def _clear(self) -> None:
        self.event_register = 0

    def _raise_bits(self, bits: int) -> None:
        self.event_register |= bits
