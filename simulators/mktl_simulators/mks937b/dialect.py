"""Messages of the MKS 937B: instruction manual, chapter 9; codes of NAK by the 946's; [M] is from memory.

``@003PR1?;FF`` asks, ``@003SP1!2.0E-3;FF`` sets; ``@003ACK…;FF`` or ``@003NAK160;FF`` answers, and nothing
when the address is another one. 254 is any unit, which answers by its own address [M], 255 all units, none of
which answers [M]. [M]: small letters are as good as capitals, digits of a setpoint, which code a wrong
channel or argument gets, that a locked unit takes LOCK, and the values of SN, FV and MT.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Self

from ..dialect import LineDevice
from . import refusals
from .controller import CHANNELS, UNITS, Controller
from .gauges import HOT_CATHODE, Gauge
from .refusals import TEXTS, RefusedError
from .relays import Relay

ANY_UNIT, ALL_UNITS = 254, 255

_FRAME = re.compile(r".*@(\d{3})(.*)", re.DOTALL)
_MESSAGE = re.compile(r"([A-Z]+)(\d*)([?!])(.*)", re.DOTALL)
_NUMBER = re.compile(r"\+?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?")

#: The argument of a set, None of a query.
_Argument = str | None


class Mks937b(LineDevice):
    r"""A 937B on a chamber that is pumped down; *address* is that on its line.

    Readings scatter by *noise*, the standard deviation as a share of the pressure, from *seed*.

    >>> unit = Mks937b(noise=0)
    >>> unit.receive(b"@001PR4?;FF@002PR4?;FF@001PR7?;FF")
    b'@001ACK1.800E-2;FF@001NAK163;FF'
    """

    serial = "1012345678"
    modules = "HC,PR,CC,NA"
    firmware = "1.30"

    def __init__(self, *, address: int = 1, seed: int | None = 0, noise: float = 0.01) -> None:
        super().__init__(line_end=b";FF", reply_end=b";FF", longest=64)
        self.address = address
        self.controller = Controller(seed=seed, noise=noise)
        self.says_text = False
        self.is_locked = False

    @classmethod
    def pumping(cls, *, seed: int | None = 0, noise: float = 0.01) -> Self:
        """The chamber is at 6e-5 Torr and falls; both ion gauges are on."""
        return cls(seed=seed, noise=noise)

    @classmethod
    def pumped(cls, *, seed: int | None = 0, noise: float = 0.01) -> Self:
        """Pumped for a day."""
        unit = cls(seed=seed, noise=noise)
        unit.controller.advance(86400.0)
        return unit

    @classmethod
    def vented(cls, *, seed: int | None = 0, noise: float = 0.01) -> Self:
        """Open to the air; the ion gauges have protected themselves."""
        unit = cls(seed=seed, noise=noise)
        unit.controller.vacuum.vent()
        unit.controller.advance(1.0)
        return unit

    def advance(self, dt_s: float) -> None:
        """Let time pass."""
        self.controller.advance(dt_s)

    def answer(self, command: str) -> str | None:
        """The reply to one message, without its end."""
        found = _FRAME.fullmatch(command.upper())
        if found is None or int(found[1]) not in (self.address, ANY_UNIT, ALL_UNITS):
            return None
        own = self.address  # as it is before the message, which may be AD
        try:
            said = f"ACK{self._obey(found[2])}"
        except RefusedError as refused:
            said = f"NAK{TEXTS[refused.code] if self.says_text else refused.code}"
        return None if int(found[1]) == ALL_UNITS else f"@{own:03d}{said}"

    def _obey(self, message: str) -> str:
        found = _MESSAGE.fullmatch(message)
        if found is None:
            raise RefusedError(refusals.QUERY_BYTE_INVALID)
        word, digits, mark, rest = found.groups()
        number = int(digits) if digits else None
        argument = rest if mark == "!" else None
        if message == "PRZ?":
            return " ".join(self._pressure(channel, None) for channel in range(1, CHANNELS + 1))
        if argument is not None and self.is_locked and word != "LOCK":
            raise RefusedError(refusals.LOCKED)
        if number is None and word in self._SYSTEM:
            return self._SYSTEM[word](self, argument)
        if number is not None and word in self._NUMBERED:
            return self._NUMBERED[word](self, number, argument)
        if number is not None and word in self._RELAYS:
            return self._relay(word, number, argument)
        raise RefusedError(refusals.UNRECOGNIZED)

    # -- one method a message; *argument* is None for a query ------------------------------------------------

    def _pressure(self, channel: int, argument: _Argument) -> str:
        """PR."""
        _only_query(argument)
        if not 1 <= channel <= CHANNELS:
            raise RefusedError(refusals.INVALID_CHANNEL)
        said = self.controller.reading(channel)
        return said if isinstance(said, str) else _exponential(said, 3)

    def _combined(self, number: int, argument: _Argument) -> str:
        """PC: one combination is set up."""
        _only_query(argument)
        if number not in (1, 2):
            raise RefusedError(refusals.INVALID_CHANNEL)
        if number == 2:
            raise RefusedError(refusals.COMBINATION_DISABLED)
        said = self.controller.combined()
        return said if isinstance(said, str) else _exponential(said, 3)

    def _state(self, channel: int, argument: _Argument) -> str:
        """T."""
        _only_query(argument)
        if 1 <= channel <= CHANNELS and channel not in self.controller.gauges:
            return "N"
        return self._ion_gauge(channel).state

    def _power(self, channel: int, argument: _Argument) -> str:
        """CP."""
        gauge = self.controller.gauge(channel)
        if argument is not None:
            if _word(argument, "ON", "OFF") == "ON":
                gauge.switch_on()
            else:
                gauge.switch_off()
        return "ON" if gauge.is_on else "OFF"

    def _degas(self, channel: int, argument: _Argument) -> str:
        """DG."""
        gauge = self._ion_gauge(channel)
        if gauge.kind is not HOT_CATHODE:
            raise RefusedError(refusals.NOT_HOT_CATHODE)
        if argument is not None:
            on = _word(argument, "ON", "OFF") == "ON"
            if not gauge.is_on or (not on and not gauge.is_degassing):
                raise RefusedError(refusals.NOT_IN_DEGAS)
            if on and self.controller.actual_torr(channel) > 1e-5:
                raise RefusedError(refusals.PRESSURE_TOO_HIGH_FOR_DEGAS)
            gauge.degas(on)
        return "ON" if gauge.is_degassing else "OFF"

    def _protection(self, channel: int, argument: _Argument) -> str:
        """PRO: 1e-5 to 1e-2 Torr, 0 for none."""
        gauge = self._ion_gauge(channel)
        if argument is not None:
            torr = self._torr(argument)
            if torr and not 0.99999e-5 <= torr <= 1.00001e-2:
                raise RefusedError(refusals.OUT_OF_RANGE)
            gauge.protect_torr = torr
        return self._shown(gauge.protect_torr) if gauge.protect_torr else "DISABLE"

    def _setpoint(self, relay: Relay, _gauge: Gauge, argument: _Argument) -> str:
        """SP."""
        if argument is not None:
            relay.set_setpoint(self._above_zero(argument))
        return self._shown(relay.setpoint_torr)

    def _hysteresis(self, relay: Relay, _gauge: Gauge, argument: _Argument) -> str:
        """SH."""
        if argument is not None:
            relay.set_hysteresis(self._above_zero(argument))
        return self._shown(relay.hysteresis_torr)

    def _direction(self, relay: Relay, gauge: Gauge, argument: _Argument) -> str:
        """SD."""
        if argument is not None:
            relay.set_direction(argument, is_ion=gauge.kind.is_ion)
        return relay.direction

    def _enable(self, relay: Relay, _gauge: Gauge, argument: _Argument) -> str:
        """EN."""
        if argument is not None:
            relay.set_enable(argument)
        return relay.enable

    def _relay_state(self, relay: Relay, _gauge: Gauge, argument: _Argument) -> str:
        """SS."""
        _only_query(argument)
        return "SET" if relay.is_set else "CLEAR"

    def _firmware(self, slot: int, argument: _Argument) -> str:
        """FV."""
        _only_query(argument)
        if not 1 <= slot <= 6:
            raise RefusedError(refusals.INVALID_CHANNEL)
        return self.firmware

    def _unit(self, argument: _Argument) -> str:
        """U."""
        if argument is not None:
            self.controller.unit = _word(argument, *UNITS)
        return self.controller.unit

    def _address(self, argument: _Argument) -> str:
        """AD; counts from the next message on."""
        if argument is not None:
            if not argument.isdecimal() or not 1 <= int(argument) < ANY_UNIT:
                raise RefusedError(refusals.INVALID_ARGUMENT)
            self.address = int(argument)
        return f"{self.address:03d}"

    def _error_mode(self, argument: _Argument) -> str:
        """SEM."""
        if argument is not None:
            self.says_text = _word(argument, "TXT", "CODE") == "TXT"
        return "TXT" if self.says_text else "CODE"

    def _lock(self, argument: _Argument) -> str:
        """LOCK."""
        if argument is not None:
            self.is_locked = _word(argument, "ON", "OFF") == "ON"
        return "ON" if self.is_locked else "OFF"

    # -- what they share

    def _ion_gauge(self, channel: int) -> Gauge:
        gauge = self.controller.gauge(channel)
        if not gauge.kind.is_ion:
            raise RefusedError(refusals.NOT_ION_GAUGE)
        return gauge

    def _torr(self, argument: str) -> float:
        """A pressure in the unit in use."""
        value = float(argument) if _NUMBER.fullmatch(argument) else math.nan
        if not math.isfinite(value):
            raise RefusedError(refusals.INVALID_ARGUMENT)
        return value / UNITS[self.controller.unit]

    def _above_zero(self, argument: str) -> float:
        torr = self._torr(argument)
        if not 1e-12 <= torr <= 1e4:
            raise RefusedError(refusals.OUT_OF_RANGE)
        return torr

    def _shown(self, torr: float) -> str:
        """A setpoint: to two decimals at most, one at least."""
        return re.sub(r"(\.\d)0E", r"\1E", _exponential(torr * UNITS[self.controller.unit], 2))

    def _relay(self, word: str, number: int, argument: _Argument) -> str:
        relay, gauge = self.controller.relay(number)
        said = self._RELAYS[word](self, relay, gauge, argument)
        self.controller.switch_relays()
        return said

    _RELAYS: Mapping[str, Callable[[Mks937b, Relay, Gauge, _Argument], str]] = {
        "SP": _setpoint,
        "SH": _hysteresis,
        "SD": _direction,
        "EN": _enable,
        "SS": _relay_state,
    }

    _NUMBERED: Mapping[str, Callable[[Mks937b, int, _Argument], str]] = {
        "PR": _pressure,
        "PC": _combined,
        "T": _state,
        "CP": _power,
        "DG": _degas,
        "PRO": _protection,
        "FV": _firmware,
    }

    _SYSTEM: Mapping[str, Callable[[Mks937b, _Argument], str]] = {
        "U": _unit,
        "AD": _address,
        "SEM": _error_mode,
        "LOCK": _lock,
        "SN": lambda unit, argument: _constant(argument, unit.serial),
        "MT": lambda unit, argument: _constant(argument, unit.modules),
        "MD": lambda _unit, argument: _constant(argument, "937B"),
    }


def _only_query(argument: _Argument) -> None:
    if argument is not None:
        raise RefusedError(refusals.QUERY_BYTE_INVALID)


def _constant(argument: _Argument, text: str) -> str:
    _only_query(argument)
    return text


def _word(argument: str, *words: str) -> str:
    if argument not in words:
        raise RefusedError(refusals.INVALID_ARGUMENT)
    return argument


def _exponential(value: float, decimals: int) -> str:
    """As 7.602E+2: no zero before the exponent."""
    mantissa, exponent = f"{value:.{decimals}E}".split("E")
    return f"{mantissa}E{int(exponent):+d}"
