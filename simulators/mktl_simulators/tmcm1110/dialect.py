"""TMCL commands of the TMCM-1110: TMCL firmware manual V1.09, chapter 3; [M] marks what is from memory.

A frame for another address, and anything that is no frame, is met with silence; a wrong checksum with status
1. [M]: ROR, ROL, MST, RFS and command 136; which numbers GPs, inputs and outputs have; how long the module
waits for the rest of a frame. What a module does beyond this (programs, coordinates, stored parameters, stall
detection) is not modelled, and is answered as an invalid command or type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

from .drive import Drive, Search
from .frames import LENGTH, Command, Reply, checksum
from .parameters import MOST, PARAMETERS

# Status codes.
OK, WRONG_CHECKSUM, INVALID_COMMAND, WRONG_TYPE, INVALID_VALUE = 100, 1, 2, 3, 4

#: Silence within a frame after which the module starts anew [M].
FRAME_GAP_S = 0.1

# Global parameters of bank 0 [M but 66].
BAUD, ADDRESS, HOST = 65, 66, 76
_USER_BANK, _USER_VARIABLES = 2, 56
_OUTPUT_BANK = 2

VERSION_TEXT = b"1110V109"
VERSION_NUMBER = 1110 << 16 | 0x0109


class _RefusedError(Exception):
    """A command that is answered with another status than 100."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Tmcm1110:
    r"""A TMCM-1110 with a carriage between two limit switches.

    *address* is that of the module, *host* what it puts first in its replies.

    >>> module = Tmcm1110()
    >>> module.receive(bytes.fromhex("01 0A 42 00 00 00 00 00 4D")).hex(" ")    # GGP 66, 0: its address
    '02 01 64 0a 00 00 00 01 72'
    """

    def __init__(self, *, address: int = 1, host: int = 2, seed: int | None = None) -> None:
        del seed  # a stepper counts its steps: there is no noise to draw
        self.drive = Drive()
        #: Bank 0 by number.
        self.globals = {BAUD: 0, ADDRESS: address, HOST: host}
        self.variables = [0] * _USER_VARIABLES
        self.outputs = [0, 0]
        self.inputs = [0, 0, 0, 0]
        self._half = bytearray()
        self._silent_s = 0.0

    @classmethod
    def resting(cls, *, seed: int | None = None) -> Self:
        """At 0, between its switches."""
        return cls(seed=seed)

    @classmethod
    def moving(cls, *, seed: int | None = None) -> Self:
        """On its way to 500 000, at full speed."""
        module = cls(seed=seed)
        module.drive.go_to(500_000)
        module.drive.advance(1.0)
        return module

    @classmethod
    def at_limit(cls, *, seed: int | None = None) -> Self:
        """Run into the right limit switch, with a target beyond it."""
        module = cls(seed=seed)
        module.drive.go_to(2_000_000)
        module.drive.advance(3600.0)
        return module

    def advance(self, dt_s: float) -> None:
        """Let time pass; half a frame is not waited for much longer."""
        self.drive.advance(dt_s)
        self._silent_s += dt_s
        if self._silent_s > FRAME_GAP_S:
            self._half.clear()

    def receive(self, data: bytes) -> bytes:
        """Answer each frame that *data* completes."""
        self._silent_s = 0.0
        self._half += data
        replies = bytearray()
        while len(self._half) >= LENGTH:
            frame, self._half = bytes(self._half[:LENGTH]), self._half[LENGTH:]
            replies += self._answer(frame)
        return bytes(replies)

    def hang_up(self) -> None:
        """Forget half a frame."""
        self._half.clear()

    def _answer(self, frame: bytes) -> bytes:
        command = Command.unpack(frame)
        address, host = self.globals[ADDRESS], self.globals[HOST]
        if command.address != address:
            return b""
        if command.number == 136 and command.type == 0 and checksum(frame[:-1]) == frame[-1]:
            return bytes([host]) + VERSION_TEXT  # the one reply without status and checksum
        status, value = OK, command.value
        try:
            if checksum(frame[:-1]) != frame[-1]:
                raise _RefusedError(WRONG_CHECKSUM)
            value = self._obey(command)
        except _RefusedError as refused:
            status = refused.status
        return Reply(host, address, status, command.number, value).pack()

    def _obey(self, command: Command) -> int:
        if command.number not in self._COMMANDS:
            raise _RefusedError(INVALID_COMMAND)
        return self._COMMANDS[command.number](self, command)

    # -- one method a command; each gives the value of the reply --------------------------------------------

    def _rotate(self, command: Command) -> int:
        """ROR and ROL: turn to the right or the left."""
        self._one_motor(command)
        _within(command.value, 0, MOST)
        self.drive.run_at(command.value if command.number == 1 else -command.value)
        return command.value

    def _stop(self, command: Command) -> int:
        """MST."""
        self._one_motor(command)
        self.drive.run_at(0)
        return command.value

    def _move(self, command: Command) -> int:
        """MVP: 0 to a position, 1 by so many steps from the actual one [M, from which]."""
        self._one_motor(command)
        if command.type not in (0, 1):
            raise _RefusedError(WRONG_TYPE)
        target = command.value + (self.drive.position if command.type == 1 else 0)
        _within(target, PARAMETERS[0].low, PARAMETERS[0].high)
        self.drive.go_to(target)
        return target

    def _set_axis(self, command: Command) -> int:
        """SAP."""
        parameter = PARAMETERS.get(command.type)
        if parameter is None or parameter.write is None:
            raise _RefusedError(WRONG_TYPE)
        self._one_motor(command)
        _within(command.value, parameter.low, parameter.high)
        parameter.write(self.drive, command.value)
        return command.value

    def _get_axis(self, command: Command) -> int:
        """GAP."""
        if command.type not in PARAMETERS:
            raise _RefusedError(WRONG_TYPE)
        self._one_motor(command)
        return PARAMETERS[command.type].read(self.drive)

    def _set_global(self, command: Command) -> int:
        """SGP: settings of the module in bank 0, user variables in bank 2."""
        if command.motor == 0 and command.type in self.globals:
            _within(command.value, 1 if command.type == ADDRESS else 0, 11 if command.type == BAUD else 255)
            self.globals[command.type] = command.value
        elif command.motor == _USER_BANK and command.type < _USER_VARIABLES:
            self.variables[command.type] = command.value
        else:
            raise _RefusedError(WRONG_TYPE)
        return command.value

    def _get_global(self, command: Command) -> int:
        """GGP."""
        if command.motor == 0 and command.type in self.globals:
            return self.globals[command.type]
        if command.motor == _USER_BANK and command.type < _USER_VARIABLES:
            return self.variables[command.type]
        raise _RefusedError(WRONG_TYPE)

    def _search(self, command: Command) -> int:
        """RFS: 0 starts, 1 stops, 2 tells; not 0 while it searches."""
        self._one_motor(command)
        if command.type == 0:
            self.drive.start_search()
        elif command.type == 1 and self.drive.search is not Search.NONE:
            self.drive.run_at(0)
        elif command.type not in (1, 2):
            raise _RefusedError(WRONG_TYPE)
        return self.drive.search.value if command.type == 2 else command.value

    def _set_output(self, command: Command) -> int:
        """SIO."""
        if command.motor != _OUTPUT_BANK or command.type >= len(self.outputs):
            raise _RefusedError(WRONG_TYPE)
        _within(command.value, 0, 1)
        self.outputs[command.type] = command.value
        return command.value

    def _get_pin(self, command: Command) -> int:
        """GIO: inputs in bank 0, outputs in bank 2."""
        pins = {0: self.inputs, _OUTPUT_BANK: self.outputs}.get(command.motor, [])
        if command.type >= len(pins):
            raise _RefusedError(WRONG_TYPE)
        return pins[command.type]

    def _version(self, command: Command) -> int:
        """136 with type 1; type 0 has a reply of its own form."""
        if command.type != 1:
            raise _RefusedError(WRONG_TYPE)
        return VERSION_NUMBER

    def _one_motor(self, command: Command) -> None:
        """There is motor 0 only."""
        if command.motor != 0:
            raise _RefusedError(INVALID_VALUE)

    _COMMANDS: Mapping[int, Callable[[Tmcm1110, Command], int]] = {
        1: _rotate,
        2: _rotate,
        3: _stop,
        4: _move,
        5: _set_axis,
        6: _get_axis,
        9: _set_global,
        10: _get_global,
        13: _search,
        14: _set_output,
        15: _get_pin,
        136: _version,
    }


def _within(value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise _RefusedError(INVALID_VALUE)
