"""WAGO 750-352 watchdog, registers 0x1000 to 0x100B: manual of the 750-352, chapter "Watchdog".

[M]: 0x1000 counts 100 ms and starts at 10 s; the exceptions, 3 for a change while it runs and 4 for a write
to the outputs after it has fired.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from ..modbus.registers import DEVICE_FAILURE, ILLEGAL_ADDRESS, ILLEGAL_VALUE, ModbusException

TIME, MASK_1_16, MASK_17_32, TRIGGER, LEAST_LEFT, STOP_MASK = range(0x1000, 0x1006)
STATE, RESTART, STOP, CLOSE, ALTERNATIVE, SAVE = range(0x1006, 0x100C)
REGISTERS = range(TIME, SAVE + 1)

TICK_S = 0.1
_STOPS = (0xAA55, 0x55AA)


class State(IntEnum):
    """WD_RUNNING, register 0x1006."""

    OFF = 0
    RUNNING = 1
    FIRED = 2


class Watchdog:
    """Takes the outputs away when nobody has spoken for too long.

    The standard one begins with a number other than 0 in 0x1003, and hears each change of that number and
    each function whose bit is in the mask. The alternative one, by 0x100A, hears everything, and begins again
    by itself.
    """

    def __init__(self) -> None:
        self.state = State.OFF
        self.registers = dict.fromkeys(REGISTERS, 0)
        self.registers |= {TIME: 100, MASK_1_16: 0xFFFF, MASK_17_32: 0xFFFF, LEAST_LEFT: 0xFFFF, RESTART: 1}
        self._left_s = 0.0

    @property
    def timeout_s(self) -> float:
        """How long it waits."""
        return self.registers[TIME] * TICK_S

    def read(self, address: int) -> int:
        """One of its registers."""
        return int(self.state) if address == STATE else self.registers[address]

    def check(self, address: int, word: int) -> None:
        """Refuse a write that the watchdog does not take now."""
        if address == STATE:
            raise ModbusException(ILLEGAL_ADDRESS, "the state can only be read")
        if address in (TIME, MASK_1_16, MASK_17_32) and self.state == State.RUNNING:
            raise ModbusException(ILLEGAL_VALUE, "no change while the watchdog runs")
        if address == STOP and word not in _STOPS:
            raise ModbusException(ILLEGAL_VALUE, f"{word:#06x} stops nothing")

    def check_output(self) -> None:
        """Refuse a write to the outputs once it has fired."""
        if self.state == State.FIRED:
            raise ModbusException(DEVICE_FAILURE, "the watchdog has fired")

    def write(self, address: int, word: int) -> None:
        """Take a write that was checked."""
        before, self.registers[address] = self.registers[address], word
        if address == TRIGGER and word not in (0, before) and self.state != State.FIRED:
            self._start()
        elif address == STOP or (address == STOP_MASK and (before, word) == (0xAAAA, 0x5555)):
            self.state, self.registers[ALTERNATIVE] = State.OFF, 0
        elif address == RESTART and word == 1 and self.state == State.FIRED:
            self._start()

    def heard(self, function: int) -> None:
        """A request has come."""
        is_its_sign = self.state == State.RUNNING and self._is_in_mask(function)
        if self.registers[ALTERNATIVE] or is_its_sign:
            self._start()

    def advance(self, dt_s: float) -> bool:
        """Let time pass; True when it fires."""
        if self.state != State.RUNNING:
            return False
        self._left_s -= dt_s
        if self._left_s > 0:
            return False
        self.state = State.FIRED
        return True

    def _start(self) -> None:
        if self.registers[TIME] == 0:
            return
        if self.state == State.RUNNING:
            left = max(int(self._left_s / TICK_S), 0)
            self.registers[LEAST_LEFT] = min(self.registers[LEAST_LEFT], left)
        self.state, self._left_s = State.RUNNING, self.timeout_s

    def _is_in_mask(self, function: int) -> bool:
        words: Sequence[int] = (self.registers[MASK_1_16], self.registers[MASK_17_32])
        return 1 <= function <= 32 and bool(words[(function - 1) // 16] >> (function - 1) % 16 & 1)
