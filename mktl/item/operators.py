"""An item in an expression acts as its value; in-place operators set it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any


def _value(other: Any) -> Any:
    return other.value if isinstance(other, Operators) else other


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Operators, other: Any) -> Any:
        return function(self.value, _value(other))

    return method


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Operators, other: Any) -> Any:
        return function(_value(other), self.value)

    return method


def _in_place(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Operators, other: Any) -> Any:
        self.value = function(self.value, _value(other))
        return self

    return method


def _unary(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def method(self: Operators) -> Any:
        return function(self.value)

    return method


class OperandError(TypeError, ValueError):
    """A division of something that is no number; mKTL clients have come to catch either class."""


def _divide(one: Any, other: Any) -> Any:
    try:
        return one / other
    except TypeError as error:
        raise OperandError(str(error)) from None


class Operators:
    """Arithmetic, comparison and logic on ``value``, with the native type's own rules and errors."""

    value: Any

    __lt__, __le__ = _binary(operator.lt), _binary(operator.le)
    __gt__, __ge__ = _binary(operator.gt), _binary(operator.ge)

    __add__, __radd__, __iadd__ = (kind(operator.add) for kind in (_binary, _reflected, _in_place))
    __sub__, __rsub__, __isub__ = (kind(operator.sub) for kind in (_binary, _reflected, _in_place))
    __mul__, __rmul__, __imul__ = (kind(operator.mul) for kind in (_binary, _reflected, _in_place))
    __mod__, __rmod__, __imod__ = (kind(operator.mod) for kind in (_binary, _reflected, _in_place))
    __pow__, __rpow__, __ipow__ = (kind(operator.pow) for kind in (_binary, _reflected, _in_place))
    __truediv__, __rtruediv__, __itruediv__ = (kind(_divide) for kind in (_binary, _reflected, _in_place))
    __floordiv__, __rfloordiv__, __ifloordiv__ = (
        kind(operator.floordiv) for kind in (_binary, _reflected, _in_place)
    )
    __and__, __rand__, __iand__ = (kind(operator.and_) for kind in (_binary, _reflected, _in_place))
    __or__, __ror__, __ior__ = (kind(operator.or_) for kind in (_binary, _reflected, _in_place))
    __xor__, __rxor__, __ixor__ = (kind(operator.xor) for kind in (_binary, _reflected, _in_place))
    __lshift__, __rlshift__, __ilshift__ = (
        kind(operator.lshift) for kind in (_binary, _reflected, _in_place)
    )
    __rshift__, __rrshift__, __irshift__ = (
        kind(operator.rshift) for kind in (_binary, _reflected, _in_place)
    )

    __divmod__, __rdivmod__ = _binary(divmod), _reflected(divmod)

    __neg__, __pos__ = _unary(operator.neg), _unary(operator.pos)
    __invert__, __abs__ = _unary(operator.invert), _unary(abs)
    __int__, __float__, __complex__ = _unary(int), _unary(float), _unary(complex)
    __index__ = _unary(operator.index)

    def __getitem__(self, index: Any) -> Any:
        return self.value[index]

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.value, digits)

    def __eq__(self, other: object) -> Any:
        return self is other or self.value == _value(other)

    def __ne__(self, other: object) -> Any:
        return self is not other and self.value != _value(other)

    #: An item is one of its kind: it keys dictionaries by what it is, not by what it shows.
    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        """The truth of the value; words such as ``"off"`` and ``"no"`` are what they say."""
        value = self.value
        if isinstance(value, str):
            return value.strip().lower() not in _UNTRUE
        return bool(value)


_UNTRUE = frozenset({"", "0", "false", "f", "no", "n", "off", "disable"})
