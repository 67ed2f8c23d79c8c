"""Values as people write them, both ways: printf formats, enumerators, masks, sexagesimal angles."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from ..errors import ItemTypeError, ItemValueError
from .quantity import from_formatted_unit, in_formatted_unit
from .types import unit_of, word_to_number, words_to_mask

Config = Mapping[str, Any]

_RADIANS_PER_DEGREE = math.pi / 180


def to_text(full_key: str, config: Config, value: Any) -> str:
    """*value* as a person reads it.

    >>> to_text("lab.heater", {"type": "enumerated", "enumerators": {"2": "medium"}}, 2)
    'medium'
    >>> to_text("lab.temp", {"type": "numeric", "format": "%.3f"}, 77.35)
    '77.350'
    """
    if value is None:
        return ""
    kind, format = config.get("type"), config.get("format")
    if kind in ("boolean", "enumerated"):
        return str((config.get("enumerators") or {}).get(str(value), value))
    if kind == "mask":
        return _mask_to_text(config, value)
    if isinstance(value, int | float) and kind == "numeric" and not _is_sexagesimal(format):
        value = in_formatted_unit(full_key, config, value)
    if isinstance(format, str) and isinstance(value, int | float):
        return _number_to_text(config, format, value)
    if isinstance(format, str) and kind == "string":
        return str(format % value)
    return str(value)


def _mask_to_text(config: Config, mask: int) -> str:
    enumerators: Mapping[str, str] = config.get("enumerators") or {}
    if not isinstance(mask, int) or mask == 0:
        return str(enumerators.get("none", "none" if mask == 0 else mask))
    set_bits = [bit for bit in range(mask.bit_length()) if mask >> bit & 1]
    return ", ".join(enumerators.get(str(bit), f"bit {bit}") for bit in set_bits)


def _number_to_text(config: Config, format: str, value: float) -> str:
    if _is_sexagesimal(format) and math.isfinite(value):
        return _to_sexagesimal(config, format, value)
    try:
        # 34.9999999 is 35 to who wants whole numbers, where %d would make it 34.
        return format % (round(value) if format.endswith("d") else value)
    except (TypeError, ValueError, OverflowError):
        return str(value)


def from_text(full_key: str, config: Config, text: Any) -> Any:
    """The value that a person means by *text*: the inverse of :func:`to_text`.

    Raises:
        UnknownWordError: No such enumerator.
        ItemTypeError: No number where the item is one.
    """
    if not isinstance(text, str):
        return text
    kind, format = config.get("type"), config.get("format")
    if kind in ("boolean", "enumerated"):
        return word_to_number(full_key, config, text)
    if kind == "mask":
        return words_to_mask(full_key, config, text)
    if kind == "numeric array":
        return [_number(full_key, part) for part in text.strip().strip("[]()").split(",") if part.strip()]
    if kind != "numeric":
        return text
    if ":" in text and _is_sexagesimal(format):
        return _from_sexagesimal(full_key, config, text)
    number = _number(full_key, text)
    return number if _is_sexagesimal(format) else from_formatted_unit(full_key, config, number)


def _is_sexagesimal(format: object) -> bool:
    return isinstance(format, str) and format.count(":") == 2


def _number(full_key: str, text: str) -> int | float:
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    raise ItemTypeError(f"{full_key}: {text!r} is not a number")


def _from_first_unit(config: Config, number: float) -> float:
    """*number*, in the unit of the first of three fields, in the item's own unit.

    By way of degrees, in this order of operations: other makes of client get the same to the last bit.
    """
    if not unit_of(config).startswith("rad"):
        return number
    degrees = number * 360 / 24 if unit_of(config, formatted=True)[:1] == "h" else number
    return degrees * _RADIANS_PER_DEGREE


_FIELD = re.compile(r"%[-+ #0]*\d*(?:\.(\d+))?[dfeg]")


def _to_sexagesimal(config: Config, format: str, value: float) -> str:
    fields = format.split(":")
    match = _FIELD.search(fields[2])
    places = int(match.group(1) or 0) if match else 0
    # Rounded once, in units of the last place, so that no field ever shows 60.
    whole = round(abs(value / _from_first_unit(config, 1.0)) * 3600 * 10**places)
    seconds, first_and_minutes = whole % (60 * 10**places), whole // (60 * 10**places)
    first, minutes = divmod(first_and_minutes, 60)
    head = fields[0] % first
    if value < 0 and whole:
        # The sign stands before the digits, in the blank that the width left for it where there is one.
        digits = head.lstrip()
        head = ("-" + digits).rjust(len(head))
    return ":".join((head, fields[1] % minutes, fields[2] % (seconds / 10**places)))


def _from_sexagesimal(full_key: str, config: Config, text: str) -> float:
    parts = text.strip().split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise ItemValueError(f"{full_key}: {text!r} is not an angle such as 1:02:03.4") from None
    if len(numbers) > 3:
        raise ItemValueError(f"{full_key}: {text!r} has more than three fields")
    # A sign on the first field is the whole angle's, also when the field is -0; one on a later field is
    # that field's own.
    whole_sign = -1.0 if parts[0].strip().startswith("-") else 1.0
    total = abs(numbers[0])
    for power, number in enumerate(numbers[1:], start=1):
        total += number / 60**power
    return _from_first_unit(config, whole_sign * total)
