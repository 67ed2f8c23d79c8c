"""Values in a unit that somebody asks for, and as daemons hold them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from click.testing import Result
from running import Running

Call = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("lab")


def test_values_are_had_in_any_unit_that_fits(lab: Running, call: Call) -> None:
    assert call("get", "lab.temp", "--unit", "degC").stdout == "lab.temp = -195.8 degC\n"
    assert call("get", "lab.ra", "--unit", "deg").stdout == f"lab.ra = {math.degrees(1.25):.10g} deg\n"
    [fields] = json.loads(call("get", "lab.target", "--unit", "m", "--json").stdout)
    assert (fields["value"], fields["units"]) == (0.001, "m")
    assert call("set", "lab.target=2.5", "--unit", "cm").stdout == "lab.target: set 2.5, now 2.5 cm\n"
    assert call("get", "lab.target").stdout == "lab.target = 25.0 mm\n"
    for argv, said in [
        (("get", "lab.temp", "--unit", "mm"), "lab.temp: its unit kelvin cannot be had in mm"),
        (("get", "lab.temp", "--unit", "parrots"), "lab.temp: pint knows no unit 'parrots'"),
        (("get", "lab.label", "--unit", "mm"), "lab.label: only a number can be had in mm"),
        (("get", "lab.unset", "lab.curve", "--unit", "V"), ""),
        (("set", "lab.target=far", "--unit", "cm"), "lab.target: expected a number of cm, got 'far'"),
        (("set", "lab.target=1", "--unit", "K"), "cannot be had in millimeter"),
        (("set", "lab.target=31", "--unit", "cm"), "310.0 mm is above the maximum 300 mm"),
    ]:
        result = call(*argv)
        assert result.exit_code == (1 if said else 0), result.stderr
        assert said in result.stderr
    assert call("get", "lab.target").stdout == "lab.target = 25.0 mm\n"


def test_values_are_set_as_daemons_hold_them(lab: Running, call: Call) -> None:
    assert call("set", "-u", "lab.heater=3").stdout == "lab.heater: set 3, now high\n"
    assert call("set", "-u", "lab.ra=0.5", "lab.any=[1, null]", "lab.label=5").exit_code == 0
    [ra, any_, label] = json.loads(call("get", "lab.ra", "lab.any", "lab.label", "--json").stdout)
    assert (ra["value"], any_["value"], label["value"]) == (0.5, [1, None], "5")
