"""Which registers are read together: values that lie close by come in one exchange; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mktl.devicefile import Place, Register
from mktl.devicefile.register import Table
from mktl.errors import MktlError

BITS = ("coil", "discrete")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Registers, or bits, of one table that lie side by side."""

    table: Table
    address: int
    count: int

    @classmethod
    def at(cls, place: Place, count: int = 1) -> Span:
        """*count* of them from *place* on."""
        return cls(place.table, place.address, count)

    @classmethod
    def parse(cls, text: str) -> Span:
        """The span of *text*: ``"holding 10-19"``, ``"input 0x100"``, ``"40011-40020"``.

        Raises:
            ValueError: It is none; the text says what would be.

        >>> Span.parse("holding 10-19") == Span.parse("40011-40020")
        True
        """
        first, _, last = text.partition("-")
        begin = Place.parse(first)
        end = begin
        if last:
            printed = first.strip().isdigit()
            end = Place.parse(last if printed else f"{begin.table} {last.strip()}")
        if end.table != begin.table or end.address < begin.address:
            raise ValueError('expected a table with the first and the last address, "holding 10-19"')
        return cls(begin.table, begin.address, end.address - begin.address + 1)

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + self.count

    def overlaps(self, other: Span) -> bool:
        """True when the two share a register."""
        return self.table == other.table and self.address < other.end and other.address < self.end

    def holds(self, other: Span) -> bool:
        """True when all of *other* is in it."""
        return self.table == other.table and self.address <= other.address and other.end <= self.end

    def __str__(self) -> str:
        last = f"-{self.end - 1}" if self.count > 1 else ""
        return f"{self.table} {self.address}{last}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a device takes in one request, and what must not be asked at all."""

    #: Registers and bits in one read. The protocol has no room for more than these.
    registers: int = 125
    bits: int = 2000
    #: As many registers that no item wants are read along to join two values.
    gap: int = 0
    forbidden: tuple[Span, ...] = ()

    def most(self, table: Table) -> int:
        """The longest read of this table."""
        return self.bits if table in BITS else self.registers


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one item wants read: its own registers, that of its scale, and those of what it depends on."""

    key: str
    spans: tuple[Span, ...]
    #: Seconds from read to read; None: at the start and on demand.
    period_s: float | None = None

    @classmethod
    def by(cls, key: str, period_s: float | None, *registers: Register) -> Wanted:
        """What the first of *registers* asks for, which needs the others."""
        spans = [Span.at(register.place, register.width) for register in registers]
        spans += [Span.at(one.scale_place) for one in registers if one.scale_place is not None]
        return cls(key, tuple(spans), period_s)


@dataclass(frozen=True, slots=True)
class Block:
    """One request: a span with the values in it, none of which it cuts."""

    span: Span
    values: tuple[Span, ...]

    def split(self) -> tuple[Block, ...]:
        """The same values in two shorter requests; empty when there is one value only.

        >>> a, b, c = (Span("holding", address, 1) for address in (0, 1, 5))
        >>> [str(part.span) for part in Block(Span("holding", 0, 6), (a, b, c)).split()]
        ['holding 0', 'holding 1-5']
        """
        middle = len(self.values) // 2
        # Values may share registers: a cut between two that do would read one of them by half.
        cuts = sorted(range(1, len(self.values)), key=lambda at: (abs(at - middle), at))
        for at in cuts:
            before, after = self.values[:at], self.values[at:]
            if max(span.end for span in before) <= after[0].address:
                return _around(before), _around(after)
        return ()


@dataclass(frozen=True, slots=True)
class Read:
    """What is read in one turn on the line, and for which items."""

    blocks: tuple[Block, ...]
    keys: tuple[str, ...]
    period_s: float | None


def plan(wanted: Iterable[Wanted], limits: Limits) -> tuple[Read, ...]:
    """The requests that read everything, by period and in the order of addresses.

    Raises:
        MktlError: A value that no single request can read, or may.
    """
    wanted = tuple(wanted)
    for one in wanted:
        _check(one, limits)
    periods = dict.fromkeys(one.period_s for one in wanted)
    in_order = sorted(periods, key=lambda period_s: (period_s is None, period_s or 0.0))
    return tuple(
        read
        for period_s in in_order
        for read in _plan_period([one for one in wanted if one.period_s == period_s], limits)
    )


def blocks_of(spans: Iterable[Span], limits: Limits) -> tuple[Block, ...]:
    """The requests that read *spans*, in the order of addresses.

    >>> near = [Span("holding", 0, 2), Span("holding", 2, 1), Span("holding", 5, 1)]
    >>> [str(block.span) for block in blocks_of(near, Limits())]
    ['holding 0-2', 'holding 5']
    >>> [str(block.span) for block in blocks_of(near, Limits(gap=2))]
    ['holding 0-5']
    """
    found: list[list[Span]] = []
    for span in sorted(set(spans)):
        if found and _may_join(found[-1], span, limits):
            found[-1].append(span)
        else:
            found.append([span])
    return tuple(_around(values) for values in found)


def _plan_period(wanted: Sequence[Wanted], limits: Limits) -> Iterator[Read]:
    """One read for each block of values, with what their items need besides."""
    blocks = blocks_of((one.spans[0] for one in wanted), limits)
    for block in blocks:
        here = [one for one in wanted if one.spans[0] in block.values]
        also = {span for one in here for span in one.spans[1:] if not block.span.holds(span)}
        more = [span for one in here for span in one.spans[1:] if block.span.holds(span)]
        whole = _around(tuple(sorted({*block.values, *more})))
        yield Read((whole, *blocks_of(also, limits)), tuple(one.key for one in here), here[0].period_s)


def _may_join(values: Sequence[Span], span: Span, limits: Limits) -> bool:
    whole = _around((*values, span)).span
    reached = max(value.end for value in values)
    if span.table != values[0].table or whole.count > limits.most(span.table):
        return False
    if span.address <= reached:
        return True
    between = Span(span.table, reached, span.address - reached)
    return between.count <= limits.gap and not any(between.overlaps(one) for one in limits.forbidden)


def _around(values: Sequence[Span]) -> Block:
    begin, end = min(span.address for span in values), max(span.end for span in values)
    return Block(Span(values[0].table, begin, end - begin), tuple(values))


def _check(one: Wanted, limits: Limits) -> None:
    for span in one.spans:
        most = limits.most(span.table)
        if span.count > most:
            raise MktlError(f"{one.key}: {span} is longer than the {most} that one read of the device takes")
        if span.end > 0x10000:
            raise MktlError(f"{one.key}: {span} goes beyond the last address, 65535")
        touched = next((no for no in limits.forbidden if no.overlaps(span)), None)
        if touched is not None:
            raise MktlError(f"{one.key}: {span} lies in {touched}, which is forbidden to read")
