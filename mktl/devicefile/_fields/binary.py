"""Raw bytes: whole numbers and floats of either byte order, and bytes as they are."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from typing import Literal, cast

from ...errors import ItemTypeError, ItemValueError
from .base import ALONE, Converter, Openness, Place, shown
from .codes import Code, from_bits, to_bits
from .numbers import plain_number

_RAW = re.compile(r"(?P<code>[ui]|oc|sm)(?P<bits>8|16|24|32|40|48|56|64)(?P<le>le)?")
_FLOAT = re.compile(r"f(?P<bits>32|64)(?P<le>le)?")
_BYTES = re.compile(r"bytes(?P<bytes>[1-9]\d{0,6})?")

Order = Literal["big", "little"]


@dataclass(frozen=True, slots=True)
class RawInt(Converter):
    """``u8`` to ``i64``, big-endian, or little with ``le`` behind: a whole number of so many bytes.

    >>> read_binary("i32").encode(-5000).hex(" "), read_binary("sm16le").encode(-2).hex(" ")
    ('ff ff ec 78', '02 80')
    """

    length: int
    code: Code
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
        return raw_bytes(self.length)

    def encode(self, value: object) -> bytes:
        return to_bits(value, 8 * self.length, self.code).to_bytes(self.length, self.order)

    def decode(self, raw: bytes) -> int:
        value = int.from_bytes(raw, self.order)
        return value if self.code == "u" else from_bits(value, 8 * self.length, self.code)


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
        return raw_bytes(self.layout.size)

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
        return "raw bytes" if self.length is None else raw_bytes(self.length)

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


def raw_bytes(length: int) -> str:
    """So many of them, in the words of an error."""
    return "one raw byte" if length == 1 else f"{length} raw bytes"


def read_binary(spec: str) -> Converter | None:
    """The field of a spec such as ``u16``, ``i32le``, ``f32`` or ``bytes8``; None for others."""
    if found := _RAW.fullmatch(spec):
        order: Order = "little" if found["le"] else "big"
        return RawInt(int(found["bits"]) // 8, cast(Code, found["code"]), order)
    if found := _FLOAT.fullmatch(spec):
        letter = "f" if found["bits"] == "32" else "d"
        return RawFloat(struct.Struct(("<" if found["le"] else ">") + letter))
    if found := _BYTES.fullmatch(spec):
        return RawBytes(int(found["bytes"]) if found["bytes"] else None)
    return None
