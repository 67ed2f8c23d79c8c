"""Commands of the Newport SMC100: user's manual EDH0206En, chapter 6; [M] marks what is from memory.

Sets and moves answer nothing; why one was not carried out, ``TE`` tells once. Blanks are ignored, and so is
what follows a complete command; small letters are as good as capitals. [M]: which letter each command gets in
each state, the ranges of AC and VA, ``PW``, ``TB``, ST without an address (all stop), that a missing or wrong
address is controller 1's to complain of, the forms of ``ID`` and ``VE``, and the silence after ``RS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Self

from ..dialect import LineDevice
from . import errors, stage
from .errors import TEXTS, RefusedError
from .stage import Stage

_LINE = re.compile(r"(\d+(?:\.\d*)?)?([A-Z]{2})(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?")
_HIGHEST_ADDRESS = 31

#: The state that a command came in, and the letter that says so.
_LETTERS: Mapping[str, Collection[int]] = {
    errors.NOT_REFERENCED: stage.NOT_REFERENCED,
    errors.CONFIGURATION: {stage.CONFIGURATION},
    errors.DISABLED: stage.DISABLED,
    errors.READY: stage.READY,
    errors.HOMING: {stage.HOMING},
    errors.MOVING: {stage.MOVING},
}

_AT_REST = stage.READY | stage.DISABLED | {stage.CONFIGURATION}


class Smc100(LineDevice):
    r"""An SMC100 with its stage; *address* is that in the chain.

    >>> smc = Smc100(noise_mm=0)
    >>> smc.receive(b"1TS\r\n1PA5\r\n1TE\r\n1TE\r\n")      # not referenced: it moves nowhere
    b'1TS00000A\r\n1TEH\r\n1TE@\r\n'
    """

    identity = "MFA-CC"
    version = "SMC100CC 2.0.0"

    def __init__(
        self,
        *,
        address: int = 1,
        seed: int | None = 0,
        noise_mm: float = 1e-5,
        start_delay_s: float = 0.02,
    ) -> None:
        super().__init__(line_end=b"\r\n", reply_end=b"\r\n", longest=80)
        self.address = address
        self.stage = Stage(seed=seed, noise_mm=noise_mm, start_delay_s=start_delay_s)
        self._error = errors.NONE

    @classmethod
    def not_referenced(cls, *, seed: int | None = 0, noise_mm: float = 1e-5) -> Self:
        """As after power-up."""
        return cls(seed=seed, noise_mm=noise_mm)

    @classmethod
    def ready(cls, at_mm: float = 0.0, *, seed: int | None = 0, noise_mm: float = 1e-5) -> Self:
        """Homed, and standing there."""
        smc = cls(seed=seed, noise_mm=noise_mm)
        smc.stage.state, smc.stage.axis.position = stage.READY_HOMED, at_mm
        return smc

    @classmethod
    def moving(cls, *, seed: int | None = 0, noise_mm: float = 1e-5) -> Self:
        """On its way from 0 to 20 mm."""
        smc = cls.ready(seed=seed, noise_mm=noise_mm)
        smc.stage.go_to(20.0)
        smc.stage.advance(1.0)
        return smc

    def advance(self, dt_s: float) -> None:
        """Let time pass."""
        self.stage.advance(dt_s)

    def answer(self, command: str) -> str | None:
        """The reply to one line, None for what has none, is refused or is for another controller."""
        if self.stage.dead_s > 0:
            return None
        try:
            return self._answer(command.replace(" ", "").upper())
        except RefusedError as refused:
            self._error = refused.letter
            return None

    def _answer(self, line: str) -> str | None:
        found = _LINE.fullmatch(line)
        address, name, argument = found.groups() if found else (None, "", "")
        if name == "ST" and address is None:
            address = str(self.address)
        if not self._is_meant(address):
            return None
        if name not in self._COMMANDS:
            raise RefusedError(errors.UNKNOWN)
        reply = self._COMMANDS[name](self, argument)
        return None if reply is None else f"{self.address}{name}{reply}"

    def _is_meant(self, address: str | None) -> bool:
        """Whether to listen; the first of the chain complains of addresses that are none."""
        is_first = self.address == 1
        if address is None or not 1 <= float(address) <= _HIGHEST_ADDRESS:
            if is_first:
                raise RefusedError(errors.ADDRESS)
            return False
        if "." in address:
            if is_first:
                raise RefusedError(errors.UNKNOWN)
            return False
        return int(address) == self.address

    def _only_in(self, *allowed: Collection[int]) -> None:
        state = self.stage.state
        if not any(state in states for states in allowed):
            raise RefusedError(next(letter for letter, states in _LETTERS.items() if state in states))

    # -- one method a command: what follows its name in the reply, or None ---------------------------------

    def _position(self, _argument: str) -> str:
        """TP, by the encoder."""
        return _shown(self.stage.reading_mm())

    def _setpoint(self, _argument: str) -> str:
        """TH, by the profile."""
        return _shown(self.stage.setpoint_mm)

    def _status(self, _argument: str) -> str:
        """TS."""
        return f"{self.stage.positioner_error:04X}{self.stage.state:02X}"

    def _last_error(self, _argument: str) -> str:
        """TE: the letter, once."""
        letter, self._error = self._error, errors.NONE
        return letter

    def _error_text(self, argument: str) -> str:
        """TB: the words of a letter, or of the last error, which TE may still tell."""
        letter = argument[:1] or self._error
        if letter not in TEXTS:
            raise RefusedError(errors.PARAMETER)
        return f"{letter} {TEXTS[letter]}"

    def _move_to(self, argument: str) -> str | None:
        """PA."""
        if argument == "?":
            return _shown(self.stage.target_mm)
        target_mm = _number(argument)
        self._only_in(stage.READY)
        self._go_to(target_mm)
        return None

    def _move_by(self, argument: str) -> None:
        """PR."""
        way_mm = _number(argument)
        self._only_in(stage.READY)
        self._go_to(self.stage.setpoint_mm + way_mm)

    def _go_to(self, target_mm: float) -> None:
        if not self.stage.low_limit_mm <= target_mm <= self.stage.high_limit_mm:
            raise RefusedError(errors.OUT_OF_LIMITS)
        self.stage.go_to(target_mm)

    def _stop(self, _argument: str) -> None:
        """ST."""
        self._only_in(stage.READY, {stage.MOVING})
        self.stage.stop()

    def _home(self, _argument: str) -> None:
        """OR."""
        if self.stage.state == stage.HOMING:
            raise RefusedError(errors.HOMING_STARTED)
        self._only_in(stage.NOT_REFERENCED)
        self.stage.home()

    def _enable(self, argument: str) -> str | None:
        """MM: 0 disables, 1 enables."""
        if argument == "?":
            return f"{self.stage.state:02X}"
        if argument not in ("0", "1"):
            raise RefusedError(errors.PARAMETER)
        on = argument == "1"
        self._only_in(*((stage.DISABLED,) if on else (stage.READY, {stage.MOVING})))
        self.stage.enable(on)
        return None

    def _configure(self, argument: str) -> str | None:
        """PW: 1 enters the configuration, 0 leaves it."""
        if argument == "?":
            return str(int(self.stage.state == stage.CONFIGURATION))
        if argument not in ("0", "1"):
            raise RefusedError(errors.PARAMETER)
        enters = argument == "1"
        self._only_in(stage.NOT_REFERENCED if enters else {stage.CONFIGURATION})
        self.stage.state = stage.CONFIGURATION if enters else stage.FROM_CONFIGURATION
        return None

    def _reset(self, _argument: str) -> None:
        """RS."""
        self._only_in(stage.NOT_REFERENCED, stage.READY, stage.DISABLED)
        self._error = errors.NONE
        self.stage.reset()

    def _velocity(self, argument: str) -> str | None:
        """VA, in mm/s."""
        if argument == "?":
            return _shown(self.stage.axis.top_speed)
        self.stage.axis.top_speed = self._setting(argument, 1e-6, self.stage.most_mm_per_s)
        return None

    def _acceleration(self, argument: str) -> str | None:
        """AC, in mm/s²."""
        if argument == "?":
            return _shown(self.stage.axis.acceleration)
        self.stage.axis.acceleration = self._setting(argument, 1e-6, self.stage.most_mm_per_s2)
        return None

    def _low_limit(self, argument: str) -> str | None:
        """SL, the negative software limit."""
        if argument == "?":
            return _shown(self.stage.low_limit_mm)
        self.stage.low_limit_mm = self._setting(argument, -1e12, 0.0)
        return None

    def _high_limit(self, argument: str) -> str | None:
        """SR, the positive software limit."""
        if argument == "?":
            return _shown(self.stage.high_limit_mm)
        self.stage.high_limit_mm = self._setting(argument, 0.0, 1e12)
        return None

    def _setting(self, argument: str, low: float, high: float) -> float:
        value = _number(argument)
        self._only_in(_AT_REST)
        if not low <= value <= high:
            raise RefusedError(errors.PARAMETER)
        return value

    _COMMANDS: Mapping[str, Callable[[Smc100, str], str | None]] = {
        "TP": _position,
        "TH": _setpoint,
        "TS": _status,
        "TE": _last_error,
        "TB": _error_text,
        "PA": _move_to,
        "PR": _move_by,
        "ST": _stop,
        "OR": _home,
        "MM": _enable,
        "PW": _configure,
        "RS": _reset,
        "VA": _velocity,
        "AC": _acceleration,
        "SL": _low_limit,
        "SR": _high_limit,
        "ID": lambda smc, _argument: smc.identity,
        "VE": lambda smc, _argument: f" {smc.version}",
    }


def _number(argument: str) -> float:
    """The number that an argument begins with; what follows is ignored."""
    found = _NUMBER.match(argument)
    if found is None:
        raise RefusedError(errors.PARAMETER)
    return float(found[0])


def _shown(value: float) -> str:
    """To 6 decimals, without zeros at the end."""
    digits = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits
