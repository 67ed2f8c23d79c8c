"""Values with units."""

from __future__ import annotations

import math

import pytest

import mktl
from mktl.errors import ItemTypeError, ItemValueError

ITEMS = {
    "ANGLE": {"type": "numeric", "units": {"": "rad", "formatted": "h"}, "initial": math.pi / 2},
    "TEMP": {"type": "numeric", "units": "K", "initial": 300.0},
    "ODD": {"type": "numeric", "units": "furlongs of mercury", "initial": 1},
    "BARE": {"type": "numeric", "initial": 1},
}


@pytest.fixture
def store(make_daemon):
    make_daemon(items=ITEMS)
    return mktl.get("lab")


def test_a_quantity_converts_to_any_unit_that_fits(store) -> None:
    assert store["angle"].quantity.to("degrees").magnitude == pytest.approx(90)
    assert store["temp"].get(quantity=True).to("mK").magnitude == pytest.approx(300_000)


def test_the_formatted_unit_of_an_angle_in_hours_is_an_hour_of_angle(store) -> None:
    assert store["angle"].get(quantity=True, formatted=True).magnitude == pytest.approx(6)


def test_a_quantity_that_is_set_arrives_in_the_items_unit(store) -> None:
    import pint

    degrees = pint.UnitRegistry().Quantity(180, "degree")  # not our registry
    store["angle"].set(degrees, quantity=True)
    assert store["angle"].value == pytest.approx(math.pi)
    store["angle"].quantity = store["angle"].quantity / 2
    assert store["angle"].value == pytest.approx(math.pi / 2)


def test_a_quantity_of_another_dimension_is_refused(store) -> None:
    with pytest.raises(ItemTypeError, match=r"lab\.angle: 300\.0 kelvin cannot be had in radian"):
        store["angle"].quantity = store["temp"].quantity


def test_what_is_no_quantity_is_refused(store) -> None:
    with pytest.raises(ItemTypeError, match="5 is no quantity"):
        store["temp"].quantity = 5


def test_units_that_pint_does_not_know_are_named(store) -> None:
    with pytest.raises(ItemValueError, match=r"lab\.odd: pint knows no unit 'furlongs of mercury'"):
        _ = store["odd"].quantity
    with pytest.raises(ItemValueError, match=r"lab\.bare has no units"):
        _ = store["bare"].quantity
