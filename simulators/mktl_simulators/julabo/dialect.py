"""JULABO command language: operating manuals, chapter "Remote control"; [M] marks what is from memory.

An ``in`` command is answered by a line, an ``out`` command by nothing. What is refused is told once, by the
next ``status``. [M]: ``---`` for an external sensor that is not fitted; the text of alarm -14; that a unit in
alarm refuses to start with -09; a reply's digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Self

from ..dialect import LineDevice, Manners
from .circulator import EXCESS, HIGH_WARNING, LOW_LEVEL, LOW_WARNING, SENSOR, Circulator

UNKNOWN, NOT_NOW, TOO_SMALL, TOO_LARGE, OUTSIDE_LIMITS = -8, -9, -10, -11, -13

TEXTS = {
    LOW_LEVEL: "LOW LEVEL ALARM",
    HIGH_WARNING: "EXCESS TEMPERATURE WARNING",
    LOW_WARNING: "LOW TEMPERATURE WARNING",
    SENSOR: "WORKING SENSOR ALARM",
    UNKNOWN: "INVALID COMMAND",
    NOT_NOW: "COMMAND NOT ALLOWED IN CURRENT OPERATING MODE",
    TOO_SMALL: "VALUE TOO SMALL",
    TOO_LARGE: "VALUE TOO LARGE",
    OUTSIDE_LIMITS: "VALUE EXCEEDS TEMPERATURE LIMITS",
    EXCESS: "EXCESS TEMPERATURE PROTECTOR ALARM",
}

_NUMBER = re.compile(r"[+-]?\d{1,6}(\.\d*)?")


class _RejectedError(Exception):
    """A command that is not carried out, by its status number."""

    def __init__(self, code: int) -> None:
        super().__init__(TEXTS[code])
        self.code = code


class Julabo(LineDevice):
    r"""A JULABO circulator with a bath of its own.

    With an *address* it is one of several on an RS-485 line: it hears only what begins with ``A032_`` and
    says so in its replies. *quiet_s* is the time from command to command that the maker asks for; ``manners``
    counts those that came earlier.

    >>> bath = Julabo(noise_k=0)
    >>> bath.receive(b"in_pv_00\rout_sp_00 900\rstatus\rstatus\r")
    b'22.00\r\n-11 VALUE TOO LARGE\r\n02 REMOTE STOP\r\n'
    """

    version = "JULABO FP50_MA VERSION 4.02"

    def __init__(
        self,
        *,
        seed: int | None = 0,
        noise_k: float = 0.005,
        address: int | None = None,
        quiet_s: float = 0.25,
        reply_end: bytes = b"\r\n",
    ) -> None:
        super().__init__(line_end=b"\r", reply_end=reply_end, longest=80)
        self.circulator = Circulator(seed=seed, noise_k=noise_k)
        self.manners = Manners(quiet_s)
        self._prefix = "" if address is None else f"A{address:03d}_"
        self._now_s = 0.0
        self._rejection: int | None = None

    @classmethod
    def standby(cls, *, seed: int | None = 0, noise_k: float = 0.005) -> Self:
        """At 22 °C, stopped, under remote control."""
        return cls(seed=seed, noise_k=noise_k)

    @classmethod
    def tempering(cls, at_c: float = 55.0, *, seed: int | None = 0, noise_k: float = 0.005) -> Self:
        """Long settled at a setpoint."""
        bath = cls(seed=seed, noise_k=noise_k)
        bath.circulator.hold(at_c)
        return bath

    @classmethod
    def manual(cls, *, seed: int | None = 0, noise_k: float = 0.005) -> Self:
        """Stopped, and under the hand of somebody at its panel."""
        bath = cls(seed=seed, noise_k=noise_k)
        bath.circulator.remote = False
        return bath

    def advance(self, dt_s: float) -> None:
        """Let time pass in the bath."""
        self._now_s += dt_s
        self.circulator.advance(dt_s)

    def answer(self, command: str) -> str | None:
        """The reply to one command; why there is none, ``status`` tells."""
        if not command.upper().startswith(self._prefix):
            return None
        self.manners.note(self._now_s)
        word, _, argument = command[len(self._prefix) :].partition(" ")
        try:
            reply = self._obey(word.lower(), argument.strip())
        except _RejectedError as rejected:
            self._rejection = rejected.code
            return None
        return None if reply is None else self._prefix + reply

    def too_long(self) -> None:
        """A line longer than its buffer is no command."""
        self._rejection = UNKNOWN

    def _obey(self, word: str, argument: str) -> str | None:
        if word == "version" and not argument:
            return self.version
        if word == "status" and not argument:
            return self._status()
        if word in _QUERIES and not argument:
            return _QUERIES[word](self.circulator)
        if word not in _SETS or not _NUMBER.fullmatch(argument):
            raise _RejectedError(UNKNOWN)
        if not self.circulator.remote:
            raise _RejectedError(NOT_NOW)
        _SETS[word](self.circulator, float(argument))
        return None

    def _status(self) -> str:
        unit = self.circulator
        code = next((one for one in (self._rejection, unit.alarm, unit.warning) if one is not None), None)
        self._rejection = None
        if code is not None:
            return f"{code:03d} {TEXTS[code]}"
        number = 2 * unit.remote + unit.running
        return f"{number:02d} {'REMOTE' if unit.remote else 'MANUAL'} {'START' if unit.running else 'STOP'}"


def _within(value: float, least: float, most: float) -> float:
    if value < least:
        raise _RejectedError(TOO_SMALL)
    if value > most:
        raise _RejectedError(TOO_LARGE)
    return value


def _set_setpoint(unit: Circulator, value: float) -> None:
    _within(value, unit.range_low_c, unit.range_high_c)
    if not unit.low_warning_c <= value <= unit.high_warning_c:
        raise _RejectedError(OUTSIDE_LIMITS)
    unit.setpoint_c = round(value, 2)


def _set_high_warning(unit: Circulator, value: float) -> None:
    unit.high_warning_c = round(_within(value, unit.range_low_c, unit.range_high_c), 2)


def _set_low_warning(unit: Circulator, value: float) -> None:
    unit.low_warning_c = round(_within(value, unit.range_low_c, unit.range_high_c), 2)


def _set_pump(unit: Circulator, value: float) -> None:
    unit.pump_stage = int(_within(value, 1, unit.pump_stages))


def _start(unit: Circulator, value: float) -> None:
    on = _within(value, 0, 1) >= 1
    if on and unit.alarm is not None:
        raise _RejectedError(NOT_NOW)
    if on != unit.running:
        unit.start(on)


def _set_band(unit: Circulator, value: float) -> None:
    unit.pid.band_k = round(_within(value, 0.1, 99.9), 1)


def _set_integral(unit: Circulator, value: float) -> None:
    unit.pid.integral_s = int(_within(value, 3, 9999))


def _set_derivative(unit: Circulator, value: float) -> None:
    unit.pid.derivative_s = int(_within(value, 0, 999))


def _external(unit: Circulator) -> str:
    celsius = unit.external_c()
    return "---" if celsius is None else f"{celsius:.2f}"


_QUERIES: Mapping[str, Callable[[Circulator], str]] = {
    "in_pv_00": lambda unit: f"{unit.reading_c():.2f}",
    "in_pv_01": lambda unit: f"{unit.power_percent:.0f}",
    "in_pv_02": _external,
    "in_pv_03": lambda unit: f"{unit.safety_c():.2f}",
    "in_pv_04": lambda unit: f"{unit.excess_limit_c:.2f}",
    "in_sp_00": lambda unit: f"{unit.setpoint_c:.2f}",
    "in_sp_03": lambda unit: f"{unit.high_warning_c:.2f}",
    "in_sp_04": lambda unit: f"{unit.low_warning_c:.2f}",
    "in_sp_07": lambda unit: str(unit.pump_stage),
    "in_mode_05": lambda unit: str(int(unit.running)),
    "in_par_06": lambda unit: f"{unit.pid.band_k:.1f}",
    "in_par_07": lambda unit: f"{unit.pid.integral_s:.0f}",
    "in_par_08": lambda unit: f"{unit.pid.derivative_s:.0f}",
}

_SETS: Mapping[str, Callable[[Circulator, float], None]] = {
    "out_sp_00": _set_setpoint,
    "out_sp_03": _set_high_warning,
    "out_sp_04": _set_low_warning,
    "out_sp_07": _set_pump,
    "out_mode_05": _start,
    "out_par_06": _set_band,
    "out_par_07": _set_integral,
    "out_par_08": _set_derivative,
}
