"""Fields made of another field: a constant of its form, and several of it in a row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ...errors import ItemTypeError, ItemValueError
from .base import Converter, DecodeError, Openness, Place, SpecError, error_offset, quoted, shown
from .matching import CharSet
from .numbers import Float
from .sentinel import NumberOrWord


@dataclass(frozen=True, slots=True)
class Constant(Converter):
    """``u8=100``: a number that must come, and is written whatever the values."""

    base: Converter
    value: int | float

    @property
    def kind(self) -> str:  # type: ignore[override]
        return self.base.kind

    @property
    def default(self) -> object:
        return self.value

    @property
    def size(self) -> int | None:
        return self.base.size

    @property
    def open(self) -> Openness | None:
        return self.base.open

    @property
    def pattern(self) -> bytes:
        return self.base.pattern

    @property
    def expected(self) -> str:
        return f"the value {self.value!r}"

    def encode(self, _value: object) -> bytes:
        return self.base.encode(self.value)

    def decode(self, raw: bytes) -> object:
        if self.base.decode(raw) != self.value:
            raise ValueError("another value")
        return self.value

    def placed(self, place: Place) -> Constant:
        return replace(self, base=self.base.placed(place))


@dataclass(frozen=True, slots=True)
class Array(Converter):
    """``f*,``, ``u16*8``: so many or one or more of a field, with or without a separator, as a list."""

    base: Converter
    separator: bytes
    count: int | None = None
    _one: re.Pattern[bytes] = field(init=False, compare=False, repr=False)
    #: The separator is nowhere but between elements.
    _splits: bool = field(init=False, compare=False, repr=False)

    kind = "array"

    def __post_init__(self) -> None:
        object.__setattr__(self, "_one", re.compile(self.base.pattern, re.DOTALL))
        known = self.base.alphabet
        splits = known is not None and self.separator != b"" and self.separator[0] not in known
        object.__setattr__(self, "_splits", splits)

    @property
    def default(self) -> object:
        return [self.base.default] * (self.count or 1)

    @property
    def size(self) -> int | None:
        if self.count is None or self.base.size is None:
            return None
        return self.count * self.base.size + (self.count - 1) * len(self.separator)

    @property
    def open(self) -> Openness | None:
        return self.base.open

    @property
    def pattern(self) -> bytes:
        one, more = self.base.pattern, b"*" if self.count is None else b"{%d}" % (self.count - 1)
        return rb"%s(?:%s%s)%s" % (one, re.escape(self.separator), one, more)

    @property
    def expected(self) -> str:
        return self.base.expected

    def encode(self, value: object) -> bytes:
        values = _elements(value)
        if not values:
            raise ItemValueError("takes at least one element, got none")
        if self.count not in (None, len(values)):
            raise ItemValueError(f"takes {self.count} elements, got {len(values)}")
        return self.separator.join(map(self.base.encode, values))

    def decode(self, raw: bytes) -> list[object]:
        values: list[object] = []
        at = 0
        for one in self._cut(raw):
            try:
                values.append(self.base.decode(one))
            except ValueError as error:
                raise DecodeError(at + error_offset(error)) from None
            at += len(one) + len(self.separator)
        return values

    def _cut(self, raw: bytes) -> Iterable[bytes]:
        """The bytes of each element."""
        if self._splits:
            return raw.split(self.separator)
        size = self.base.size
        if size and not self.separator:
            return (raw[at : at + size] for at in range(0, len(raw), size))
        return self._found_one_by_one(raw)

    def _found_one_by_one(self, raw: bytes) -> Iterator[bytes]:
        at = 0
        while True:
            found = self._one.match(raw, at)
            if found is None:
                raise DecodeError(at)
            yield found.group()
            if found.end() >= len(raw):
                return
            at = found.end() + len(self.separator)

    def placed(self, place: Place) -> Array:
        # An array without a separator has its elements placed already, each beside another.
        if not self.separator:
            return self
        return replace(self, base=self.base.placed(replace(place, excluded=(self.separator,))))


def _elements(value: object) -> list[object]:
    """*value* as a list, numpy's arrays included."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ItemTypeError(f"takes a sequence, got {shown(value)}")
    return list(value)


def array_of(base: Converter, separator: bytes, count: int | None = None) -> Array:
    """*count* or at least one of *base*; without a separator they must be of one length.

    Raises:
        SpecError: Nothing tells where one element ends.
    """
    if not separator:
        base = base.placed(Place(left=(base,), right=(base,)))
        if base.size is None:
            raise SpecError(
                "an array without a separator needs elements of one length; like {:f*,} or {:u8*}"
            )
    number = base.number if isinstance(base, NumberOrWord) else base
    if isinstance(number, Float) and separator and separator[0] in number.marks:
        raise SpecError(f"the separator {quoted(separator)} could be a part of a number; take another")
    if isinstance(base, CharSet) and separator and separator[0] in base.allowed:
        raise SpecError(f"the set {base.source} has the separator {quoted(separator)} in it; take it out")
    return Array(base, separator, count)
