"""WAGO 750-352 register map: manual of the 750-352, chapters "Process image" and "Modbus registers".

[M]: exception 2 beyond the modules that are plugged in, the order of the nine counters at 0x1029, the
constants at 0x2000, the firmware.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Self

from ..modbus.pdu import pack_bits, unpack_bits
from ..modbus.registers import (
    FUNCTIONS,
    ILLEGAL_ADDRESS,
    ILLEGAL_VALUE,
    ModbusException,
    RegisterDevice,
    Table,
)
from . import watchdog
from .field import Field
from .watchdog import Watchdog

#: Where outputs are read back.
OUTPUTS = 0x0200

LED_ERROR, LENGTHS, COUNTERS, CONSTANTS, NAMEPLATE, MODULES = 0x1020, 0x1022, 0x1029, 0x2000, 0x2010, 0x2030

#: What 0x1029 counts: [M] as to the order.
FAILURES, BAD_FUNCTION, BAD_ADDRESS, BAD_DATA, MESSAGES = 0, 3, 4, 5, 8
_COUNTED = {4: FAILURES, 1: BAD_FUNCTION, 2: BAD_ADDRESS, 3: BAD_DATA}

#: Blocks of words that are read from their first address on; each goes as far as it is long.
_FIXED: Mapping[int, Sequence[int]] = {
    LED_ERROR: (0, 0),
    LENGTHS: (2 * 16, 4 * 16, 8, 8),  # bits of AO, AI, DO and DI in the process image
    CONSTANTS: (0x0000, 0xFFFF, 0x1234, 0xAAAA, 0x5555, 0x7FFF, 0x8000, 0x3FFF, 0x4000),
    NAMEPLATE: (11, 750, 352, 1, 4),  # firmware index, series, item, version
    # The coupler, then the modules in their places: analog ones by item number, digital ones by their bits.
    MODULES: (352, 459, 550, 0x8801, 0x8802, *[0] * 60),
    MODULES + 1: [0] * 64,
    MODULES + 2: [0] * 64,
    MODULES + 3: [0] * 63,
}

#: The most of one write.
MOST_WORDS, MOST_BITS = 100, 800


class Wago750352(RegisterDevice):
    """A 750-352 with 4 analog and 8 digital inputs, 2 analog and 8 digital outputs, wired back to back.

    In the images words of analog modules come first, then the bits of digital ones, packed. ``field`` has the
    wires, ``watchdog`` the dog.

    >>> node = Wago750352(noise_v=0.0)
    >>> node.write("holding", 0, [0x7FF0])                  # output 1 to 10 V
    >>> hex(node.read("input", 0, 1)[0]), hex(node.read("holding", 0x200, 1)[0])
    ('0x7ff0', '0x7ff0')
    """

    functions = FUNCTIONS - {8}
    any_unit = True

    def __init__(self, *, seed: int | None = 0, noise_v: float = 0.002) -> None:
        self.field = Field(noise_v, seed)
        self.watchdog = Watchdog()
        self.counters = [0] * 9

    @classmethod
    def powered_up(cls, *, seed: int | None = 0, noise_v: float = 0.002) -> Self:
        """All outputs off, no watchdog."""
        return cls(seed=seed, noise_v=noise_v)

    @classmethod
    def working(cls, *, seed: int | None = 0, noise_v: float = 0.002) -> Self:
        """Outputs of somebody's work: 2.5 V and 5 V, every other bit; the watchdog runs with its 10 s."""
        node = cls(seed=seed, noise_v=noise_v)
        node.write("holding", 0, [0x2000, 0x4000, 0x0055])
        node.write("holding", watchdog.TRIGGER, [1])
        return node

    def advance(self, dt_s: float) -> None:
        """Let time pass for the watchdog."""
        if self.watchdog.advance(dt_s):
            self.field.drop()

    def heard(self, function: int) -> None:
        """Count the request, and let the watchdog hear it."""
        self.counters[MESSAGES] = self.counters[MESSAGES] + 1 & 0xFFFF
        if function not in self.functions:
            self._count(1)
        self.watchdog.heard(function)

    def read(self, table: Table, address: int, count: int) -> list[int]:
        """Words or bits; both functions of a kind read the same."""
        if table in ("coils", "discrete"):
            return self._cut(self._bits_at(address), address, count)
        if address in watchdog.REGISTERS and address + count - 1 in watchdog.REGISTERS:
            return [self.watchdog.read(at) for at in range(address, address + count)]
        return self._cut(self._words_at(address), address, count)

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """Outputs, from 0x0000 or 0x0200 on, or registers of the watchdog."""
        if len(values) > (MOST_BITS if table == "coils" else MOST_WORDS):
            raise self._refusal(ILLEGAL_VALUE, f"{len(values)} at once")
        if table == "coils":
            self._write_bits(address, values)
        elif address in watchdog.REGISTERS:
            self._write_watchdog(address, values)
        elif address == COUNTERS and list(values) in ([0xAA55], [0x55AA]):
            self.counters[:] = [0] * len(self.counters)
        else:
            self._write_words(address, values)

    def mask(self, address: int, and_mask: int, or_mask: int) -> None:
        """Change bits of an output word, which is not read where it is written."""
        place = _output(address)
        (old,) = self.read("holding", OUTPUTS + place, 1)
        self.write("holding", address, [old & and_mask | or_mask & ~and_mask & 0xFFFF])

    # -- the images

    def _words_at(self, address: int) -> Sequence[int]:
        """The words that can be read from this address on."""
        if address < OUTPUTS:
            return [*self.field.analog_in(), _packed(self.field.digital_in())][address:]
        if address == COUNTERS:
            return self.counters
        for start in (LED_ERROR, LENGTHS, CONSTANTS, NAMEPLATE):
            if start <= address < start + len(_FIXED[start]):
                return _FIXED[start][address - start :]
        # A list of modules begins at each of its addresses: they are not neighbours.
        return _FIXED.get(address) or self._output_words()[max(address - OUTPUTS, 0) :]

    def _bits_at(self, address: int) -> Sequence[int]:
        if address < OUTPUTS:
            return [int(on) for on in self.field.digital_in()][address:]
        return [int(on) for on in self.field.digital_out][address - OUTPUTS :]

    def _output_words(self) -> list[int]:
        return [*self.field.analog_out, _packed(self.field.digital_out)]

    def _cut(self, there: Sequence[int], address: int, count: int) -> list[int]:
        if count > len(there):
            raise self._refusal(ILLEGAL_ADDRESS, f"nothing at {address + len(there):#06x}")
        return list(there[:count])

    def _write_words(self, address: int, values: Sequence[int]) -> None:
        words, at = self._output_words(), _output(address)
        if at + len(values) > len(words):
            raise self._refusal(ILLEGAL_ADDRESS, f"no output at {address + len(values) - 1:#06x}")
        self._check_output()
        words[at : at + len(values)] = values
        *self.field.analog_out, bits = words
        self.field.digital_out = [bool(bit) for bit in unpack_bits(bits.to_bytes(2, "little"), 8)]

    def _write_bits(self, address: int, values: Sequence[int]) -> None:
        bits, at = self.field.digital_out, _output(address)
        if at + len(values) > len(bits):
            raise self._refusal(ILLEGAL_ADDRESS, f"no output at {address + len(values) - 1:#06x}")
        self._check_output()
        bits[at : at + len(values)] = [bool(value) for value in values]

    # -- the watchdog, and what is counted

    def _write_watchdog(self, address: int, values: Sequence[int]) -> None:
        wanted = list(enumerate(values, address))
        if wanted[-1][0] not in watchdog.REGISTERS:
            raise self._refusal(ILLEGAL_ADDRESS, f"nothing at {wanted[-1][0]:#06x}")
        for at, word in wanted:
            self._counting(self.watchdog.check, at, word)
        for at, word in wanted:
            self.watchdog.write(at, word)

    def _check_output(self) -> None:
        self._counting(self.watchdog.check_output)

    def _counting(self, check: Callable[..., None], *arguments: int) -> None:
        try:
            check(*arguments)
        except ModbusException as refused:
            self._count(refused.code)
            raise

    def _refusal(self, code: int, why: str) -> ModbusException:
        self._count(code)
        return ModbusException(code, why)

    def _count(self, code: int) -> None:
        at = _COUNTED[code]
        self.counters[at] = self.counters[at] + 1 & 0xFFFF


def _output(address: int) -> int:
    """Which output a write is for: both images take it."""
    return address - OUTPUTS if address >= OUTPUTS else address


def _packed(bits: Sequence[bool]) -> int:
    return int.from_bytes(pack_bits(bits), "little")
