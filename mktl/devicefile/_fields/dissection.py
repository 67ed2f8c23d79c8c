"""A frame part by part, as a template takes it: for a person who wants to see where it goes wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .base import quoted
from .extent import length_of
from .layout import pattern_of
from .scan import Literal, Option, Part, Slot, Sum


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a template and the bytes that it took, from *start* to before *end*."""

    #: As the template has it: a literal, or a placeholder.
    source: str
    start: int
    end: int
    #: The name of a field, "" for the anonymous one; None for all that carries no value.
    name: str | None = None
    value: object = None


@dataclass(frozen=True, slots=True)
class Dissection:
    """How far a frame fits a template."""

    pieces: tuple[Piece, ...]
    #: The first byte that does not fit, counted from 0, and what would; None when all of it fits.
    stopped: tuple[int, str] | None = None


def dissect(parts: Sequence[Part], raw: bytes) -> tuple[Piece, ...]:
    """The pieces of the longest beginning of *parts* that *raw* begins with."""
    # All of it first: where it fits, the last field reaches to the end.
    attempts = [(len(parts), rb"\Z"), *((count, b"") for count in range(len(parts), 0, -1))]
    for count, end_of_all in attempts:
        leaves = list(_leaves(parts[:count]))
        pattern = b"".join(map(_grouped_pattern, parts[:count])) + end_of_all
        found = re.match(pattern, raw, re.DOTALL)
        if found is not None:
            spans = (found.span(number) for number in range(1, len(leaves) + 1))
            taken = zip(leaves, spans, strict=True)
            return tuple(_piece(leaf, raw, start, end) for leaf, (start, end) in taken if start >= 0)
    return ()


def usual_length(parts: Sequence[Part]) -> int:
    """How many bytes *parts* come to; of a field without a certain length, what it usually has."""
    total = 0
    for leaf in _leaves([part for part in parts if not isinstance(part, Option)]):
        length = length_of(leaf)
        if length is None and isinstance(leaf, Slot):
            length = _USUAL.get(leaf.converter.kind)
        total += length or 0
    return total


#: Characters that a field of no certain length usually has.
_USUAL = {"float": 8, "int": 3, "word": 3, "text": 8, "any": 8, "bytes": 8, "array": 16}


def _leaves(parts: Sequence[Part]) -> Iterator[Literal | Slot | Sum]:
    for part in parts:
        if isinstance(part, Option):
            yield from _leaves(part.parts)
        else:
            yield part


def _grouped_pattern(part: Part) -> bytes:
    """As :func:`pattern_of`, with a group for each literal too."""
    if isinstance(part, Literal):
        return b"(%s)" % re.escape(part.data)
    if isinstance(part, Option):
        return b"(?:%s)?" % b"".join(map(_grouped_pattern, part.parts))
    return pattern_of(part)


def _piece(leaf: Literal | Slot | Sum, raw: bytes, start: int, end: int) -> Piece:
    if isinstance(leaf, Literal):
        return Piece(quoted(leaf.data), start, end)
    if isinstance(leaf, Sum):
        return Piece(leaf.placeholder, start, end)
    try:
        value = leaf.converter.decode(raw[start:end])
    except ValueError:  # where and why is told by whoever parses
        return Piece(leaf.placeholder, start, end)
    return Piece(leaf.placeholder, start, end, None if leaf.is_skipped else leaf.name, value)
