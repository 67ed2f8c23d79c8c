"""Numbers in print: what is written, what is read, and what is neither."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mktl.devicefile.template import VALUE, Template
from mktl.errors import ItemTypeError, ItemValueError, TemplateError, TemplateMismatchError


def written(spec: str, value: object) -> bytes:
    return Template.compile(f"{{:{spec}}}").format({VALUE: value})


def read(spec: str, raw: bytes) -> object:
    return Template.compile(f"{{:{spec}}}").parse(raw)[VALUE]


# Expected texts are those of C's printf with the same flags.
@pytest.mark.parametrize(
    ("spec", "value", "raw"),
    [
        *[("f", 1.5, b"1.500000"), (".4f", 20.5, b"20.5000"), ("+.1f", 5, b"+5.0"), (" .1f", 5, b" 5.0")],
        *[("08.3f", -1.5, b"-001.500"), ("8.3f", 1.5, b"   1.500"), (".0f", 2.4, b"2")],
        *[(".4e", 8.15e-5, b"8.1500e-05"), (".4E", 8.15e-5, b"8.1500E-05"), ("g", 5.25, b"5.25")],
        *[("G", 1e-10, b"1E-10"), (".3f,", 12.345, b"12,345"), ("+07.2f,", 1.5, b"+001,50")],
        *[("d", -5, b"-5"), ("03d", 7, b"007"), ("+d", 7, b"+7"), (" d", 7, b" 7"), ("5d", 7, b"    7")],
        *[
            ("x", 255, b"ff"),
            ("X", 255, b"FF"),
            ("04X", 255, b"00FF"),
            ("o", 8, b"10"),
            ("08b", 5, b"00000101"),
        ],
    ],
)
def test_a_number_is_written_as_printf_writes_it(spec, value, raw) -> None:
    assert written(spec, value) == raw
    assert read(spec, raw) == pytest.approx(value, abs=0.5 if spec == ".0f" else 1e-9)


@pytest.mark.parametrize("spec", ["f", ".1f", "+08.3f", "e", "E", "g", "G"])
@pytest.mark.parametrize(
    ("raw", "value"),
    [
        *[(b"+77.3500", 77.35), (b"8.15E-05", 8.15e-5), (b"1", 1.0), (b".5", 0.5), (b"5.", 5.0)],
        *[(b"-1.2e+3", -1200.0), (b"   12.5", 12.5), (b"+0.0000", 0.0), (b"9.9E37", 9.9e37)],
        # Sign at the left of a field of fixed width; the exponents of Fortran.
        *[(b"+  1.23", 1.23), (b"-    .5", -0.5), (b" - 5", -5.0), (b"1.5D-03", 1.5e-3), (b"-2d+2", -200.0)],
    ],
)
def test_every_float_format_reads_every_decimal_number(spec, raw, value) -> None:
    assert read(spec, raw) == value
    assert isinstance(read(spec, raw), float)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"-",
        b".",
        b"1e",
        b"0x10",
        b"1_000",
        b"1 2",
        b"1,5",
        b"1e999",
        b"+ -1",
        b"1 ",
        b"D3",
    ],
)
def test_what_is_no_decimal_number_is_not_read_as_one(raw) -> None:
    with pytest.raises(TemplateMismatchError):
        read("f", raw)


@pytest.mark.parametrize("raw", [b"nan", b"NaN", b"NAN", b"inf", b"-INF", b"+Infinity", b" nan"])
def test_what_c_prints_for_no_number_is_read_as_such_and_never_written(raw) -> None:
    value = read("f", raw)
    assert str(value) == str(float(raw))
    with pytest.raises(ItemValueError, match="takes a finite number"):
        written("f", value)
    with pytest.raises(TemplateMismatchError):
        read("f", raw + b"o")


def test_a_decimal_comma_takes_the_place_of_the_point() -> None:
    assert read(".3f,", b"-12,345") == -12.345
    assert read("f,", b"12") == 12.0
    with pytest.raises(TemplateMismatchError, match=r"at byte 3 expected the end"):
        read("f,", b"12.5")


@pytest.mark.parametrize(
    ("spec", "value", "raw", "plain"),
    [
        (",.2f", 1234567.5, b"1,234,567.50", b"1234567.5"),
        ("_.2f", -1234.5, b"-1 234.50", b"-1234.5"),
        (",.2f,", 1234.5, b"1.234,50", b"1234,5"),
        ("_.2f,", 1234.5, b"1 234,50", b"+1234,5"),
        (",.0f", 999, b"999", b"  999"),
    ],
)
def test_thousands_are_marked_where_the_format_says_so_and_read_with_and_without(
    spec, value, raw, plain
) -> None:
    assert written(spec, value) == raw
    assert read(spec, raw) == read(spec, plain) == value


@pytest.mark.parametrize("raw", [b"1,23", b"1234,567", b",123", b"1,,234", b"12,3456"])
def test_a_mark_of_thousands_stands_before_three_digits(raw) -> None:
    with pytest.raises(TemplateMismatchError):
        read(",.2f", raw)


@pytest.mark.parametrize(
    ("spec", "raw", "value"),
    [
        ("d", b"  -12", -12),
        ("d", b"+5", 5),
        ("d", b"007", 7),
        ("x", b"Ff", 255),
        ("X", b"ff", 255),
        ("o", b"17", 15),
        ("d", b"+  12", 12),
        ("d", b" - 5", -5),
        ("b", b"10010", 18),
        # IEEE 488.2 has #H, #Q and #B; C has 0x.
        *[("x", raw, 31) for raw in (b"0x1F", b"0X1f", b"#H1F", b"&h1F", b" +0x1f", b"001F")],
        *[("o", b"#Q17", 15), ("o", b"0o17", 15), ("b", b"#B101", 5), ("b", b"0b101", 5)],
    ],
)
def test_whole_numbers_are_read_liberally(spec, raw, value) -> None:
    assert read(spec, raw) == value
    assert isinstance(read(spec, raw), int)


@pytest.mark.parametrize(
    ("spec", "raw"),
    [
        *[("d", b"5.0"), ("d", b"1A"), ("x", b"-1"), ("o", b"8"), ("b", b"2")],
        *[("d", b"0x10"), ("x", b"0x"), ("x", b"#H"), ("x", b"#Q17"), ("b", b"0x1"), ("d", b"1_0")],
    ],
)
def test_what_is_no_whole_number_of_its_base_is_not_read(spec, raw) -> None:
    with pytest.raises(TemplateMismatchError):
        read(spec, raw)


# -- values to write -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [5, 5.0, np.int16(5), np.float32(5), np.uint8(5), np.array(5), 5 + 1e-10, 0.5 / 0.1]
)
def test_a_whole_number_may_come_as_any_kind_of_number(value) -> None:
    assert written("d", value) == b"5"


@pytest.mark.parametrize("value", [True, np.bool_(True)])
def test_a_boolean_is_written_as_one(value) -> None:
    assert written("d", value) == b"1"
    assert written(".1f", value) == b"1.0"


def test_rounding_of_a_scale_does_not_make_millions_of_steps_fractional() -> None:
    value = 12500.123 / 0.0001  # 125001230.00000001: off by more than 1e-9
    assert abs(value - 125001230) > 1e-9
    assert written("d", value) == b"125001230"


@pytest.mark.parametrize("value", [5.5, 5.001, math.nan, math.inf, 5 + 1e-8])
@pytest.mark.parametrize("spec", ["d", "02x", "u8", "hex2", "bcd1"])
def test_a_fraction_is_no_whole_number(spec, value) -> None:
    with pytest.raises(ItemValueError, match=rf"^\{{:{spec}\}} takes a whole number, got {value}$"):
        written(spec, value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_never_printed(value) -> None:
    with pytest.raises(ItemValueError, match="takes a finite number, got"):
        written(".4f", value)


@pytest.mark.parametrize("value", ["5", b"5", None, [5], 5j, np.array([1, 2])])
@pytest.mark.parametrize("spec", [".4f", "d", "u8", "f32", "hex2", "bcd1"])
def test_what_is_no_number_is_a_wrong_type(spec, value) -> None:
    with pytest.raises(ItemTypeError, match=r"takes a number, got"):
        written(spec, value)


@pytest.mark.parametrize("spec", ["x", "04X", "o", "b"])
def test_a_negative_number_is_not_written_in_an_unsigned_base(spec) -> None:
    with pytest.raises(ItemValueError, match="takes a number that is not negative, got -1"):
        written(spec, -1)


# -- widths --------------------------------------------------------------------------------------------


def test_a_width_is_the_least_width_where_a_literal_follows() -> None:
    line = Template.compile("{a:02x},{b:5.1f};")
    assert line.format({"a": 0x123, "b": 12345.6}) == b"123,12345.6;"
    assert line.parse(b"123,12345.6;") == {"a": 0x123, "b": 12345.6}
    assert line.parse(b"1,2;") == {"a": 1, "b": 2.0}


@pytest.mark.parametrize(
    ("source", "values", "raw"),
    [
        ("{a:02x}{b:02x}", {"a": 1, "b": 255}, b"01ff"),
        ("{a:03d}{b:03d}{c:03d}", {"a": 1, "b": 22, "c": -3}, b"001022-03"),
        ("{a:06.2f}{b:7.2f}", {"a": 1.5, "b": -2.25}, b"001.50  -2.25"),
        ("{a:06.2f,}{b:06.2f,}", {"a": 1.5, "b": -2.25}, b"001,50-02,25"),
        ("{a: 7.2f}{b:+06.1f}", {"a": 1.5, "b": -2.5}, b"   1.50-002.5"),
        ("{a:s}{b:03d}", {"a": "CH", "b": 7}, b"CH007"),
        ("{a:02d}{b:[A-Z]}", {"a": 5, "b": "K"}, b"05K"),
        ("{a:02d}{?{b:02d}?}", {"a": 5, "b": 6}, b"0506"),
    ],
)
def test_a_width_is_exact_where_another_field_touches(source, values, raw) -> None:
    line = Template.compile(source)
    assert line.format(values) == raw
    assert line.parse(raw) == values
    with pytest.raises(TemplateMismatchError):
        line.parse(raw + b"!")
    with pytest.raises(TemplateMismatchError):
        line.parse(raw[:-1])


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        (b"+  1.2- 12.5", {"a": 1.2, "b": -12.5}),
        (b"1.5D-3 1.5E3", {"a": 1.5e-3, "b": 1500.0}),
        (b"1.5   2.5   ", {"a": 1.5, "b": 2.5}),
    ],
)
def test_in_an_exact_width_a_number_may_stand_anywhere(raw, values) -> None:
    assert Template.compile("{a:6.1f}{b:6.1f}").parse(raw) == values


def test_two_numbers_within_one_exact_width_are_none() -> None:
    with pytest.raises(TemplateMismatchError, match=r"at byte 1 expected a decimal number of 6 characters"):
        Template.compile("{a:6.1f}{b:6.1f}").parse(b"1 2.5    1.5")


def test_a_number_that_does_not_fit_its_exact_width_is_refused() -> None:
    line = Template.compile("{a:02x}{b:02x}")
    with pytest.raises(
        ItemValueError, match=r"^\{a:02x\} takes exactly 2 characters, got 256, which needs 3$"
    ):
        line.format({"a": 256, "b": 0})


def test_a_sign_tells_where_the_next_number_begins() -> None:
    line = Template.compile("{a:+d}{b:+.1f}")
    assert line.format({"a": 12, "b": -3.5}) == b"+12-3.5"
    assert line.parse(b"+12-3.5") == {"a": 12, "b": -3.5}
    with pytest.raises(TemplateMismatchError, match=r"at byte 5 expected a decimal number with its sign"):
        line.parse(b"+123")


def test_a_number_may_be_followed_by_its_unit() -> None:
    reply = Template.compile("{:.1f}{unit:[A-Za-z]}")
    assert reply.parse(b"12.5mbar") == {VALUE: 12.5, "unit": "mbar"}
    assert reply.format({VALUE: 12.5, "unit": "K"}) == b"12.5K"


@pytest.mark.parametrize(
    "source", ["{a:d}{b:d}", "{a:f}{b:d}", "{a:d}{?,x?}{b:x}", "{a:f*,}{b:f}", "{a:d}{_:d=0}"]
)
def test_two_numbers_without_a_border_are_no_template(source) -> None:
    with pytest.raises(
        TemplateError, match=r"character 1: nothing tells where \{a:\S+\} ends and \{\S+\} begins; "
    ):
        Template.compile(source)
