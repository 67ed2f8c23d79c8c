"""What a person typed, as the value that the item takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..errors import ItemTypeError, ItemValueError
from ..item.quantity import from_unit

if TYPE_CHECKING:
    from ..item import Item


def value_of(item: Item, text: str, *, unit: str | None = None, unformatted: bool = False) -> Any:
    """The value for *item* that *text* stands for.

    Enumerated, boolean and mask items take their words, or numbers; numeric ones a number, or what their
    format shows, such as an angle in sexagesimal; strings are taken as they are. An array is ``1,2.5,3``.
    An item without a type takes JSON, and as a string what is no JSON.

    Args:
        item: Whose value it is to be.
        text: What was typed.
        unit: The unit of the number that was typed; the item's own when left out.
        unformatted: *text* is the value as the daemon holds it: JSON, or text for a string.

    Raises:
        MktlError: *text* is none of that, with what would be right.
    """
    kind = item.config.get("type")
    if unit is not None:
        return _in_item_units(item, text, unit)
    if unformatted:
        return text if kind == "string" else _any(text)
    if kind is None:
        return _any(text)
    if kind == "numeric array":
        return _array(item, text)
    if kind == "bulk":
        raise ItemTypeError(f"{item.full_key}: an array of type bulk cannot be typed; set it from Python")
    return item.from_format(text)


def _in_item_units(item: Item, text: str, unit: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ItemTypeError(f"{item.full_key}: expected a number of {unit}, got {text!r}") from None
    return from_unit(item.full_key, item.config, number, unit)


def _array(item: Item, text: str) -> list[int | float]:
    parts = text.strip().removeprefix("[").removesuffix("]").split(",")
    try:
        return [_number(part.strip()) for part in parts] if parts != [""] else []
    except ValueError:
        raise ItemValueError(f"{item.full_key}: expected numbers such as 1,2.5,3, got {text!r}") from None


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _any(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
