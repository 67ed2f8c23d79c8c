"""Digits of a fixed number: in print in hex, or packed as BCD."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from .base import Converter
from .codes import Code, from_bits, in_range, to_bits

_HEX = re.compile(r"(?P<code>i|oc|sm|)hex(?P<digits>[1-9]|1[0-6])")
_BCD = re.compile(r"bcd(?P<bytes>[1-9])")
_TWO_DIGITS = frozenset(16 * tens + ones for tens in range(10) for ones in range(10))


@dataclass(frozen=True, slots=True)
class HexInt(Converter):
    """``hex4``, ``ihex4``: exactly so many hex digits; with the ``i`` in two's complement.

    >>> read_digits("ihex4").encode(-2), read_digits("smhex4").encode(-2)
    (b'FFFE', b'8002')
    """

    digits: int
    code: Code

    kind = "int"

    @property
    def size(self) -> int:
        return self.digits

    @property
    def alphabet(self) -> frozenset[int]:
        return frozenset(b"0123456789abcdefABCDEF")

    @property
    def pattern(self) -> bytes:
        return rb"[0-9A-Fa-f]{%d}" % self.digits

    @property
    def expected(self) -> str:
        return f"{self.digits} hex digits"

    def encode(self, value: object) -> bytes:
        return b"%0*X" % (self.digits, to_bits(value, 4 * self.digits, self.code))

    def decode(self, raw: bytes) -> int:
        return from_bits(int(raw, 16), 4 * self.digits, self.code)


@dataclass(frozen=True, slots=True)
class Bcd(Converter):
    """``bcd2``: so many bytes with two decimal digits each, the first digit in the upper half.

    >>> read_digits("bcd2").encode(1234).hex()
    '1234'
    """

    length: int

    kind = "int"

    @property
    def size(self) -> int:
        return self.length

    @property
    def pattern(self) -> bytes:
        return rb"[%s]{%d}" % (b"".join(rb"\x%02x" % byte for byte in sorted(_TWO_DIGITS)), self.length)

    @property
    def expected(self) -> str:
        return f"{2 * self.length} packed decimal digits"

    def encode(self, value: object) -> bytes:
        digits = 2 * self.length
        return bytes.fromhex(f"{in_range(value, 0, 10**digits - 1):0{digits}d}")

    def decode(self, raw: bytes) -> int:
        return int(raw.hex())


def read_digits(spec: str) -> HexInt | Bcd | None:
    """The field of a spec such as ``hex4``, ``ihex4`` or ``bcd2``; None for others."""
    if found := _HEX.fullmatch(spec):
        return HexInt(int(found["digits"]), cast(Code, found["code"] or "u"))
    found = _BCD.fullmatch(spec)
    return Bcd(int(found["bytes"])) if found else None
