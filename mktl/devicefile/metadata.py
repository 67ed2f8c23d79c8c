"""What clients are told of an item, and whether it makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ItemTypeError, ItemValueError, LimitError
from .entry import Entry
from .model import ItemTable
from .problems import instead, shown

_TOLD = ("type", "description", "units", "format", "persist", "gettable", "settable", "clamp", "step")
_WITH_WORDS = ("boolean", "enumerated", "mask")
_WITH_RANGE = ("numeric", "numeric array")
_BOOLEAN_WORDS = {"0": "False", "1": "True"}
_INFINITE = (float("inf"), float("-inf"))

Limits = tuple[int | float | None, int | float | None]


def metadata(entry: Entry[ItemTable], table: ItemTable, *, bound: bool) -> dict[str, Any]:
    """The description of the item, as blocks have it: nothing of links.

    Args:
        entry: Takes what is wrong.
        table: The item as the file has it.
        bound: True when a device stands behind the item: it is settable only by a ``set``.
    """
    told = {key: getattr(table, key) for key in _TOLD if getattr(table, key) is not None}
    words = _enumerators(entry, table)
    if words:
        told["enumerators"] = words
    limits = _limits(entry, table)
    _check_steps(entry, table, limits)
    if limits != (None, None):
        told["range"] = list(limits)
    if table.initial is not None and not entry.broken & {"type", "enumerators", "range"}:
        told["initial"] = _initial(entry, table, words, limits)
    if entry.says("register"):
        told["settable"] = bool(table.settable)  # to write is asked for: a stray write may do harm
    elif bound and not entry.says("set", "python"):
        if table.settable:
            entry.report("settable", message='true, but the item has no "set" with the command to send')
        told["settable"] = False
    return {**told, **entry.raw.extras}


def starting_value(table: ItemTable, value: Any, *, limits: Limits = (None, None)) -> Any:
    """The number or text for *value*, which a file may also give by its word.

    Args:
        table: The item that shall have the value.
        value: As the file has it.
        limits: Lowest and highest number.

    Raises:
        ItemTypeError: Not of the item's type.
        ItemValueError: Of the type, but none of its words, or out of *limits*.
    """
    if table.type in _WITH_WORDS:
        words = table.enumerators or (_BOOLEAN_WORDS if table.type == "boolean" else {})
        return _numbered(table.type, value, words)
    if table.type == "string" and not isinstance(value, str):
        raise ItemTypeError(f"expected text, got {shown(value)}")
    if table.type == "numeric":
        _check_number(value, limits, table.units)
    if table.type == "numeric array":
        if not isinstance(value, list):
            raise ItemTypeError(f"expected a list of numbers, got {shown(value)}")
        for number in value:
            _check_number(number, limits, table.units)
    return value


def _enumerators(entry: Entry[ItemTable], table: ItemTable) -> dict[str, str]:
    """The words of the item by their numbers; a boolean has some without being given any."""
    words = dict(table.enumerators or {})
    if "type" in entry.broken or "enumerators" in entry.broken:
        return words
    if words and table.type not in _WITH_WORDS:
        has = f"type {shown(table.type)} has none" if table.type else "the item has no type"
        message = f'{has}; words for numbers go with type "enumerated", "boolean" or "mask"'
        entry.report("enumerators", message=message)
    if table.type == "enumerated" and not words:
        entry.report("type", message='"enumerated" needs enumerators = { 0 = "off", 1 = "on" }')
    if table.type == "boolean":
        words = words or dict(_BOOLEAN_WORDS)
    for key in words:
        wrong = _wrong_enumerator(table.type, key)
        if wrong:
            entry.report("enumerators", key, message=wrong)
    return words


def _wrong_enumerator(item_type: str | None, key: str) -> str | None:
    if item_type == "boolean" and key not in _BOOLEAN_WORDS:
        return f"a boolean is 0 or 1, not {key}"
    if item_type == "enumerated" and key == "none":
        return 'only a mask has a word for "none"; an enumerated item has a whole number here'
    if item_type == "mask" and key.startswith("-"):
        return f"a mask has the number of a bit here, from 0; {key} is none"
    return None


def _limits(entry: Entry[ItemTable], table: ItemTable) -> Limits:
    """The lowest and the highest value, None where there is no end."""
    given = next((key for key in ("range", "minimum", "maximum") if entry.says(key)), None)
    if given is None or entry.broken & {"type", "range", "minimum", "maximum"}:
        return None, None
    if entry.says("range") and entry.says("minimum", "maximum"):
        entry.report("range", message='either "range" or "minimum" and "maximum", not both')
    if table.type not in _WITH_RANGE:
        has = f"the item's type is {shown(table.type)}" if table.type else "the item has no type"
        entry.report(given, message=f'{has}; limits go with type "numeric" or "numeric array"')
    low, high = table.range or (table.minimum, table.maximum)
    if low is not None and high is not None and low > high:
        entry.report(given, message=f"the lowest value {low} is above the highest value {high}")
        return None, None
    return _finite(low), _finite(high)


def _check_steps(entry: Entry[ItemTable], table: ItemTable, limits: Limits) -> None:
    """Report a step or a clamp that has nothing to work on."""
    for key in ("step", "clamp"):
        if entry.says(key) and table.type not in ("numeric", None):
            entry.report(key, message=f"only a number has one; the item's type is {shown(table.type)}")
    if table.clamp and limits == (None, None) and not entry.broken & {"range", "minimum", "maximum"}:
        entry.report("clamp", message='there is no "range" to keep the value within')


def _finite(limit: int | float | None) -> int | float | None:
    """*limit*, but None for infinity, which JSON does not have."""
    return None if limit in _INFINITE else limit


def _initial(entry: Entry[ItemTable], table: ItemTable, words: Mapping[str, str], limits: Limits) -> Any:
    if table.type == "enumerated" and not words:
        return table.initial  # that the words are missing is reported already
    try:
        return starting_value(table, table.initial, limits=limits)
    except (ItemTypeError, ItemValueError) as error:
        entry.report("initial", message=str(error))
        return table.initial


def _check_number(value: Any, limits: Limits, units: str | Mapping[str, str] | None) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ItemTypeError(f"expected a number, got {shown(value)}")
    unit = units if isinstance(units, str) else (units or {}).get("", "")
    behind = f" {unit}" if unit else ""
    low, high = limits
    if low is not None and value < low:
        raise LimitError(f"{value}{behind} is below the minimum {low}{behind}")
    if high is not None and value > high:
        raise LimitError(f"{value}{behind} is above the maximum {high}{behind}")


def _numbered(item_type: str, value: Any, words: Mapping[str, str]) -> Any:
    """The number of a value that has words; a boolean's true and false stay what they are."""
    if isinstance(value, str):
        named = value.split(", ") if item_type == "mask" else [value]
        keys = [_key_of(word, words) for word in named]
        if item_type == "mask":
            return sum(1 << int(key) for key in set(keys) - {"none"})
        return int(keys[0])
    if isinstance(value, bool) and item_type == "boolean":
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ItemTypeError(f"expected a whole number or one of the words, got {shown(value)}")
    if item_type == "mask":
        _check_bits(value, words)
    elif str(value) not in words:
        raise ItemValueError(f"{value} is not among the enumerators {shown(words)}")
    return value


def _key_of(word: str, words: Mapping[str, str]) -> str:
    """The number of a word, whatever its case, as clients match it."""
    for key, known in words.items():
        if known.lower() == word.lower():
            return key
    if word.lower() == "none" and "none" in words:
        return "none"
    message = f"{shown(word)} is not among the enumerators{instead(word, words.values(), plural='words')}"
    raise ItemValueError(message)


def _check_bits(value: int, words: Mapping[str, str]) -> None:
    if value < 0:
        raise ItemValueError(f"a mask is 0 or more, got {value}")
    for bit in range(value.bit_length()):
        if value >> bit & 1 and words and str(bit) not in words:
            raise ItemValueError(
                f"{value} has bit {bit} set, which is not among the enumerators {shown(words)}"
            )
