"""Checksums: ``#sum8`` and its kin, over what stands before them in the frame.

CRC parameters are those of the catalogue of parametrised CRC algorithms by Greg Cook; each one's check value,
the CRC of ``123456789``, is in the tests.
"""

from __future__ import annotations

import binascii
import difflib
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .base import SpecError

_OPTIONS = "hex, unhex, le, be, from=N, init=N"


def _sum8(data: bytes, start: int) -> int:
    return (start + sum(data)) & 0xFF


def _sum8neg(data: bytes, start: int) -> int:
    return -_sum8(data, start) & 0xFF


def _sum8inv(data: bytes, start: int) -> int:
    return ~_sum8(data, start) & 0xFF


def _xor8(data: bytes, start: int) -> int:
    for byte in data:
        start ^= byte
    return start & 0xFF


def _table(polynomial: int, *, reflected: bool) -> tuple[int, ...]:
    """The CRC of each byte alone, for a polynomial of 8 bits, or of 16 bits reflected."""
    table = []
    for crc in range(256):
        for _ in range(8):
            if reflected:
                crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
            else:
                crc = (crc << 1 ^ (polynomial if crc & 0x80 else 0)) & 0xFF
        table.append(crc)
    return tuple(table)


_CRC8 = _table(0x07, reflected=False)
_CRC16_MODBUS = _table(0xA001, reflected=True)


def _crc8(data: bytes, start: int) -> int:
    for byte in data:
        start = _CRC8[(start ^ byte) & 0xFF]
    return start


def _crc16modbus(data: bytes, start: int) -> int:
    for byte in data:
        start = start >> 8 ^ _CRC16_MODBUS[(start ^ byte) & 0xFF]
    return start


def _crc32(data: bytes, start: int) -> int:
    return zlib.crc32(data, start ^ 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class _Sum:
    """One way to sum: its function of bytes and a first value, that value, its bytes on the wire."""

    function: Callable[[bytes, int], int]
    start: int
    length: int
    order: Literal["big", "little"] = "big"


_SUMS = {
    "sum8": _Sum(_sum8, 0, 1),
    "sum8neg": _Sum(_sum8neg, 0, 1),
    "sum8inv": _Sum(_sum8inv, 0, 1),
    "xor8": _Sum(_xor8, 0, 1),
    # Modbus over serial line V1.02, section 2.5.2.2: the LRC is the sum's two's complement.
    "lrc": _Sum(_sum8neg, 0, 1),
    "crc8": _Sum(_crc8, 0, 1),
    # Ibid., 2.5.1.2: the low byte goes first.
    "crc16modbus": _Sum(_crc16modbus, 0xFFFF, 2, "little"),
    "crc16ccitt": _Sum(binascii.crc_hqx, 0xFFFF, 2),
    "crc32": _Sum(_crc32, 0xFFFFFFFF, 4),
}


@dataclass(frozen=True, slots=True)
class Checksum:
    """A sum over a frame, from byte *skip* to the place where the sum stands."""

    spec: str
    function: Callable[[bytes, int], int]
    start: int
    length: int
    order: Literal["big", "little"]
    #: Written as hex digits: the same bytes, two digits each.
    as_hex: bool = False
    #: The frame is in hex digits itself and the sum is over the bytes they stand for (Modbus ASCII).
    of_hex: bool = False
    skip: int = 0

    @property
    def size(self) -> int:
        """Length in the frame."""
        return 2 * self.length if self.as_hex else self.length

    @property
    def pattern(self) -> bytes:
        """What the sum looks like; whether it is right is for :meth:`agrees`."""
        return (rb"[0-9A-Fa-f]{%d}" if self.as_hex else rb".{%d}") % self.size

    @property
    def expected(self) -> str:
        """What is read, in the words of an error."""
        what = f"{2 * self.length} hex digits" if self.as_hex else f"{self.length} raw bytes"
        return f"{what if self.as_hex or self.length > 1 else 'one raw byte'} of the checksum {self.spec}"

    def over(self, frame: bytes) -> bytes:
        """The sum as it stands behind *frame*.

        >>> read_checksum("sum8").over(bytes.fromhex("01 0A 42 00 00 00 00 00")).hex()
        '4d'

        Raises:
            ValueError: *frame* should be hex digits and is not.
        """
        data = frame[self.skip :]
        if self.of_hex:
            data = bytes.fromhex(data.decode("ascii"))
        raw = self.function(data, self.start).to_bytes(self.length, self.order)
        return raw.hex().upper().encode("ascii") if self.as_hex else raw

    def agrees(self, frame: bytes, found: bytes) -> bool:
        """True when *found* is the sum of *frame*; hex digits may be of either case."""
        return self.over(frame) == (found.upper() if self.as_hex else found)

    def told(self, raw: bytes) -> str:
        """A sum as an error shows it: in hex digits."""
        return raw.decode("ascii").upper() if self.as_hex else raw.hex().upper()


def read_checksum(spec: str) -> Checksum:
    """The checksum of a spec such as ``sum8``, ``crc16ccitt,hex`` or ``xor8,from=1``.

    Raises:
        SpecError: An unknown sum or option.
    """
    name, *options = spec.split(",")
    if name not in _SUMS:
        near = difflib.get_close_matches(name, _SUMS, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise SpecError(f"'{name}' is not a checksum; {hint}there are {', '.join(_SUMS)}")
    known = _SUMS[name]
    start, skip, order = known.start, 0, known.order
    flags: set[str] = set()
    for option in options:
        if match := re.fullmatch(r"from=(\d{1,6})", option):
            skip = int(match[1])
        elif match := re.fullmatch(r"init=(0x[0-9A-Fa-f]{1,8}|\d{1,10})", option):
            start = int(match[1], 0)
        elif option in ("le", "be"):
            order = "little" if option == "le" else "big"
        elif option in ("hex", "unhex"):
            flags.add(option)
        else:
            raise SpecError(f"'{option}' is not an option of a checksum; there are {_OPTIONS}")
    if start >= 256**known.length:
        raise SpecError(f"init={start} does not fit the {known.length} bytes of {name}")
    return Checksum(spec, known.function, start, known.length, order, "hex" in flags, "unhex" in flags, skip)
