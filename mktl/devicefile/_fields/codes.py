"""How so many bits stand for a whole number of either sign: the codes of raw and of hex numbers."""

from __future__ import annotations

from typing import Literal

from ...errors import ItemValueError
from .numbers import whole_number

#: ``u`` unsigned, ``i`` two's complement, ``oc`` one's complement, ``sm`` a sign bit and the magnitude.
Code = Literal["u", "i", "oc", "sm"]


def in_range(value: object, low: int, high: int) -> int:
    """*value* as a whole number of *low* to *high*.

    Raises:
        ItemTypeError: Not a number.
        ItemValueError: Not whole, or beyond.
    """
    number = whole_number(value)
    if not low <= number <= high:
        raise ItemValueError(f"takes {low} to {high}, got {number}")
    return number


def to_bits(value: object, bits: int, code: Code) -> int:
    """The *bits* that stand for *value*, as a number without a sign.

    >>> [hex(to_bits(-2, 16, code)) for code in ("i", "oc", "sm")]
    ['0xfffe', '0xfffd', '0x8002']
    """
    half = 1 << bits - 1
    if code == "u":
        return in_range(value, 0, 2 * half - 1)
    number = in_range(value, -half if code == "i" else 1 - half, half - 1)
    if number >= 0:
        return number
    return {"i": 2 * half + number, "oc": 2 * half - 1 + number, "sm": half - number}[code]


def from_bits(value: int, bits: int, code: Code) -> int:
    """The number that *value* stands for; a negative zero is a zero.

    >>> [from_bits(0x8002, 16, code) for code in ("u", "i", "oc", "sm")]
    [32770, -32766, -32765, -2]
    """
    half = 1 << bits - 1
    if code == "u" or value < half:
        return value
    return {"i": value - 2 * half, "oc": value - 2 * half + 1, "sm": half - value}[code]
