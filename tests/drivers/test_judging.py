"""From the fields of a reply to a value, or to why there is none."""

from __future__ import annotations

import math

import pytest
from mktl_drivers.judging import Verdict, fit, in_words, judge

from mktl.devicefile import Conversion, ItemSpec, Sentinel

# Lake Shore 336, RDGST?: the enumerators of its reading status.
STATUS = {
    "type": "mask",
    "enumerators": {
        "none": "ok",
        "0": "invalid",
        "4": "temperature underrange",
        "5": "temperature overrange",
    },
}


def spec(item_type: str | None = "numeric", **kwargs: object) -> ItemSpec:
    return ItemSpec("temp", {} if item_type is None else {"type": item_type}, **kwargs)


def explain(field: str, value: object) -> str:
    return in_words(value, STATUS) if field == "status" else ""


def test_a_reading_is_none_while_the_status_beside_it_says_so() -> None:
    bad = judge(spec(field="kelvin", good_when={"status": (0,)}), {"kelvin": 0.0, "status": 32}, explain)
    assert bad == Verdict(None, "range", "status is 32 (temperature overrange)")


def test_a_channel_that_is_off_is_disabled_whatever_else_is_said_of_it() -> None:
    off = spec(field="kelvin", good_when={"status": (0,)}, disabled_when={"type": (0,)})
    assert judge(off, {"kelvin": 0.0, "status": 1, "type": 0}).status == "disabled"
    assert judge(off, {"kelvin": 4.2, "status": 0, "type": 1}) == Verdict(4.2)


def test_several_values_may_be_good() -> None:
    either = spec(good_when={"state": ("RUN", "IDLE")})
    assert judge(either, {"": 1.0, "state": "IDLE"}).status == "ok"
    assert judge(either, {"": 1.0, "state": "FAULT"}).reason == "state is 'FAULT'"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_never_becomes_a_value(number) -> None:
    assert judge(spec(), {"": number}).status == "range"


def test_a_field_that_did_not_come_is_no_value() -> None:
    assert judge(spec(field="unit"), {"": 1.0}) == Verdict(None, "range", "the reply has no unit")
    assert judge(spec(good_when={"status": (0,)}), {"": 1.0}).reason == "the reply has no status"


def test_steps_become_millimetres() -> None:
    assert judge(spec(conversion=Conversion(scale=0.00125, offset=1.0)), {"": 8000}) == Verdict(11.0)


@pytest.mark.parametrize(
    ("raw", "item_type", "value"),
    [
        (1.0, "boolean", 1),
        (True, "boolean", 1),
        ("3", "enumerated", 3),
        (33.0, "mask", 33),
        (12, "string", "12"),
        (b"\xb0C", "string", "°C"),
        ("1.5", "numeric", 1.5),
        ([1.0, 2.0], "numeric array", [1.0, 2.0]),
        ("anything", None, "anything"),
    ],
)
def test_a_value_has_the_type_of_its_item(raw, item_type, value) -> None:
    fitted = fit(raw, item_type)
    assert fitted == value
    assert type(fitted) is type(value)


@pytest.mark.parametrize(("raw", "item_type"), [(1.5, "enumerated"), ("ON", "boolean")])
def test_what_cannot_be_of_the_type_is_invalid_and_says_what_came(raw, item_type) -> None:
    verdict = judge(spec(item_type), {"": raw})
    assert verdict.status == "invalid"
    assert repr(raw) in verdict.reason


NOT_FITTED = {
    "---": Sentinel("not fitted", "disabled"),
    "9.9E37": Sentinel("overload"),
    "0x7FFF": Sentinel("open"),
}


@pytest.mark.parametrize(
    ("raw", "status", "reason"),
    [
        ("---", "disabled", "not fitted"),
        (" --- ", "disabled", "not fitted"),
        (9.9e37, "range", "overload"),
        (9.90000026e37, "range", "overload"),  # as a single has it
        (32767, "range", "open"),
        ("LO<E-11", "range", "the device says 'LO<E-11'"),
        (float("nan"), "range", "the device says nan"),
    ],
)
def test_what_stands_in_the_place_of_a_value_is_none_and_says_why(raw, status, reason) -> None:
    verdict = judge(spec(sentinels=NOT_FITTED), {"": raw})
    assert (verdict.value, verdict.status, verdict.reason) == (None, status, reason)


def test_one_bit_of_a_number_is_a_value_of_its_own() -> None:
    of_bit_5 = spec("boolean", bit=5)
    assert [judge(of_bit_5, {"": raw}).value for raw in (0b100000, 0b011111, 255)] == [1, 0, 1]


def test_bits_without_a_word_are_named_by_number() -> None:
    assert in_words(0b100001, STATUS) == "invalid, temperature overrange"
    assert in_words(0b10, STATUS) == "bit 1"
    assert in_words(0, STATUS) == ""
