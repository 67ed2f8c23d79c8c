"""An instrument that speaks SCPI: IEEE 488.2-1992 (common commands, registers), SCPI-1999 (headers)."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..dialect import LineDevice
from .errors import (
    MISSING_PARAMETER,
    OPERATION_COMPLETE,
    PARAMETER_NOT_ALLOWED,
    POWER_ON,
    TEXTS,
    TOO_MUCH_DATA,
    UNDEFINED_HEADER,
    ErrorQueue,
    ScpiError,
    event_bit,
)
from .headers import compile_header
from .message import Unit, units
from .parameters import Parameter, whole


@dataclass(frozen=True)
class Command:
    """A command as a manual prints it, what reads its parameters, and what carries it out.

    *do* gets the numeric suffixes of the header, then the parameters; a query's gives the reply. Nothing is
    carried out before every parameter has been read.
    """

    manual: str
    do: Callable[..., str | None]
    parameters: Sequence[Parameter] = ()
    header: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        header = self.manual.replace("*", r"\*")
        object.__setattr__(self, "header", compile_header(header))

    def carry_out(self, suffixes: Sequence[str], typed: Sequence[str]) -> str | None:
        """Read the parameters and do it."""
        if len(typed) > len(self.parameters):
            raise ScpiError(PARAMETER_NOT_ALLOWED)
        values: list[Any] = [int(suffix or 1) for suffix in suffixes]
        for at, parameter in enumerate(self.parameters):
            if at < len(typed):
                values.append(parameter.read(typed[at]))
            elif parameter.optional:
                values.append(None)
            else:
                raise ScpiError(MISSING_PARAMETER)
        return self.do(*values)


class ScpiDevice(LineDevice):
    """Answers SCPI messages: replies of one message are joined by ``;`` and end once.

    What is refused goes to the error queue and to the event register; the rest of the message is carried out
    all the same, but for what follows a header that is not known, as parsers that lost their place do.

    A subclass has what its :meth:`commands` need before it calls ``super().__init__``.
    """

    #: What ``*IDN?`` answers.
    identity = ""

    def __init__(self, *, reply_end: bytes = b"\n", longest: int = 255, most_errors: int = 20) -> None:
        super().__init__(reply_end=reply_end, longest=longest)
        self.errors = ErrorQueue(most_errors)
        self.event_register = POWER_ON
        self._masks = {"*ESE": 0, "*SRE": 0}
        self._commands = [*self._common(), *self.commands()]

    @abstractmethod
    def commands(self) -> Iterable[Command]:
        """What this instrument knows beyond the common commands and its error queue."""

    @abstractmethod
    def reset(self) -> None:
        """``*RST``."""

    def error_entry(self, code: int) -> str:
        """An error as ``SYST:ERR?`` tells it."""
        return f'{code},"{TEXTS[code]}"'

    def answer(self, command: str) -> str | None:
        """A whole message is answered at once."""
        return self.answer_line(command)

    def answer_line(self, line: str) -> str | None:
        """The joined replies to the queries of one message, None when there are none."""
        replies = []
        for unit in units(line):
            try:
                reply = self._obey(unit)
            except ScpiError as error:
                self.refuse(error.code)
                if error.code == UNDEFINED_HEADER:
                    break
                continue
            if reply is not None:
                replies.append(reply)
        return ";".join(replies) if replies else None

    def too_long(self) -> None:
        """A message that does not fit is lost."""
        self.refuse(TOO_MUCH_DATA)

    def refuse(self, code: int) -> None:
        """Put an error into the queue, and its bit into the event register."""
        self.errors.put(code)
        self.event_register |= event_bit(code)

    def allow(self, command: Command) -> None:
        """Raise ScpiError where the instrument does not take this command now."""

    def _obey(self, unit: Unit) -> str | None:
        for command in self._commands:
            found = command.header.fullmatch(unit.header)
            if found is not None:
                self.allow(command)
                return command.carry_out(found.groups(), unit.parameters)
        raise ScpiError(UNDEFINED_HEADER)

    def _common(self) -> list[Command]:
        masks = [
            command
            for name in self._masks
            for command in (
                Command(name, lambda value, name=name: self._masks.update({name: value}), [whole(0, 255)]),
                Command(f"{name}?", lambda name=name: str(self._masks[name])),
            )
        ]
        return [
            Command("*IDN?", lambda: self.identity),
            Command("*RST", self.reset),
            Command("*CLS", self._clear),
            Command("*ESR?", self._take_events),
            Command("*OPC", self._complete),
            Command("*OPC?", lambda: "1"),
            Command("*STB?", lambda: str(self._status_byte())),
            Command("*TST?", lambda: "0"),
            Command("*WAI", lambda: None),
            *masks,
            Command("SYSTem:ERRor[:NEXT]?", lambda: self.error_entry(self.errors.take())),
            Command("SYSTem:VERSion?", lambda: "1995.0"),
        ]

    def _clear(self) -> None:
        self.errors.clear()
        self.event_register = 0

    def _take_events(self) -> str:
        bits, self.event_register = self.event_register, 0
        return str(bits)

    def _complete(self) -> None:
        self.event_register |= OPERATION_COMPLETE

    def _status_byte(self) -> int:
        """Bit 2 for the error queue, 5 for the event register, 6 for both as far as they are asked for."""
        bits = (4 if self.errors else 0) | (32 if self.event_register & self._masks["*ESE"] else 0)
        return bits | (64 if bits & self._masks["*SRE"] else 0)
