"""Values as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.errors import ItemTypeError
from mktl.item.formats import from_text, to_text

ANGLE = {"type": "numeric", "format": "%2d:%2.2d:%04.1f", "units": {"": "rad", "formatted": "d"}}
HOURS = {**ANGLE, "units": {"": "radians", "formatted": "hours"}}
MASK = {"type": "mask", "enumerators": {"none": "fine", "0": "hot", "2": "dry"}}
ENUMERATED = {"type": "enumerated", "enumerators": {"0": "off", "3": "high"}}


def test_the_angle_of_the_protocol_text_is_written_as_there() -> None:
    assert to_text("a.b", ANGLE, 0.018049613347708025) == " 1:02:03.0"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1:2:3", " 1:02:03.0"),
        ("-1:2:3", "-1:02:03.0"),
        ("1:-2:3", " 0:58:03.0"),
        ("1:-2:-3", " 0:57:57.0"),
        ("1:2:-3", " 1:01:57.0"),
        ("-0:0:5", "-0:00:05.0"),
        ("413:40:00", "413:40:00.0"),
        # Rounding carries; a field never shows 60.
        ("0:59:59.97", " 1:00:00.0"),
        ("-0:0:59.96", "-0:01:00.0"),
    ],
)
@pytest.mark.parametrize("config", [ANGLE, HOURS])
def test_angles_take_a_sign_on_any_field(config, text, written) -> None:
    assert to_text("a.b", config, from_text("a.b", config, text)) == written


def test_an_hour_is_fifteen_degrees() -> None:
    assert from_text("a.b", HOURS, "1:0:0") == pytest.approx(math.pi / 12)
    assert from_text("a.b", ANGLE, "15:0:0") == pytest.approx(math.pi / 12)


@given(st.floats(-1000, 1000))
def test_an_angle_survives_being_written_to_its_precision(value: float) -> None:
    # 0.05 s of arc is half of the last place of the format.
    again = from_text("a.b", ANGLE, to_text("a.b", ANGLE, value))
    assert abs(again - value) <= math.radians(0.0501 / 3600)


@pytest.mark.parametrize(
    ("config", "value", "text"),
    [
        (MASK, 0, "fine"),
        (MASK, 5, "hot, dry"),
        ({"type": "mask", "enumerators": {}}, 0, "none"),
        (ENUMERATED, 3, "high"),
        (ENUMERATED, 7, "7"),
        ({"type": "numeric", "format": "%.3f"}, 77.35, "77.350"),
        ({"type": "numeric", "format": "%d"}, float("nan"), "nan"),
        ({"type": "numeric", "format": "%d"}, 34.9999999, "35"),
        (
            {"type": "numeric", "format": "%.1f", "units": {"": "rad", "formatted": "deg"}},
            math.pi / 4,
            "45.0",
        ),
        ({"type": "numeric array"}, [1, 2.5], "[1, 2.5]"),
        ({"type": "numeric"}, 1e-6, "1e-06"),
        ({"type": "string"}, "as it is", "as it is"),
        ({}, None, ""),
    ],
)
def test_values_are_written_by_type(config, value, text) -> None:
    assert to_text("a.b", config, value) == text


def test_an_unknown_word_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="'on' is not one of 'off' \\(0\\), 'high' \\(3\\)"):
        from_text("a.b", ENUMERATED, "on")


def test_text_for_a_number_says_so() -> None:
    with pytest.raises(ItemTypeError, match="'warm' is not a number"):
        from_text("a.b", {"type": "numeric"}, "warm")


def test_a_number_is_written_in_the_formatted_unit() -> None:
    config = {"type": "numeric", "format": "%.1f", "units": {"": "rad", "formatted": "deg"}}
    assert from_text("a.b", config, "45") == pytest.approx(math.pi / 4)


@pytest.mark.parametrize("text", ["[1, 2.5]", "(1, 2.5)", "1, 2.5"])
def test_a_sequence_of_numbers_is_read_with_any_brackets(text) -> None:
    assert from_text("a.b", {"type": "numeric array"}, text) == [1, 2.5]


def test_hours_become_radians_by_way_of_degrees_to_the_last_bit() -> None:
    # 1:02:03 h is 15.5125 degrees; what other makes of client send for it is compared with ours for equality
    config = {
        "type": "numeric",
        "format": "%2d:%2.2d:%04.1f",
        "units": {"": "radians", "formatted": "hours"},
    }
    hours = 1 + 2 / 60 + 3 / 60**2
    assert from_text("a.b", config, "1:2:3") == hours * 360 / 24 * (math.pi / 180)
