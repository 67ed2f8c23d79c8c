"""Values with their units, as pint quantities; needs the extra ``units``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..errors import ItemTypeError, ItemValueError, MktlError
from .types import unit_of

Config = Mapping[str, Any]

# Spellings that instruments and mKTL use and pint does not.
_SPELLINGS = {
    "h": "hourangle",
    "hours": "hourangle",
    "d": "degree",
    "%": "percent",
    "°C": "degC",
    "C": "degC",
}


@cache
def _registry() -> Any:
    try:
        import pint
    except ImportError:
        raise MktlError("quantities need pint: pip install 'mktl[units]'") from None
    registry: Any = pint.UnitRegistry()
    registry.define("hourangle = pi / 12 * radian")
    return registry


def _unit(full_key: str, config: Config, formatted: bool) -> Any:
    name = unit_of(config, formatted)
    if not name:
        raise ItemValueError(f"{full_key} has no units")
    return _named(full_key, config, name)


def _named(full_key: str, config: Config, name: str) -> Any:
    angle = unit_of(config).startswith("rad")  # "h" is an hour of time for anything but an angle
    spelling = _SPELLINGS.get(name, name) if angle or name not in ("h", "hours", "d") else name
    try:
        return _registry().Unit(spelling)
    except MktlError:
        raise
    except Exception:
        raise ItemValueError(f"{full_key}: pint knows no unit {name!r}") from None


def to_quantity(full_key: str, config: Config, value: Any, formatted: bool = False) -> Any:
    """*value* as a ``pint.Quantity`` in the item's unit, or in that of its formatted form.

    Raises:
        ItemValueError: The item has no unit, or one that pint does not know.
        MktlError: pint is not installed.
    """
    if value is None:
        return None
    quantity = _registry().Quantity(value, _unit(full_key, config, False))
    return quantity.to(_unit(full_key, config, True)) if formatted else quantity


def in_formatted_unit(full_key: str, config: Config, number: float) -> float:
    """*number* in the unit of the item's formatted form, where that has one of its own.

    Raises:
        ItemValueError: A unit that pint does not know.
        MktlError: pint is not installed, and there is something to convert.
    """
    if unit_of(config, formatted=True) == unit_of(config):
        return number
    converted: float = to_quantity(full_key, config, number, formatted=True).magnitude
    return converted


def from_formatted_unit(full_key: str, config: Config, number: float) -> float:
    """The inverse of :func:`in_formatted_unit`."""
    if unit_of(config, formatted=True) == unit_of(config):
        return number
    quantity = _registry().Quantity(number, _unit(full_key, config, True))
    converted: float = quantity.to(_unit(full_key, config, False)).magnitude
    return converted


def in_unit(full_key: str, config: Config, number: float, unit: str) -> float:
    """*number*, in the item's unit, in another one.

    Raises:
        ItemValueError: A unit that pint does not know.
        ItemTypeError: One of another dimension.
        MktlError: pint is not installed.
    """
    quantity = to_quantity(full_key, config, number)
    try:
        converted: float = quantity.to(_named(full_key, config, unit)).magnitude
    except MktlError:
        raise
    except Exception:
        raise ItemTypeError(f"{full_key}: its unit {quantity.units} cannot be had in {unit}") from None
    return converted


def from_unit(full_key: str, config: Config, number: float, unit: str) -> float:
    """The inverse of :func:`in_unit`: *number* of *unit* in the item's own."""
    in_item_units: float = from_quantity(
        full_key, config, _registry().Quantity(number, _named(full_key, config, unit))
    )
    return in_item_units


def from_quantity(full_key: str, config: Config, quantity: Any) -> Any:
    """The number in the item's own unit.

    Raises:
        ItemTypeError: No quantity, or one of another dimension.
    """
    if not hasattr(quantity, "to"):
        raise ItemTypeError(f"{full_key}: {quantity!r} is no quantity")
    unit = _unit(full_key, config, False)
    try:
        # By its text, since a quantity of somebody else's registry does not mix with ours.
        return _registry().Quantity(quantity.magnitude, str(quantity.units)).to(unit).magnitude
    except Exception as error:
        raise ItemTypeError(f"{full_key}: {quantity} cannot be had in {unit}: {error}") from None
