"""Conditions on items, ``lab.temp < 5 and lab.heater == 'off'``, as a closed set of nodes; nothing is run.

A comparison with a value that cannot be trusted is neither true nor false, and stays so under ``not``: a
condition holds only when it certainly holds.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import MktlError

Number = int | float
#: Gives the value that a word stands for at an item: ``("lab.heater", "high")`` → 3.
WordReader = Callable[[str, str], Any]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
UNARY: dict[str, Callable[[Any], Any]] = {"-": operator.neg, "+": operator.pos, "abs": abs}


class ConditionError(MktlError, ValueError):
    """A condition that cannot be read: what was found, and what would be right."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one item; *doubt* says why its value is not to be trusted."""

    value: Any = None
    doubt: str = ""


class _DoubtError(Exception):
    """An operand that has no value to count on."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, or once bound whatever a word stands for."""

    value: Any


@dataclass(frozen=True, slots=True)
class Word:
    """A quoted or bare word; it means something only beside an item."""

    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of an item, by its full key."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """``-x``, ``+x`` or ``abs(x)``."""

    symbol: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class Binary:
    """Two numbers and what is done with them."""

    symbol: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands side by side."""

    symbol: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Truth:
    """An item by itself, true while it is not 0."""

    operand: Reference


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; of what is in doubt, doubt."""

    part: Part


@dataclass(frozen=True, slots=True)
class Every:
    """``and``."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """``or``."""

    parts: tuple[Part, ...]


Operand = Literal | Word | Reference | Unary | Binary
Part = Comparison | Truth | Not | Every | Some


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds; *doubts* are why it could not be told, if that was so."""

    holds: bool
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that has been read; *text* is what was typed."""

    text: str
    root: Part

    @property
    def names(self) -> tuple[str, ...]:
        """The full keys of its items, each once, in their order."""
        return tuple(dict.fromkeys(_names(self.root)))

    def bind(self, read: WordReader) -> Condition:
        """The same with each word replaced by what it stands for at the item beside it.

        Raises:
            ConditionError: A word with no item beside it.
        """
        return Condition(self.text, _bind_part(self.root, read))

    def judge(self, known: Mapping[str, Known]) -> Verdict:
        """Whether it holds with the values *known*; words have to be bound before."""
        doubts: dict[str, None] = {}
        answer = _judge(self.root, known, doubts)
        return Verdict(answer is True, tuple(doubts))


def _names(node: Part | Operand) -> Iterator[str]:
    match node:
        case Reference(name):
            yield name
        case Unary(_, inner) | Truth(inner) | Not(inner):
            yield from _names(inner)
        case Binary(_, left, right) | Comparison(_, left, right):
            yield from _names(left)
            yield from _names(right)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from _names(part)


# -- words


def _bind_part(part: Part, read: WordReader) -> Part:
    match part:
        case Comparison(symbol, left, right):
            return Comparison(symbol, _bind_word(left, right, read), _bind_word(right, left, read))
        case Not(inner):
            return Not(_bind_part(inner, read))
        case Every(parts):
            return Every(tuple(_bind_part(one, read) for one in parts))
        case Some(parts):
            return Some(tuple(_bind_part(one, read) for one in parts))
    return part


def _bind_word(operand: Operand, beside: Operand, read: WordReader) -> Operand:
    if not isinstance(operand, Word):
        return operand
    if not isinstance(beside, Reference):
        raise ConditionError(
            f"{operand.text!r} stands beside no item; an item is STORE.KEY, such as lab.heater == 'high'"
        )
    return Literal(read(beside.name, operand.text))


# -- judging: True, False, or None for doubt


def _judge(part: Part, known: Mapping[str, Known], doubts: dict[str, None]) -> bool | None:
    match part:
        case Not(inner):
            answer = _judge(inner, known, doubts)
            return None if answer is None else not answer
        case Every(parts):
            return _judge_all(parts, False, known, doubts)
        case Some(parts):
            return _judge_all(parts, True, known, doubts)
    try:
        if isinstance(part, Truth):
            return bool(_number(part.operand, known))
        return _compare(part, known)
    except _DoubtError as doubt:
        doubts[str(doubt)] = None
        return None


def _judge_all(
    parts: tuple[Part, ...], decisive: bool, known: Mapping[str, Known], doubts: dict[str, None]
) -> bool | None:
    """One *decisive* answer decides, whatever is in doubt beside it."""
    answers = [_judge(part, known, doubts) for part in parts]
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def _compare(comparison: Comparison, known: Mapping[str, Known]) -> bool:
    left, right = _value(comparison.left, known), _value(comparison.right, known)
    if comparison.symbol not in ("==", "!=") and isinstance(left, str) != isinstance(right, str):
        raise _DoubtError(f"{left!r} and {right!r} have no order")
    return bool(COMPARISONS[comparison.symbol](left, right))


def _value(operand: Operand, known: Mapping[str, Known]) -> Number | str:
    """The number or the text of *operand*; nothing else can be compared."""
    match operand:
        case Literal(value):
            return _plain(repr(value), value)
        case Reference(name):
            item = known.get(name, Known(doubt="not heard of yet"))
            if item.doubt:
                raise _DoubtError(f"{name}: {item.doubt}")
            return _plain(name, item.value)
        case Unary(symbol, inner):
            return _plain("a result", UNARY[symbol](_number(inner, known)))
        case Binary(symbol, left, right):
            return _calculate(symbol, _number(left, known), _number(right, known))
    raise _DoubtError(f"{operand.text!r} stands for nothing yet")


def _calculate(symbol: str, left: Number, right: Number) -> Number:
    try:
        result: Number = ARITHMETIC[symbol](left, right)
    except ArithmeticError as error:
        raise _DoubtError(f"{left} {symbol} {right}: {error}") from None
    return result


def _number(operand: Operand, known: Mapping[str, Known]) -> Number:
    value = _value(operand, known)
    if isinstance(value, str):
        name = operand.name if isinstance(operand, Reference) else "it"
        raise _DoubtError(f"{name}: {value!r} is not a number")
    return value


def _plain(name: str, value: Any) -> Number | str:
    if value is None:
        raise _DoubtError(f"{name}: no value")
    if not isinstance(value, (int, float, str)):
        raise _DoubtError(f"{name}: a value that is neither a number nor text")
    if isinstance(value, float) and math.isnan(value):
        raise _DoubtError(f"{name}: not a number")
    return value
