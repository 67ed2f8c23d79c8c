"""From values to bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...errors import ItemTypeError, ItemValueError
from .base import shown
from .bits import united
from .layout import single
from .scan import ITEM, Literal, Option, Part, Slot, Sum


def write(parts: Sequence[Part], values: Mapping[str, object], before: bytes = b"") -> bytes:
    """*parts* as bytes, behind what was written *before* them (checksums cover that as well).

    Raises:
        ItemValueError: A value is missing, or is none that its field can express.
        ItemTypeError: A value of another type than its field's.
    """
    frame = before
    for part in parts:
        if isinstance(part, Literal):
            frame += part.data
        elif isinstance(part, Slot):
            frame += _field(part, values)
        elif isinstance(part, Option):
            frame = write(part.parts, values, frame) if _is_wanted(part, values) else frame
        else:
            frame += _sum(part, frame)
    return frame


def _field(slot: Slot, values: Mapping[str, object]) -> bytes:
    """The bytes of one field, or of those that share them; its errors begin with the field."""
    if slot.members:
        return united(_field(member, values) for member in slot.members)
    if slot.name in values:
        value = values[slot.name]
    elif slot.is_skipped and slot.converter.default is not None:
        value = slot.converter.default
    else:
        raise ItemValueError(f"{slot.placeholder} has no value; given are {shown(list(values))}")
    try:
        return slot.converter.encode(value)
    except (ItemTypeError, ItemValueError) as error:
        raise type(error)(f"{slot.placeholder} {error}") from None


def _sum(part: Sum, frame: bytes) -> bytes:
    """The checksum of *frame*; only one over hex digits can fail, where text in the frame is none."""
    try:
        return part.checksum.over(frame)
    except ValueError:
        raise ItemValueError(f"{part.placeholder} is over hex digits, got {shown(frame)}") from None


def _is_wanted(option: Option, values: Mapping[str, object]) -> bool:
    """True when the optional part is to be written: its values are given, or it has none.

    Half of its values are a mistake, which writing it will name.
    """
    slots = [slot for slot in single(option.parts) if isinstance(slot, Slot) and not slot.is_skipped]
    own = [slot.name for slot in slots if not slot.name.startswith(ITEM)]
    if own:
        return any(name in values for name in own)
    return all(slot.name in values for slot in slots)
