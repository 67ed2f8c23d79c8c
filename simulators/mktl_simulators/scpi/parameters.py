"""Parameters of SCPI commands: SCPI-1999, section 7. Each reads the text of one and gives its value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from .errors import DATA_TYPE, ILLEGAL_VALUE, INVALID_STRING, INVALID_SUFFIX, OUT_OF_RANGE, ScpiError
from .headers import is_form_of, short_form

_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)")
_MULTIPLIERS = {"": 1.0, "U": 1e-6, "M": 1e-3, "K": 1e3}


class Parameter(NamedTuple):
    """How one parameter is read."""

    read: Callable[[str], Any]
    #: One that may be left out comes as None.
    optional: bool = False


class Limits(NamedTuple):
    """What MIN, MAX and DEF mean, and what is out of range; MIN is the larger one of a negative supply."""

    least: float
    most: float
    default: float


def number(limits: Limits | Callable[[], Limits], unit: str = "") -> Parameter:
    """A number within limits, or MIN, MAX, DEF; its unit may stand behind it, with a multiplier.

    >>> volts = number(Limits(0.0, 6.0, 0.0), "V")
    >>> [volts.read(text) for text in ("1.5", "+15E-1", "1500 mV", "MAX")]
    [1.5, 1.5, 1.5, 6.0]
    """

    def read(text: str) -> float:
        within = limits() if callable(limits) else limits
        named = limit(text, within)
        if named is not None:
            return named
        value = _plain(text, unit)
        if not min(within.least, within.most) <= value <= max(within.least, within.most):
            raise ScpiError(OUT_OF_RANGE)
        return value

    return Parameter(read)


def limit(text: str, limits: Limits) -> float | None:
    """What MIN, MAX or DEF stands for, None when it is none of them."""
    words = {"MINimum": limits.least, "MAXimum": limits.most, "DEFault": limits.default}
    return next((value for word, value in words.items() if is_form_of(text, word)), None)


def whole(least: int, most: int) -> Parameter:
    """A whole number; a broken one is rounded, as IEEE 488.2 has it."""
    inner = number(Limits(least, most, least))
    return Parameter(lambda text: round(inner.read(text)))


def boolean() -> Parameter:
    """ON, OFF or a number that is not 0 or is (SCPI-1999, section 7.3)."""

    def read(text: str) -> bool:
        words = {"ON": True, "OFF": False}
        return words[text.upper()] if text.upper() in words else round(_plain(text)) != 0

    return Parameter(read)


def choice(*words: str) -> Parameter:
    """One of some words, in either form; the short form is the value."""

    def read(text: str) -> str:
        for word in words:
            if is_form_of(text, word):
                return short_form(word)
        raise ScpiError(ILLEGAL_VALUE)

    return Parameter(read)


def string() -> Parameter:
    """A text in quotes of either kind; doubled quotes within stand for one."""

    def read(text: str) -> str:
        if not text or text[0] not in "\"'":
            raise ScpiError(DATA_TYPE)
        if len(text) < 2 or text[-1] != text[0]:
            raise ScpiError(INVALID_STRING)
        return text[1:-1].replace(text[0] * 2, text[0])

    return Parameter(read)


def optional(parameter: Parameter) -> Parameter:
    """One that may be left out."""
    return parameter._replace(optional=True)


def _plain(text: str, unit: str = "") -> float:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ScpiError(DATA_TYPE)
    suffix = found[2].upper()
    if not suffix:
        return float(found[1])
    prefix = suffix.removesuffix(unit.upper())
    if prefix == suffix or prefix not in _MULTIPLIERS:
        raise ScpiError(INVALID_SUFFIX)
    return float(found[1]) * _MULTIPLIERS[prefix]
