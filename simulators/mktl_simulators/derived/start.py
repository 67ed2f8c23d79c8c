"""What the items of a device made from its file start with, and which numbers it takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mktl.devicefile import Conversion, ItemSpec
from mktl.devicefile.template import Field

# Half of the last digit of a double near a limit is not beyond it.
_ROUNDING = 1e-9
#: Tried for an item whose first value means that there is none.
_OTHERS = (1, 2, 3, 10, -1)


def start_of(spec: ItemSpec, initial: Mapping[str, Any]) -> Any:
    """What an item starts with: of ``[simulate] initial``, its own ``initial``, or something sensible."""
    if is_given(spec, initial):
        return initial[spec.key] if spec.key in initial else spec.metadata["initial"]
    if spec.bit is not None:
        return 0
    value = first_value(spec.metadata)
    return next((one for one in _candidates(spec, value) if _is_a_value(spec, one)), value)


def is_given(spec: ItemSpec, initial: Mapping[str, Any]) -> bool:
    """True when the file says what the item starts with."""
    return spec.key in initial or "initial" in spec.metadata


def first_value(metadata: Mapping[str, Any]) -> Any:
    """A sensible value for an item of this description.

    >>> first_value({"type": "numeric", "range": [0, 300]}), first_value({"type": "string"})
    (150.0, 'sim')
    """
    item_type, words = metadata.get("type"), metadata.get("enumerators") or {}
    if item_type == "string":
        return "sim"
    if item_type == "enumerated":
        return int(next((key for key in words if key != "none"), 0))
    if item_type == "bulk":
        return b""
    low, high = metadata.get("range") or (None, None)
    middle = (low + high) / 2 if low is not None and high is not None else low or high or 0
    return [middle] if item_type == "numeric array" else middle


def accepts(spec: ItemSpec, raw: Any) -> bool:
    """Whether the device takes this number: within the range and among the words of the item."""
    if spec.python is not None:  # a number of whose own
        return True
    words = spec.metadata.get("enumerators")
    if words and spec.metadata.get("type") in ("enumerated", "boolean"):
        return str(raw) in words.values() or _whole(raw) in words
    try:
        value = spec.conversion.to_item(raw)
    except ValueError:  # beyond its table
        return False
    low, high = spec.metadata.get("range") or (None, None)
    if not isinstance(value, (int, float)):
        return True
    slack = _ROUNDING * max(1.0, abs(value))
    if spec.command is not None and spec.command.takes_whole:  # the nearest number may lie beyond a limit
        slack += abs(spec.conversion.scale) / 2
    return (low is None or value >= low - slack) and (high is None or value <= high + slack)


def to_device(spec: ItemSpec, value: Any) -> Any:
    """The device's number for a value of the item, a list of them for an array."""
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [spec.conversion.to_device(number) for number in value]
    return spec.conversion.to_device(value)


def fit(raw: Any, field: Field | None, spec: ItemSpec) -> Any:
    """*raw* as a field of this kind can be written: a word for its number, a whole number for 19.5."""
    kind = field.kind if field else "any"
    if field and isinstance(raw, str) and raw in field.values:
        return raw
    if field and isinstance(field.plain, list):
        return _as_array(raw, field.plain)
    if kind == "text" and not isinstance(raw, (str, bytes)):
        words = spec.metadata.get("enumerators") or {}
        return words.get(_whole(raw), str(raw))
    if kind in ("float", "int") and isinstance(raw, str):
        raw = _number(raw, spec)
    if kind == "int" and isinstance(raw, float):
        return round(raw)
    if kind == "word" and field and raw not in field.values:
        return _nearest(raw, field.values)
    return raw


def _as_array(raw: Any, plain: list[Any]) -> list[Any]:
    """*raw*, filled up to the elements of the *plain* array: a bulk item starts as none, any other as one."""
    given = list(raw) if isinstance(raw, Iterable) else [raw]
    if plain and isinstance(plain[0], int):
        given = [round(one) if isinstance(one, float) else one for one in given]
    return given + plain[len(given) :]


def sentinel_number(said: str) -> float | None:
    """The number that stands for no value, or None for a word.

    >>> sentinel_number("9.9E37"), sentinel_number("0x7FFF"), sentinel_number("---")
    (9.9e+37, 32767.0, None)
    """
    try:
        return float(int(said, 0)) if said[:2].lower() == "0x" else float(said)
    except ValueError:
        return None


def _candidates(spec: ItemSpec, value: Any) -> Iterator[Any]:
    yield value
    yield from (number for number in _middles(spec.conversion) if accepts_value(spec, number))
    if isinstance(value, (int, float)) and not spec.metadata.get("enumerators"):
        yield from (number for number in _OTHERS if accepts_value(spec, number))


def accepts_value(spec: ItemSpec, value: Any) -> bool:
    """The same as :func:`accepts` for a value of the item; False beyond its table."""
    try:
        return accepts(spec, spec.conversion.to_device(value))
    except ValueError:
        return False


def _middles(conversion: Conversion) -> Iterator[float]:
    """The item's values at the points of a table, those in the middle first."""
    points = [value for _, value in conversion.table]
    yield from sorted(points, key=lambda value: abs(points.index(value) - len(points) // 2))


def _is_a_value(spec: ItemSpec, value: Any) -> bool:
    """False for a number that stands for no value, and beyond the table."""
    try:
        raw = to_device(spec, value)
    except ValueError:
        return False
    if not isinstance(raw, (int, float)):
        return True
    return raw not in [sentinel_number(said) for said in spec.sentinels]


def _number(text: str, spec: ItemSpec) -> float | int:
    """The number that *text* is, or that it is the word for."""
    words: Mapping[str, str] = spec.metadata.get("enumerators") or {}
    for key, word in words.items():
        if word.lower() == text.strip().lower():
            return int(key)
    try:
        return float(text)
    except ValueError:
        return 0


def _nearest(raw: Any, values: Sequence[Any]) -> Any:
    if not isinstance(raw, (int, float)):
        return values[0]
    numbers = [value for value in values if isinstance(value, (int, float))]
    return min(numbers, key=lambda value: abs(value - raw)) if numbers else values[0]


def _whole(raw: Any) -> str:
    """A whole number as the key of its word."""
    if isinstance(raw, (int, float)) and math.isfinite(raw) and raw == int(raw):
        return str(int(raw))
    return ""
