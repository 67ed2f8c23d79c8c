"""Mnemonics of the Pfeiffer TPG 262: operating manual BG 5195 BEN, chapter 5; [M] marks what is from memory.

A mnemonic and CR are met with ACK or NAK, each with CR LF; then ENQ, a single byte without an end, fetches
the data, as often as it is sent. After a NAK it fetches the error word. [M]: small letters are taken as
capitals, ``SPS``, which mistakes are of syntax and which of a parameter, ENQ before any mnemonic (the error
word), and that the byte which ends a stream is also the first one of a command.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Self

from .instrument import PER_MBAR, Instrument

ETX, ENQ, LF, CR = 0x03, 0x05, 0x0A, 0x0D
ACK, NAK, END = b"\x06\r\n", b"\x15\r\n", b"\r\n"

#: Seconds between two lines of a stream, by the number after COM; it starts as with 1.
STREAM_S = (0.1, 1.0, 60.0)

# The place of each mistake in the error word; the first is one of the controller itself.
CONTROLLER, NO_HARDWARE, PARAMETER, SYNTAX = range(4)

#: What fits into its input [M].
LONGEST = 64

_NUMBER = re.compile(r"\+?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?")


class _RefusedError(Exception):
    """A command that gets NAK, by its place in the error word."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


class Tpg262:
    r"""A TPG 262 with a PKR on a chamber that is pumped down and a TPR on the foreline.

    From power-up on it sends the readings of both gauges each second, until it hears a byte. Readings scatter
    by *noise*, the standard deviation as a share of the pressure, from *seed*.

    >>> tpg = Tpg262(noise=0)
    >>> tpg.advance(1.0)
    >>> tpg.unasked()
    b'0,7.9900E-05,0,2.4000E-02\r\n'
    >>> tpg.receive(b"PR2\r"), tpg.receive(b"\x05")
    (b'\x06\r\n', b'0,2.4000E-02\r\n')
    """

    firmware = "302-510-D"

    def __init__(self, *, seed: int | None = 0, noise: float = 0.01) -> None:
        self.instrument = Instrument(seed=seed, noise=noise)
        self.errors = [False, False, False, False]
        self._input = bytearray()
        self._said = b""
        #: Seconds from line to line of a stream, None while there is none, and those to its next line.
        self._period_s: float | None = None
        self._next_s = 0.0
        self.power_up()

    @classmethod
    def pumping(cls, *, seed: int | None = 0, noise: float = 0.01) -> Self:
        """The chamber is at 8e-5 mbar and falls."""
        return cls(seed=seed, noise=noise)

    @classmethod
    def pumped(cls, *, seed: int | None = 0, noise: float = 0.01) -> Self:
        """Pumped for a day: the chamber is at its base pressure."""
        tpg = cls(seed=seed, noise=noise)
        tpg.instrument.advance(86400.0)
        return tpg

    @classmethod
    def vented(cls, *, seed: int | None = 0, noise: float = 0.01) -> Self:
        """Open to the air, above the range of both gauges."""
        tpg = cls(seed=seed, noise=noise)
        tpg.instrument.vacuum.vent()
        return tpg

    def power_up(self) -> None:
        """As after its mains switch: it streams, and knows of no command."""
        self._input.clear()
        self._previous = 0
        self._said = b""
        self._ask: Callable[[], str] = self._error_word
        self._stream(STREAM_S[1])

    def advance(self, dt_s: float) -> None:
        """Let time pass, line by line where it streams."""
        while self._period_s is not None and self._next_s <= dt_s:
            self.instrument.advance(self._next_s)
            dt_s -= self._next_s
            self._next_s = self._period_s
            self._said += self._readings().encode() + END
        self._next_s -= dt_s
        self.instrument.advance(dt_s)

    def unasked(self) -> bytes:
        """The lines of the stream since last time."""
        said, self._said = self._said, b""
        return said

    def receive(self, data: bytes) -> bytes:
        """Take bytes; any of them ends a stream."""
        return b"".join(map(self._take, data))

    def hang_up(self) -> None:
        """An RS-232 line of three wires does not tell."""

    def _take(self, byte: int) -> bytes:
        previous, self._previous = self._previous, byte
        if (previous, byte) == (CR, LF):  # still the end of the command, which may have begun a stream
            return b""
        self._period_s = None
        if byte == ETX:
            self._input.clear()
        elif byte == ENQ:
            return self._ask().encode() + END
        elif byte == CR:
            command = self._input.decode("latin-1").replace(" ", "").upper()
            self._input.clear()
            return self._obey(command)
        elif byte != LF and len(self._input) <= LONGEST:  # one more than fits, which is no command
            self._input.append(byte)
        return b""

    def _obey(self, command: str) -> bytes:
        mnemonic, *parameters = command.split(",")
        try:
            if mnemonic not in self._MNEMONICS:
                raise _RefusedError(SYNTAX)
            self._ask = self._MNEMONICS[mnemonic](self, mnemonic, parameters)
        except _RefusedError as refused:
            self.errors[refused.place] = True
            self._ask = self._error_word
            return NAK
        return ACK

    def _stream(self, period_s: float) -> None:
        self._period_s = self._next_s = period_s

    # -- what ENQ fetches ------------------------------------------------------------------------------

    def _error_word(self) -> str:
        word = "".join(str(int(error)) for error in self.errors)
        self.errors = [False, False, False, False]
        return word

    def _readings(self) -> str:
        return f"{self.instrument.reading(0)},{self.instrument.reading(1)}"

    # -- one method a mnemonic: carries it out, and gives what ENQ fetches from then on ------------------

    def _pressure(self, mnemonic: str, parameters: list[str]) -> Callable[[], str]:
        _expect(parameters, 0)
        return lambda: self.instrument.reading(int(mnemonic[2]) - 1)

    def _pressures(self, _mnemonic: str, parameters: list[str]) -> Callable[[], str]:
        _expect(parameters, 0)
        return self._readings

    def _continuous(self, _mnemonic: str, parameters: list[str]) -> Callable[[], str]:
        _expect(parameters, 0, 1)
        (mode,) = _whole(parameters, len(STREAM_S)) or (1,)
        self._stream(STREAM_S[mode])
        return self._readings

    def _unit(self, _mnemonic: str, parameters: list[str]) -> Callable[[], str]:
        _expect(parameters, 0, 1)
        for unit in _whole(parameters, len(PER_MBAR)):
            self.instrument.unit = unit
        return lambda: str(self.instrument.unit)

    def _sensors(self, _mnemonic: str, parameters: list[str]) -> Callable[[], str]:
        _expect(parameters, 0, 2)
        for gauge, order in zip(self.instrument.gauges, _whole(parameters, 3), strict=False):
            gauge.turn(order)
        return lambda: ",".join(str(gauge.switch) for gauge in self.instrument.gauges)

    def _identify(self, _mnemonic: str, parameters: list[str]) -> Callable[[], str]:
        _expect(parameters, 0)
        return lambda: ",".join(gauge.name for gauge in self.instrument.gauges)

    def _thresholds(self, mnemonic: str, parameters: list[str]) -> Callable[[], str]:
        _expect(parameters, 0, 3)
        number = int(mnemonic[2]) - 1
        if parameters:
            (gauge,) = _whole(parameters[:1], 2)
            low, high = map(_pressure, parameters[1:])
            if low > high:
                raise _RefusedError(PARAMETER)
            self.instrument.set_thresholds(number, gauge, low, high)
        return lambda: self.instrument.thresholds(number)

    def _relays(self, _mnemonic: str, parameters: list[str]) -> Callable[[], str]:
        _expect(parameters, 0)
        return lambda: ",".join(str(int(function.is_on)) for function in self.instrument.functions)

    def _firmware(self, _mnemonic: str, parameters: list[str]) -> Callable[[], str]:
        _expect(parameters, 0)
        return lambda: self.firmware

    def _errors(self, _mnemonic: str, parameters: list[str]) -> Callable[[], str]:
        _expect(parameters, 0)
        return self._error_word

    _MNEMONICS: Mapping[str, Callable[[Tpg262, str, list[str]], Callable[[], str]]] = {
        **dict.fromkeys(("PR1", "PR2"), _pressure),
        "PRX": _pressures,
        "COM": _continuous,
        "UNI": _unit,
        "SEN": _sensors,
        "TID": _identify,
        **dict.fromkeys(("SP1", "SP2", "SP3", "SP4"), _thresholds),
        "SPS": _relays,
        "PNR": _firmware,
        "ERR": _errors,
    }


def _expect(parameters: list[str], *counts: int) -> None:
    if len(parameters) not in counts:
        raise _RefusedError(SYNTAX)


def _whole(parameters: list[str], end: int) -> list[int]:
    """The parameters as whole numbers from 0 to below *end*."""
    if not all(word.isascii() and word.isdigit() and int(word) < end for word in parameters):
        raise _RefusedError(PARAMETER)
    return [int(word) for word in parameters]


def _pressure(word: str) -> float:
    """A threshold: any decimal number above 0 (manual: in any format)."""
    value = float(word) if _NUMBER.fullmatch(word) else math.nan
    if not (math.isfinite(value) and value > 0):
        raise _RefusedError(PARAMETER)
    return value
