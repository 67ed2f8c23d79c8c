"""From parts to one regular expression: every field learns what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from ...errors import TemplateError
from .base import Place, SpecError
from .bits import bit_width, shared
from .scan import Literal, Option, Part, Slot, Sum

#: What may stand beside a part: another part, or the end (None).
_Beside = Literal | Slot | Sum | None


def lay_out(source: str, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts of *source* with each field placed.

    Raises:
        TemplateError: Two fields side by side, and nothing tells where the first one ends.
    """
    return _place(source, _share_bytes(source, parts), before=[None], after=[None])


def _share_bytes(source: str, parts: Sequence[Part]) -> list[Part]:
    """*parts* with one slot for all bit fields that stand side by side."""
    joined: list[Part] = []
    for share, run in groupby(parts, key=_shares_bytes):
        if share:
            joined.append(_shared_slot(source, [part for part in run if isinstance(part, Slot)]))
            continue
        for part in run:
            if isinstance(part, Option):
                part = replace(part, parts=tuple(_share_bytes(source, part.parts)))
            joined.append(part)
    return joined


def _shares_bytes(part: Part) -> bool:
    return isinstance(part, Slot) and bit_width(part.converter) is not None


def _shared_slot(source: str, slots: Sequence[Slot]) -> Slot:
    try:
        whole, converters = shared([slot.converter for slot in slots])
    except SpecError as error:
        raise TemplateError(source, slots[0].at, str(error)) from None
    members = tuple(replace(slot, converter=one) for slot, one in zip(slots, converters, strict=True))
    return Slot(slots[0].at, "_", "", whole, members)


def _place(
    source: str, parts: Sequence[Part], *, before: list[_Beside], after: list[_Beside]
) -> tuple[Part, ...]:
    placed: list[Part] = []
    for index, part in enumerate(parts):
        left = _nearest(tuple(reversed(parts[:index])), before, backwards=True)
        right = _nearest(parts[index + 1 :], after)
        if isinstance(part, Option):
            placed.append(Option(part.at, _place(source, part.parts, before=left, after=right)))
        elif isinstance(part, Slot):
            placed.append(_place_slot(source, part, left, right))
        else:
            placed.append(part)
    return tuple(placed)


def _nearest(parts: Sequence[Part], beyond: list[_Beside], *, backwards: bool = False) -> list[_Beside]:
    """What may come first of *parts*: several things where optional parts lead, *beyond* behind them."""
    found: list[_Beside] = []
    for part in parts:
        if not isinstance(part, Option):
            return [*found, part]
        found += _nearest(part.parts[::-1] if backwards else part.parts, [], backwards=backwards)
    return found + beyond


def _place_slot(source: str, slot: Slot, left: list[_Beside], right: list[_Beside]) -> Slot:
    neighbours = [beside for beside in right if isinstance(beside, Slot)]
    for neighbour in neighbours:
        _check_border(source, slot, neighbour)
    stops = tuple(beside.data for beside in right if isinstance(beside, Literal))
    ends_clearly = all(beside is None or isinstance(beside, Literal) for beside in right)
    place = Place(
        left=tuple(beside.converter for beside in left if isinstance(beside, Slot)),
        right=tuple(beside.converter for beside in neighbours),
        stops=stops if ends_clearly else (),
        last=right == [None],
    )
    return replace(slot, converter=slot.converter.placed(place))


def _check_border(source: str, slot: Slot, after: Slot) -> None:
    """Refuse two fields that run into each other."""
    first, second = slot.converter, after.converter
    if first.open is None or first.open != second.open or (first.open == "number" and second.signed):
        return
    advice = "a width, like {:03d}" if first.open == "number" else "a width, like {:15s}"
    message = f"nothing tells where {slot.placeholder} ends and {after.placeholder} begins; "
    raise TemplateError(source, slot.at, f"{message}give one {advice}, or put a literal between them")


def pattern_of(part: Part) -> bytes:
    """The regular expression of one part; each field and each checksum is one group."""
    if isinstance(part, Literal):
        return re.escape(part.data)
    if isinstance(part, Slot):
        return b"(%s)" % part.converter.pattern
    if isinstance(part, Sum):
        return b"(%s)" % part.checksum.pattern
    return b"(?:%s)?" % b"".join(map(pattern_of, part.parts))


def grouped(parts: Sequence[Part]) -> list[Slot | Sum]:
    """The fields and checksums in the order of their groups."""
    found: list[Slot | Sum] = []
    for part in parts:
        if isinstance(part, Option):
            found += grouped(part.parts)
        elif isinstance(part, (Slot, Sum)):
            found.append(part)
    return found


def single(parts: Sequence[Part]) -> list[Slot | Sum]:
    """The fields and checksums one by one, those that share bytes included."""
    found: list[Slot | Sum] = []
    for part in grouped(parts):
        if isinstance(part, Slot) and part.members:
            found += part.members
        else:
            found.append(part)
    return found
