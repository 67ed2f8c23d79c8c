"""Values as people and machines read them: one reading, its JSON, its line of text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import ItemTypeError, MktlError
from ..item.formats import to_text
from ..item.quantity import in_unit
from ..item.types import unit_of
from .texts import is_array, json_safe, plain, printable

if TYPE_CHECKING:
    from ..item import Item
    from ..item.reading import Reading as State


@dataclass(frozen=True, slots=True)
class Reading:
    """What an item said at one moment."""

    key: str
    value: Any
    formatted: str
    #: Of *value*, and of *formatted*: an angle may be kept in rad and shown in h.
    units: str = ""
    formatted_units: str = ""
    #: UNIX seconds at which the item assumed the value.
    time: float | None = None
    sampled: float | None = None
    status: str = "ok"
    severity: str = "none"
    reason: str = ""

    @property
    def is_ok(self) -> bool:
        """True when nothing has to be said beside the value."""
        return self.status == "ok" and self.severity == "none"

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes this another update than the one before it."""
        return self.time, self.formatted, self.status, self.severity, self.reason

    def as_json(self) -> dict[str, Any]:
        """The fields for ``--json``, every one a value that JSON can carry."""
        fields = {
            "key": self.key,
            "value": json_safe(self.value),
            "formatted": self.formatted,
            "units": self.units,
            "time": json_safe(self.time),
            "status": self.status,
            "severity": self.severity,
            "reason": self.reason,
        }
        if self.formatted_units != self.units:
            fields["formatted_units"] = self.formatted_units
        return fields

    def as_line(self) -> str:
        """One line for a pipe: ``KEY = VALUE[ UNITS][ (STATUS[: REASON])]``.

        A missing value is ``-``; control characters are written as escapes, so that an item is always
        one line. Where that could be mistaken for the value itself, ``--json`` cannot.

        >>> Reading("lab.temp", 77.35, "77.350", "K", "K").as_line()
        'lab.temp = 77.350 K'
        >>> Reading("lab.temp", 77.35, "77.350", "K", "K", status="stale", reason="daemon gone").as_line()
        'lab.temp = 77.350 K (stale: daemon gone)'
        """
        remark = "" if self.is_ok else f" ({self.remark})"
        return f"{self.key} = {self.shown}{remark}"

    @property
    def shown(self) -> str:
        """The value as formatted, with its units, on one line."""
        if self.value is None:
            return "-"
        text = printable(self.formatted if isinstance(self.value, str) else self.formatted.strip())
        return f"{text} {printable(self.formatted_units)}" if self.formatted_units else text

    @property
    def trouble(self) -> str:
        """The one word on what is not well."""
        return self.status if self.status != "ok" else self.severity

    @property
    def why(self) -> str:
        """The reason, without the name of the item that stands beside it anyway."""
        return self.reason.removeprefix(f"{self.key}: ")

    @property
    def remark(self) -> str:
        """The status and why, such as ``alarm: above 300.0 K``."""
        return printable(f"{self.trouble}: {self.why}" if self.reason else self.trouble)


def read_of(item: Item, unit: str | None = None) -> Reading:
    """What *item* knows now, without asking anybody; its value in *unit*, if that is given.

    Raises:
        MktlError: It cannot be had in *unit*.
    """
    reading = reading_of(item, item.reading)
    if unit is None or reading.value is None:
        return reading
    if not isinstance(reading.value, int | float):
        raise ItemTypeError(f"{item.full_key}: only a number can be had in {unit}")
    value = in_unit(item.full_key, item.config, reading.value, unit)
    # Ten digits: enough for any sensor, and none of what the conversion leaves at the end.
    return replace(reading, value=value, units=unit, formatted=f"{value:.10g}", formatted_units=unit)


def reading_of(item: Item, state: State) -> Reading:
    """One *state* of *item*, as it is shown."""
    config = item.config
    text, units = formatted(item.full_key, config, state.value)
    return Reading(
        key=item.full_key,
        value=state.value,
        formatted=text,
        units=unit_of(config),
        formatted_units=units,
        time=state.time,
        sampled=state.sampled,
        status=state.status,
        severity=state.severity,
        reason=state.reason,
    )


def formatted(full_key: str, config: Mapping[str, Any], value: Any) -> tuple[str, str]:
    """*value* as its item formats it, with its unit; plainly where the item's own format cannot show it."""
    shown_in = unit_of(config, formatted=True)
    if value is None:
        return "", shown_in
    if (
        is_array(value)
        or isinstance(value, (list, tuple, dict))
        or not (config.get("type") or config.get("format"))
    ):
        return plain(value), shown_in
    try:
        return to_text(full_key, config, value), shown_in
    except (MktlError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError):
        return plain(value), unit_of(config)
