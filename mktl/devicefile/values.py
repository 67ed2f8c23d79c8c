"""What becomes of a device's number on its way to an item, and back. Plain values."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..condition import Condition
from .template import Template


@dataclass(frozen=True, slots=True)
class Conversion:
    """Between the device's number and the item's: ``value = raw * scale + offset``, or by a table.

    A *table* of (raw, value) pairs is straight lines between the points; both columns rise or fall
    throughout, so that it can be read both ways. Beyond its ends there is no value.
    """

    scale: float = 1.0
    offset: float = 0.0
    table: tuple[tuple[float, float], ...] = ()

    def to_item(self, raw: Any) -> Any:
        """The item's value of what the device said; anything but a number passes unchanged.

        Raises:
            ValueError: A number beyond the ends of the table.

        >>> Conversion(scale=0.1).to_item(245)
        24.5
        >>> Conversion(table=((0, 300.0), (10, 200.0))).to_item(2.5)
        275.0
        >>> Conversion(scale=0.1).to_item([5, 245])
        [0.5, 24.5]
        """
        if self.is_identity or isinstance(raw, (str, bytes)) or raw is None:
            return raw
        if isinstance(raw, list):
            return [self.to_item(number) for number in raw]
        if self.table:
            return _along(raw, self.table)
        return raw * self.scale + self.offset

    def to_device(self, value: Any, *, whole: bool = False) -> Any:
        """The device's number for the item's value: the inverse of :meth:`to_item`.

        Args:
            value: The item's.
            whole: The device counts: a number between two of its own goes to the nearer one. Without a
                conversion the item's numbers are the device's, and are left to whoever sends them.

        >>> Conversion(scale=0.5).to_device(1.2), Conversion(scale=0.5).to_device(1.2, whole=True)
        (2.4, 2)
        """
        if self.is_identity or isinstance(value, (str, bytes)) or value is None:
            return value
        if isinstance(value, list):
            return [self.to_device(number, whole=whole) for number in value]
        if self.table:
            raw = _along(value, tuple((there, here) for here, there in self.table))
        else:
            raw = (value - self.offset) / self.scale
        return round(raw) if whole else raw

    @property
    def is_identity(self) -> bool:
        """True when both directions leave the value, and its type, as it is."""
        return self.scale == 1.0 and self.offset == 0.0 and not self.table


@dataclass(frozen=True, slots=True)
class PairConversion(Conversion):
    """A conversion that a person wrote: two functions, the second of which is for what can be set.

    Either may raise ValueError: what the device said is then none of the item's values, or the value none
    that the device takes.
    """

    parse: Callable[[Any], Any] = str
    format: Callable[[Any], Any] | None = None

    def to_item(self, raw: Any) -> Any:
        """What the device said, as the item has it."""
        return self.parse(raw)

    def to_device(self, value: Any, *, whole: bool = False) -> Any:
        """The item's value as the device is told it; whether that is whole is for the function to say."""
        del whole
        return value if self.format is None or value is None else self.format(value)

    @property
    def is_identity(self) -> bool:
        """Nobody knows."""
        return False


@dataclass(frozen=True, slots=True)
class Sentinel:
    """What the device says in the place of a value, and what that means."""

    reason: str
    status: str = "range"


@dataclass(frozen=True, slots=True)
class Alarms:
    """Limits beyond which a value is good but worrying: severity ``minor`` or ``major``.

    An alarm ends only when the value is back within its limit by more than the hysteresis.
    """

    minor: tuple[float | None, float | None] = (None, None)
    major: tuple[float | None, float | None] = (None, None)
    #: In the unit of the value.
    hysteresis: float = 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """When a set is complete: an answer of the device, or a condition on items of the same daemon."""

    timeout_s: float
    #: How often the items of the condition are read meanwhile.
    poll_s: float
    #: How long the condition is not believed yet: some devices take a while to say that they are busy.
    after_s: float = 0.0
    when: Condition | None = None
    send: Template | None = None
    reply: Template | None = None
    #: Whether the next set of the item waits until this one is done, and does not take its place.
    queue: bool = False


@dataclass(frozen=True, slots=True)
class Fast:
    """A shorter period of polls while a condition on items of the same daemon holds."""

    when: Condition
    poll_s: float


def _along(number: Any, table: tuple[tuple[float, float], ...]) -> float:
    points = sorted(table)
    starts = [point[0] for point in points]
    if not starts[0] <= number <= starts[-1]:
        raise ValueError(f"{number} is beyond the table, which goes from {starts[0]:g} to {starts[-1]:g}")
    after = max(1, bisect_left(starts, number))
    (low, at_low), (high, at_high) = points[after - 1], points[after]
    return float(at_low + (number - low) / (high - low) * (at_high - at_low))
