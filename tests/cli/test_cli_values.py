from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mktl.cli.values import Reading, formatted

GOOD = Reading("lab.temp", 77.35, "77.350", "K", "K", time=100.0, sampled=100.0)


@pytest.mark.parametrize(
    ("reading", "line"),
    [
        (GOOD, "lab.temp = 77.350 K"),
        (Reading("lab.heater", 2, "medium"), "lab.heater = medium"),
        (Reading("lab.ra", 1.25, " 4:46:28.7", "rad", "h"), "lab.ra = 4:46:28.7 h"),
        (Reading("lab.label", " a\nb", " a\nb"), r"lab.label =  a\nb"),
        (Reading("lab.x", None, "", "V", "V", status="unset"), "lab.x = - (unset)"),
        (
            Reading("lab.t", 1.0, "1.0", status="timeout", severity="invalid", reason="lab.t: no\treply"),
            r"lab.t = 1.0 (timeout: no\treply)",
        ),
        (Reading("lab.t", 1.0, "1.0", severity="minor"), "lab.t = 1.0 (minor)"),
    ],
)
def test_an_item_is_one_line_with_its_trouble_in_parentheses(reading: Reading, line: str) -> None:
    assert reading.as_line() == line


def test_json_has_every_field_and_the_units_of_both_forms() -> None:
    assert GOOD.as_json() == {
        "key": "lab.temp",
        "value": 77.35,
        "formatted": "77.350",
        "units": "K",
        "time": 100.0,
        "status": "ok",
        "severity": "none",
        "reason": "",
    }
    angle = Reading("lab.ra", float("nan"), "nan", "rad", "h").as_json()
    assert (angle["value"], angle["units"], angle["formatted_units"]) == (None, "rad", "h")


@pytest.mark.parametrize(
    ("config", "value", "text"),
    [
        ({"type": "numeric", "format": "%.3f"}, 77.35, "77.350"),
        ({"type": "numeric", "format": "%d things of %s"}, 77.35, "77.35"),  # a format that does not fit
        ({"type": "enumerated", "enumerators": {"2": "medium"}}, 2, "medium"),
        ({"type": "string", "format": "%d"}, "abc", "abc"),
        ({"type": "bulk"}, np.zeros((2, 3), "int16"), "2×3 int16"),
        ({}, {"a": [1, None]}, '{"a": [1, null]}'),
        ({}, True, "true"),
        ({"type": "numeric"}, None, ""),
    ],
)
def test_a_value_is_shown_as_its_item_says_or_else_plainly(
    config: dict[str, Any], value: Any, text: str
) -> None:
    assert formatted("lab.x", config, value) == (text, "")


def test_a_value_that_its_format_cannot_show_is_shown_in_its_own_unit() -> None:
    units = {"": "rad", "formatted": "parrots"}
    assert formatted("lab.x", {"type": "numeric", "units": units}, 1.5) == ("1.5", "rad")
