"""Raw bytes: whole numbers and floats of either byte order, packed BCD, hex digits of fixed width."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from typing import Literal

from ...errors import ItemTypeError, ItemValueError
from .base import ALONE, Converter, Openness, Place, shown
from .numbers import plain_number, whole_number

_RAW = re.compile(r"(?P<sign>[ui])(?P<bits>8|16|24|32|40|48|56|64)(?P<le>le)?")
_FLOAT = re.compile(r"f(?P<bits>32|64)(?P<le>le)?")
_HEX = re.compile(r"(?P<sign>i?)hex(?P<digits>[1-9]|1[0-6])")
_BCD = re.compile(r"bcd(?P<bytes>[1-9])")
_BYTES = re.compile(r"bytes(?P<bytes>[1-9]\d{0,6})?")
_TWO_DIGITS = frozenset(16 * tens + ones for tens in range(10) for ones in range(10))

Order = Literal["big", "little"]


def _in_range(value: object, low: int, high: int) -> int:
    """*value* as a whole number of *low* to *high*."""
    number = whole_number(value)
    if not low <= number <= high:
        raise ItemValueError(f"takes {low} to {high}, got {number}")
    return number


@dataclass(frozen=True, slots=True)
class RawInt(Converter):
    """``u8`` to ``i64``, big-endian, or little with ``le`` behind: a whole number of so many bytes.

    >>> read_binary("i32").encode(-5000).hex(" ")
    'ff ff ec 78'
    """

    length: int
    is_signed: bool
    order: Order

    kind = "int"

    @property
    def size(self) -> int:
        return self.length

    @property
    def pattern(self) -> bytes:
        return rb".{%d}" % self.length

    @property
    def expected(self) -> str:
        return _raw_bytes(self.length)

    def encode(self, value: object) -> bytes:
        bits = 8 * self.length
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if self.is_signed else (0, (1 << bits) - 1)
        return _in_range(value, low, high).to_bytes(self.length, self.order, signed=self.is_signed)

    def decode(self, raw: bytes) -> int:
        return int.from_bytes(raw, self.order, signed=self.is_signed)


@dataclass(frozen=True, slots=True)
class RawFloat(Converter):
    """``f32``, ``f64``, or ``f32le``, ``f64le``: an IEEE 754 number.

    NaN passes both ways, as some devices send it for "no reading". A finite number that a single cannot
    hold is refused rather than sent as infinity.
    """

    layout: struct.Struct

    kind = "float"

    @property
    def default(self) -> object:
        return 0.0

    @property
    def size(self) -> int:
        return self.layout.size

    @property
    def pattern(self) -> bytes:
        return rb".{%d}" % self.layout.size

    @property
    def expected(self) -> str:
        return _raw_bytes(self.layout.size)

    def encode(self, value: object) -> bytes:
        number = plain_number(value)
        try:
            return self.layout.pack(number)
        except OverflowError:
            bits = 8 * self.layout.size
            raise ItemValueError(f"takes what {bits} bits can hold, got {number!r}") from None

    def decode(self, raw: bytes) -> float:
        value: float = self.layout.unpack(raw)[0]
        return value


@dataclass(frozen=True, slots=True)
class HexInt(Converter):
    """``hex4``, ``ihex4``: exactly so many hex digits; with the ``i`` in two's complement.

    >>> read_binary("ihex4").encode(-2)
    b'FFFE'
    """

    digits: int
    is_signed: bool

    kind = "int"

    @property
    def size(self) -> int:
        return self.digits

    @property
    def pattern(self) -> bytes:
        return rb"[0-9A-Fa-f]{%d}" % self.digits

    @property
    def expected(self) -> str:
        return f"{self.digits} hex digits"

    def encode(self, value: object) -> bytes:
        span = 16**self.digits
        low, high = (-(span // 2), span // 2 - 1) if self.is_signed else (0, span - 1)
        return b"%0*X" % (self.digits, _in_range(value, low, high) % span)

    def decode(self, raw: bytes) -> int:
        value, span = int(raw, 16), 16**self.digits
        return value - span if self.is_signed and value >= span // 2 else value


@dataclass(frozen=True, slots=True)
class Bcd(Converter):
    """``bcd2``: so many bytes with two decimal digits each, the first digit in the upper half.

    >>> read_binary("bcd2").encode(1234).hex()
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
        return bytes.fromhex(f"{_in_range(value, 0, 10**digits - 1):0{digits}d}")

    def decode(self, raw: bytes) -> int:
        return int(raw.hex())


@dataclass(frozen=True, slots=True)
class RawBytes(Converter):
    """``bytes8``: exactly so many bytes as they are; ``bytes``: all up to the literal that follows."""

    length: int | None
    place: Place = ALONE

    kind = "bytes"

    @property
    def default(self) -> object:
        return bytes(self.length or 0)

    @property
    def size(self) -> int | None:
        return self.length

    @property
    def open(self) -> Openness | None:
        return "text" if self.length is None else None

    @property
    def pattern(self) -> bytes:
        if self.length is not None:
            return rb".{%d}" % self.length
        return self.place.rest_pattern

    @property
    def expected(self) -> str:
        return "raw bytes" if self.length is None else _raw_bytes(self.length)

    def encode(self, value: object) -> bytes:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise ItemTypeError(f"takes bytes, got {shown(value)}")
        data = bytes(value)
        if self.length is not None and len(data) != self.length:
            raise ItemValueError(f"takes exactly {self.length} bytes, got {len(data)}")
        if self.length is None:
            self.place.check_rest(data)
        return data

    def decode(self, raw: bytes) -> bytes:
        return raw

    def placed(self, place: Place) -> RawBytes:
        return replace(self, place=place)


def _raw_bytes(length: int) -> str:
    return "one raw byte" if length == 1 else f"{length} raw bytes"


def read_binary(spec: str) -> Converter | None:
    """The field of a spec such as ``u16``, ``i32le``, ``f32``, ``bcd2`` or ``bytes8``; None for others."""
    if found := _RAW.fullmatch(spec):
        order: Order = "little" if found["le"] else "big"
        return RawInt(int(found["bits"]) // 8, found["sign"] == "i", order)
    if found := _FLOAT.fullmatch(spec):
        letter = "f" if found["bits"] == "32" else "d"
        return RawFloat(struct.Struct(("<" if found["le"] else ">") + letter))
    if found := _BCD.fullmatch(spec):
        return Bcd(int(found["bytes"]))
    if found := _BYTES.fullmatch(spec):
        return RawBytes(int(found["bytes"]) if found["bytes"] else None)
    return read_hex(spec)


def read_hex(spec: str) -> HexInt | None:
    """The field of ``hex4`` or ``ihex4``; None for others."""
    found = _HEX.fullmatch(spec)
    return HexInt(int(found["digits"]), found["sign"] == "i") if found else None
