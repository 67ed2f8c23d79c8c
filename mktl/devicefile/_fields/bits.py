"""Bit fields: ``{error:bits1}{mode:bits3}{_:bits4}`` side by side are one byte, the highest bit first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from .base import Converter, SpecError
from .binary import raw_bytes
from .codes import in_range
from .compound import Constant

_BITS = re.compile(r"bits(?P<width>[1-9]|[1-5]\d|6[0-4])")


@dataclass(frozen=True, slots=True)
class BitField(Converter):
    """``bits3``: so many bits of the *length* bytes that it shares, *shift* bits above the lowest."""

    width: int
    shift: int = 0
    length: int = 8

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
        return (in_range(value, 0, (1 << self.width) - 1) << self.shift).to_bytes(self.length, "big")

    def decode(self, raw: bytes) -> int:
        return int.from_bytes(raw, "big") >> self.shift & (1 << self.width) - 1


@dataclass(frozen=True, slots=True)
class Shared(Converter):
    """The bytes that bit fields share."""

    length: int

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

    def encode(self, _value: object) -> NoReturn:
        raise NotImplementedError("bit fields are written one by one and put together by united()")

    def decode(self, raw: bytes) -> int:
        return int.from_bytes(raw, "big")


def united(encoded: Iterable[bytes]) -> bytes:
    """Bit fields that share their bytes, put together.

    >>> united([BitField(4, 4, 1).encode(5), BitField(4, 0, 1).encode(1)])
    b'Q'
    """
    total = length = 0
    for raw in encoded:
        total, length = total | int.from_bytes(raw, "big"), len(raw)
    return total.to_bytes(length, "big")


def bit_width(converter: Converter) -> int | None:
    """How many bits of a byte a field or a constant takes; None for one with bytes of its own."""
    base = converter.base if isinstance(converter, Constant) else converter
    return base.width if isinstance(base, BitField) else None


def shared(converters: Sequence[Converter]) -> tuple[Shared, list[Converter]]:
    """The bytes of bit fields side by side, and the fields with their places in them.

    Raises:
        SpecError: They make no whole bytes.
    """
    total = sum(bit_width(one) or 0 for one in converters)
    if total % 8:
        fill = f"{{_:bits{-total % 8}}} fills up"
        raise SpecError(f"bit fields side by side make whole bytes, these are {total} bits; {fill}")
    above, placed = total, list[Converter]()
    for one in converters:
        above -= bit_width(one) or 0
        placed.append(_moved(one, above, total // 8))
    return Shared(total // 8), placed


def _moved(converter: Converter, shift: int, length: int) -> Converter:
    if isinstance(converter, Constant):
        return replace(converter, base=_moved(converter.base, shift, length))
    assert isinstance(converter, BitField)
    return replace(converter, shift=shift, length=length)


def read_bits(spec: str) -> BitField | None:
    """The field of a spec such as ``bits3``; None for others."""
    found = _BITS.fullmatch(spec)
    return BitField(int(found["width"])) if found else None
