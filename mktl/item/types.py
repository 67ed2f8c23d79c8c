"""What each item type accepts, checked before any hook and before a byte leaves for a device."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ItemTypeError, ItemValueError, LimitError, UnknownWordError
from ..wire.bulk import is_array, to_plain

Config = Mapping[str, Any]

_NUMBERS = (int, float)


def check_value(full_key: str, config: Config, value: Any) -> Any:
    """*value* as this item holds it: of its type, among its enumerators, within its range.

    Text that is a number becomes one for a numeric item; a word becomes its number for an enumerated one.
    None passes: whether an item can be set to nothing is for its hooks to say.

    Raises:
        ItemTypeError, ItemValueError, LimitError: What was found and what would be right.

    >>> check_value("lab.target", {"type": "numeric", "range": [0, 300], "units": "mm"}, "12.5")
    12.5
    """
    value = to_plain(value)
    checker = _CHECKERS.get(config.get("type", ""))
    if value is None or checker is None:
        return value
    return checker(full_key, config, value)


def _numeric(full_key: str, config: Config, value: Any) -> int | float:
    number = value if type(value) in _NUMBERS else _number(full_key, value)
    if config.get("clamp"):
        number = _clamped(config, number)
    if config.get("range"):
        _check_range(full_key, config, number)
    if config.get("step"):
        _check_step(full_key, config, number)
    return number


def _clamped(config: Config, number: float) -> float:
    """The nearest number within the range."""
    low, high = config.get("range") or (None, None)
    number = number if low is None else max(low, number)
    return number if high is None else min(high, number)


def _check_step(full_key: str, config: Config, number: float) -> None:
    step = config["step"]
    low = (config.get("range") or (None,))[0]
    start = low or 0
    nearest = start + round((number - start) / step) * step
    if abs(number - nearest) > 1e-6 * step:
        units = unit_of(config)
        suffix = f" {units}" if units else ""
        near = f"{nearest:.12g}{suffix}"
        raise LimitError(
            f"{full_key}: {number}{suffix} is between two steps of {step}{suffix}; {near} is near"
        )


def _number(full_key: str, value: Any) -> int | float:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        for kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
    raise ItemTypeError(f"{full_key}: {_shown(value)} is not a number")


def _check_range(full_key: str, config: Config, number: float) -> None:
    low, high = config["range"]
    units = unit_of(config)
    suffix = f" {units}" if units else ""
    if number != number:
        raise LimitError(f"{full_key}: nan is not between {low}{suffix} and {high}{suffix}")
    if low is not None and number < low:
        raise LimitError(f"{full_key}: {number}{suffix} is below the minimum {low}{suffix}")
    if high is not None and number > high:
        raise LimitError(f"{full_key}: {number}{suffix} is above the maximum {high}{suffix}")


def _boolean(full_key: str, config: Config, value: Any) -> int:
    if isinstance(value, str):
        return word_to_number(full_key, config, value)
    if isinstance(value, int | float) and value in (0, 1):
        return int(value)
    raise ItemTypeError(f"{full_key}: {_shown(value)} is neither 0 nor 1 ({_choices(config)})")


def _enumerated(full_key: str, config: Config, value: Any) -> int:
    if isinstance(value, str):
        return word_to_number(full_key, config, value)
    number = _whole(full_key, value)
    if config.get("enumerators") and str(number) not in config["enumerators"]:
        raise ItemValueError(f"{full_key}: {number} is not one of {_choices(config)}")
    return number


def _mask(full_key: str, config: Config, value: Any) -> int:
    if isinstance(value, str):
        return words_to_mask(full_key, config, value)
    number = _whole(full_key, value)
    bits = [int(bit) for bit in config.get("enumerators") or () if bit != "none"]
    if number < 0:
        raise ItemValueError(f"{full_key}: {number} is no mask; a mask is 0 or more")
    unknown = number & ~sum(1 << bit for bit in bits) if bits else 0
    if unknown:
        raise ItemValueError(
            f"{full_key}: {number} has bits set that mean nothing; known: {_choices(config)}"
        )
    return number


def _string(full_key: str, config: Config, value: Any) -> str:
    if not isinstance(value, str):
        raise ItemTypeError(f"{full_key}: {_shown(value)} is not text")
    return value


def _numeric_array(full_key: str, config: Config, value: Any) -> list[int | float]:
    if is_array(value):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        raise ItemTypeError(f"{full_key}: {_shown(value)} is not a sequence of numbers")
    return [_number(full_key, to_plain(element)) for element in value]


def _bulk(full_key: str, config: Config, value: Any) -> Any:
    if not is_array(value):
        raise ItemTypeError(f"{full_key}: {_shown(value)} is not an array")
    return value


_CHECKERS: dict[str, Callable[[str, Config, Any], Any]] = {
    "numeric": _numeric,
    "boolean": _boolean,
    "enumerated": _enumerated,
    "mask": _mask,
    "string": _string,
    "numeric array": _numeric_array,
    "bulk": _bulk,
}


def _whole(full_key: str, value: Any) -> int:
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    raise ItemTypeError(f"{full_key}: {_shown(value)} is not a whole number")


def word_to_number(full_key: str, config: Config, word: str) -> int:
    """The number of an enumerator, whatever its case; digits stand for themselves.

    Raises:
        UnknownWordError: No such enumerator.
    """
    enumerators: Mapping[str, str] = config.get("enumerators") or {}
    wanted = word.strip().lower()
    for number, name in enumerators.items():
        if name.lower() == wanted:
            return 0 if number == "none" else int(number)
    if wanted in enumerators and wanted != "none":
        return int(wanted)
    raise UnknownWordError(
        f"{full_key}: {_shown(word)} is not one of {_choices(config)}{_nearest(word, config)}"
    )


def words_to_mask(full_key: str, config: Config, text: str) -> int:
    """The mask of words joined by commas; the word for none is 0.

    Raises:
        UnknownWordError: No such word.
    """
    enumerators: Mapping[str, str] = config.get("enumerators") or {}
    if text.strip().isdigit():
        return _mask(full_key, config, int(text))
    if text.strip().lower() == enumerators.get("none", "none").lower():
        return 0
    mask = 0
    for word in text.split(","):
        mask |= 1 << word_to_number(full_key, config, word)
    return mask


def unit_of(config: Config, formatted: bool = False) -> str:
    """The item's unit: of its value, or of its formatted form; empty for none."""
    units = config.get("units")
    if isinstance(units, Mapping):
        base = units.get("", units.get("base", ""))
        return str(units.get("formatted", base) if formatted else base)
    return str(units) if units else ""


def _choices(config: Config) -> str:
    enumerators: Mapping[str, str] = config.get("enumerators") or {}
    return ", ".join(f"{name!r} ({number})" for number, name in enumerators.items())


def _nearest(word: str, config: Config) -> str:
    names = list((config.get("enumerators") or {}).values())
    near = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
