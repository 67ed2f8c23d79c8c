"""The devices of the soak: registers that keep a log of every write that they carried out, and a clock.

The clock tells the machine's monotonic time, so that whoever has a reading of it knows how old that is.
"""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

from mktl_simulators.modbus import ModbusException, RegisterDevice
from mktl_simulators.modbus.registers import ILLEGAL_ADDRESS, ILLEGAL_VALUE, Table

#: ``(register, value)``: a write was carried out.
Log = Callable[[str, int], Any]

REGISTERS = ("r1", "r2")
#: Above this a value is refused.
MOST = 2_000_000_000

_WRITE = re.compile(rb"(R[12])=(-?\d+)")


_PLACES = {10: "r1", 20: "r2"}


class TextBench:
    """Lines: ``R1?`` and ``CLK?`` ask, ``R1=57`` writes; a reply has a checksum, so that noise is seen.

    >>> bench = TextBench(lambda register, value: None)
    >>> bench.receive(b"R1=57\\nR1?\\n")
    b'OK*C4\\n57*96\\n'
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._half = b""
        self._values = {b"R1": 0, b"R2": 0}

    def receive(self, data: bytes) -> bytes:
        *lines, self._half = (self._half + data).split(b"\n")
        return b"".join(self._framed(self._answer(line)) for line in lines)

    def advance(self, dt_s: float) -> None:
        """Its clock is that of the machine."""

    def hang_up(self) -> None:
        self._half = b""

    def _answer(self, line: bytes) -> bytes:
        if line == b"ID?":
            return b"SOAK,BENCH"
        if line == b"CLK?":
            return b"%.3f" % time.monotonic()
        if line.endswith(b"?") and line[:-1] in self._values:
            return b"%d" % self._values[line[:-1]]
        write = _WRITE.fullmatch(line)
        if write is None or abs(int(write[2])) > MOST:
            return b"ERR"
        self._values[write[1]] = int(write[2])
        self._log(write[1].decode().lower(), int(write[2]))
        return b"OK"

    @staticmethod
    def _framed(answer: bytes) -> bytes:
        said = answer + b"*"
        return b"%s%02X\n" % (said, sum(said) & 0xFF)


class RegisterBench(RegisterDevice):
    """The same in registers: input 0-3 is the clock, holding 10-11 and 20-21 are R1 and R2."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._values = dict.fromkeys(_PLACES, 0)

    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        if (table, address, count) == ("input", 0, 4):
            return struct.unpack(">4H", struct.pack(">d", time.monotonic()))
        if table == "holding" and address in self._values and count == 2:
            return struct.unpack(">2H", struct.pack(">i", self._values[address]))
        raise ModbusException(ILLEGAL_ADDRESS, f"nothing at {table} {address}")

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        if table != "holding" or address not in self._values or len(values) != 2:
            raise ModbusException(ILLEGAL_ADDRESS, f"nothing at {table} {address}")
        (value,) = struct.unpack(">i", struct.pack(">2H", *values))
        if abs(value) > MOST:
            raise ModbusException(ILLEGAL_VALUE, f"{value} is too much")
        self._values[address] = value
        self._log(_PLACES[address], value)
