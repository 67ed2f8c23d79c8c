"""The sums of checksums: how bytes become one number.

CRC parameters are those of the catalogue of parametrised CRC algorithms by Greg Cook; each one's check value,
the CRC of ``123456789``, is in the tests.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SumRule:
    """One way to sum: its function of bytes and a first value, that value, its bytes on the wire."""

    function: Callable[[bytes, int], int]
    start: int
    length: int
    order: Literal["big", "little"] = "big"


def _sum8(data: bytes, start: int) -> int:
    return (start + sum(data)) & 0xFF


def _sum8neg(data: bytes, start: int) -> int:
    return -_sum8(data, start) & 0xFF


def _sum8inv(data: bytes, start: int) -> int:
    return ~_sum8(data, start) & 0xFF


def _sum16(data: bytes, start: int) -> int:
    return (start + sum(data)) & 0xFFFF


def _xor8(data: bytes, start: int) -> int:
    for byte in data:
        start ^= byte
    return start & 0xFF


def _fletcher16(data: bytes, start: int) -> int:
    low, high = start & 0xFF, start >> 8
    for byte in data:
        low = (low + byte) % 255
        high = (high + low) % 255
    return high << 8 | low


def _crc8(data: bytes, start: int) -> int:
    for byte in data:
        start = _CRC8[(start ^ byte) & 0xFF]
    return start


def _reflected(polynomial: int, out: int = 0) -> Callable[[bytes, int], int]:
    """A CRC of 8 or 16 bits that takes the lowest bit first, and in the end inverts the bits of *out*."""
    table = _table(polynomial, reflected=True)

    def crc(data: bytes, start: int) -> int:
        for byte in data:
            start = start >> 8 ^ table[(start ^ byte) & 0xFF]
        return start ^ out

    return crc


def _table(polynomial: int, *, reflected: bool) -> tuple[int, ...]:
    """The CRC of each byte alone, for a polynomial of 8 bits, or of up to 16 bits reflected."""
    table = []
    for crc in range(256):
        for _ in range(8):
            if reflected:
                crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
            else:
                crc = (crc << 1 ^ (polynomial if crc & 0x80 else 0)) & 0xFF
        table.append(crc)
    return tuple(table)


def _crc32(data: bytes, start: int) -> int:
    return zlib.crc32(data, start ^ 0xFFFFFFFF)


_CRC8 = _table(0x07, reflected=False)

SUMS = {
    "sum8": SumRule(_sum8, 0, 1),
    "sum8neg": SumRule(_sum8neg, 0, 1),
    "sum8inv": SumRule(_sum8inv, 0, 1),
    "sum16": SumRule(_sum16, 0, 2),
    "xor8": SumRule(_xor8, 0, 1),
    # Modbus over serial line V1.02, section 2.5.2.2: the LRC is the sum's two's complement.
    "lrc": SumRule(_sum8neg, 0, 1),
    "fletcher16": SumRule(_fletcher16, 0, 2),
    "crc8": SumRule(_crc8, 0, 1),
    "crc8maxim": SumRule(_reflected(0x8C), 0, 1),
    # Modbus over serial line V1.02, section 2.5.1.2: the low byte goes first.
    "crc16modbus": SumRule(_reflected(0xA001), 0xFFFF, 2, "little"),
    "crc16ccitt": SumRule(binascii.crc_hqx, 0xFFFF, 2),
    "crc16xmodem": SumRule(binascii.crc_hqx, 0, 2),
    # What takes the lowest bit first sends the low byte first.
    "crc16kermit": SumRule(_reflected(0x8408), 0, 2, "little"),
    "crc16x25": SumRule(_reflected(0x8408, 0xFFFF), 0xFFFF, 2, "little"),
    "crc32": SumRule(_crc32, 0xFFFFFFFF, 4),
}
