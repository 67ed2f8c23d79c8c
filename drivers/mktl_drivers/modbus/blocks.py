"""Reads of registers: one exchange, or few, that feed all items whose values lie together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mktl.devicefile import ItemSpec, Place, Query, Register, Sentinel
from mktl.devicefile.register import Table
from mktl.devicefile.words import decode
from mktl.errors import DeviceRefusedError, ItemValueError

from ..reading import Source
from .pdu import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ExceptionReply, read
from .plan import Block, Read, Span

if TYPE_CHECKING:
    from .units import ModbusUnit

#: What a device has refused to be read is asked for again after this long: it may only have been starting.
REFUSED_S = 60.0
#: An exponent that says that there is none (SunSpec, int16 "not implemented").
NO_EXPONENT = -32768
#: NumPy's type for the numbers of a bulk item.
_BULK = {"float32": "float32", "float64": "float64", "bool": "uint8", "bcd16": "uint16", "bcd32": "uint32"}


class BlockSource(Source):
    """What is read in one turn on the line, and the items that it feeds; each is a field by its key.

    Where the device refuses a block, its values are asked for in smaller ones, so that one that is not there
    does not take its neighbours with it.
    """

    link: ModbusUnit

    def __init__(self, unit: ModbusUnit, query: Query, read: Read, specs: Sequence[ItemSpec]) -> None:
        super().__init__(unit, query)
        self._planned = read.blocks
        self._specs = specs
        self._blocks: list[Block] = list(read.blocks)
        #: What the device refuses, with its words.
        self._refused: dict[Span, str] = {}
        self._refused_s = 0.0
        self._image: dict[Table, dict[int, int]] = {}

    @property
    def span(self) -> Span:
        """The first of what is read."""
        return self._planned[0].span

    # -- by the link's thread

    def connected(self, now_s: float) -> None:
        """Read at once, as planned: it may be another device by now."""
        self._blocks, self._refused = list(self._planned), {}
        super().connected(now_s)

    def flag_silent(self, status: str, reason: str) -> None:
        """The unit does not answer: that is logged for all its items at once."""
        self.flag(status, reason)
        self._flagged_overdue = True

    def _exchange(self) -> dict[str, Any]:
        if self._refused and self.link.line.clock() - self._refused_s > REFUSED_S:
            self._blocks, self._refused = list(self._planned), {}
        self._image = {}
        self._blocks = [part for block in self._blocks for part in self._read(block)]
        if not self._image:
            raise DeviceRefusedError(next(iter(self._refused.values())))
        return {spec.key: self._value(spec) for spec in self._specs}

    def _read(self, block: Block) -> list[Block]:
        """Read one block, or what can be read of it; the blocks in which that was done."""
        try:
            words = self.link.ask(read(block.span))
        except ExceptionReply as error:
            if error.code not in (ILLEGAL_ADDRESS, ILLEGAL_VALUE):
                raise self.link.refusal(error) from None
            parts = block.split()
            if not parts:
                self._refused[block.span] = str(self.link.refusal(error))
                self._refused_s = self.link.line.clock()
            return [whole for part in parts for whole in self._read(part)]
        self._image.setdefault(block.span.table, {}).update(enumerate(words, block.span.address))
        return [block]

    # -- from registers to fields

    def _value(self, spec: ItemSpec) -> Any:
        """The device's number for an item, or why there is none."""
        register = spec.register
        assert register is not None
        try:
            words = self._words(Span.at(register.place, register.width))
            if register.scale_place is None:
                raw = decode(register, words)
            else:
                [word] = self._words(Span.at(register.scale_place))
                raw = scaled(decode(register, words), exponent_of(register.scale_place, word))
        except (DeviceRefusedError, ItemValueError) as error:
            return Sentinel(str(error), "invalid")
        return _bulk(register, raw) if spec.metadata.get("type") == "bulk" else raw

    def _words(self, span: Span) -> list[int]:
        words: Mapping[int, int] = self._image.get(span.table, {})
        if any(at not in words for at in range(span.address, span.end)):
            raise DeviceRefusedError(self._why_not(span))
        return [words[at] for at in range(span.address, span.end)]

    def _why_not(self, span: Span) -> str:
        whys = (why for refused, why in self._refused.items() if refused.overlaps(span))
        return next(whys, f"{span} was not read")


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
