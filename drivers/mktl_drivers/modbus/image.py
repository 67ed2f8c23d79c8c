"""What was read of a unit, and the numbers that its items find there; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from mktl.devicefile import ItemSpec, Place, Register, Sentinel
from mktl.devicefile.register import Table
from mktl.devicefile.words import decode
from mktl.errors import ItemValueError

from .plan import Span

#: An exponent that says that there is none (SunSpec, int16 "not implemented").
NO_EXPONENT = -32768
#: NumPy's type for the numbers of a bulk item, where it has another name.
_BULK = {"bool": "uint8", "bcd16": "uint16", "bcd32": "uint32"}


class Image(Mapping[str, Any]):
    """The registers of one read; a mapping from each item's key to the device's number for it.

    What is made of the registers is made when somebody asks: by then the next request is on its way. Where
    there is no number there is a :class:`~mktl.devicefile.Sentinel` that says why.

    Args:
        specs: The items of the unit by key; those that were not read here say so.
        refused: What the device refuses to be asked, with its words.
    """

    def __init__(self, specs: Mapping[str, ItemSpec], refused: Mapping[Span, str]) -> None:
        self._specs = specs
        self._refused = refused
        self._parts: list[tuple[Span, Sequence[int]]] = []

    def put(self, span: Span, words: Sequence[int]) -> None:
        """Take in what was read."""
        self._parts.append((span, words))

    @property
    def is_empty(self) -> bool:
        """True when nothing at all could be read."""
        return not self._parts

    def __getitem__(self, key: str) -> Any:
        spec = self._specs[key]
        register = spec.register
        assert register is not None
        try:
            raw = decode(register, self._words(register.place, register.width))
            if register.scale_place is not None:
                [word] = self._words(register.scale_place, 1)
                raw = scaled(raw, exponent_of(register.scale_place, word))
        except ItemValueError as error:
            return Sentinel(str(error), "invalid")
        return _bulk(register, raw) if spec.metadata.get("type") == "bulk" else raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    @cached_property
    def _tables(self) -> dict[Table, dict[int, int]]:
        """The words by table and address."""
        tables: dict[Table, dict[int, int]] = {}
        for span, words in self._parts:
            tables.setdefault(span.table, {}).update(enumerate(words, span.address))
        return tables

    def _words(self, place: Place, count: int) -> list[int]:
        try:
            words = self._tables[place.table]
            return [words[at] for at in range(place.address, place.address + count)]
        except KeyError:
            span = Span.at(place, count)
            whys = (why for refused, why in self._refused.items() if refused.overlaps(span))
            raise ItemValueError(next(whys, f"{span} was not read")) from None


def exponent_of(place: Place, word: int) -> int:
    """The power of ten in a scale register.

    Raises:
        ItemValueError: There is none.

    >>> exponent_of(Place("holding", 5), 0xFFFE)
    -2
    """
    exponent: int = decode(Register(place, "int16"), [word])
    if not -10 <= exponent <= 10:  # SunSpec's limits; NO_EXPONENT is beyond them as well
        has = "none" if exponent == NO_EXPONENT else str(exponent)
        raise ItemValueError(f"the scale in {place} must be an exponent of ten from -10 to 10, and is {has}")
    return exponent


def scaled(raw: Any, exponent: int) -> Any:
    """*raw* times ten to the power of *exponent*, as precise as a division makes it.

    >>> scaled(2305, -1), scaled([12, 7], 2), scaled(3, -1)
    (230.5, [1200, 700], 0.3)
    """
    if isinstance(raw, list):
        return [scaled(one, exponent) for one in raw]
    return raw * 10**exponent if exponent >= 0 else raw / 10**-exponent


def _bulk(register: Register, raw: Any) -> Any:
    import numpy

    kind = "float64" if register.scale_place is not None else _BULK.get(register.type, register.type)
    return numpy.atleast_1d(numpy.asarray(raw, dtype=kind))
