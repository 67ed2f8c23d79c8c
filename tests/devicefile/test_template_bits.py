"""Bit fields: several values in the same bytes, the highest bit first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.devicefile.template import VALUE, Field, Template
from mktl.errors import ItemTypeError, ItemValueError, TemplateError, TemplateMismatchError


def test_bit_fields_side_by_side_share_a_byte_with_the_highest_bit_first() -> None:
    status = Template.compile(r"S{error:bits1}{mode:bits3}{_:bits4};")
    assert status.parse(b"S\xd7;") == {"error": 1, "mode": 5}
    assert status.format({"error": 1, "mode": 5}) == b"S\xd0;"
    assert status.fields[:2] == (Field("error", "int", "bits1"), Field("mode", "int", "bits3"))
    assert status.names == ("error", "mode")
    assert status.fixed_length == 3


def test_bit_fields_may_reach_across_bytes() -> None:
    frame = Template.compile("{channel:bits4}{count:bits12}{#sum8}")
    assert frame.parse(b"\x3a\xbc\xf6") == {"channel": 3, "count": 0xABC}
    assert frame.format({"channel": 3, "count": 0xABC}) == b"\x3a\xbc\xf6"


def test_constant_bits_must_come_and_are_always_written() -> None:
    frame = Template.compile("{_:bits2=2}{:bits6}")
    assert frame.format({VALUE: 5}) == b"\x85"
    assert frame.parse(b"\x85") == {VALUE: 5}
    with pytest.raises(TemplateMismatchError, match=r"at byte 1 expected the value 2$"):
        frame.parse(b"\x45")


def test_bits_in_an_optional_part_come_and_go_together() -> None:
    frame = Template.compile("{:u8}{?{a:bits4}{b:bits4}?}")
    assert frame.parse(b"\x01\x23") == {VALUE: 1, "a": 2, "b": 3}
    assert frame.parse(b"\x01") == {VALUE: 1}
    assert frame.format({VALUE: 1}) == b"\x01"
    assert frame.format({VALUE: 1, "a": 2, "b": 3}) == b"\x01\x23"


def test_a_frame_that_ends_before_the_bits_departs_there() -> None:
    with pytest.raises(TemplateMismatchError, match=r"at byte 2 expected 2 raw bytes$"):
        Template.compile("A{a:bits4}{b:bits12}").parse(b"A\x01")


def test_a_value_that_the_bits_cannot_hold_is_refused_with_its_field() -> None:
    frame = Template.compile("{a:bits3}{b:bits5}")
    with pytest.raises(ItemValueError, match=r"^\{a:bits3\} takes 0 to 7, got 8$"):
        frame.format({"a": 8, "b": 0})
    with pytest.raises(ItemTypeError, match=r"^\{b:bits5\} takes a number, got 'x'$"):
        frame.format({"a": 0, "b": "x"})
    with pytest.raises(ItemValueError, match=r"^\{b:bits5\} has no value"):
        frame.format({"a": 0})


@pytest.mark.parametrize(
    ("source", "at", "message"),
    [
        ("A{a:bits3}", 1, "bit fields side by side make whole bytes, these are 3 bits; {_:bits5} fills up"),
        ("{a:bits4}{b:u8}{c:bits4}", 0, "bit fields side by side make whole bytes, these are 4 bits; "),
        ("{a:u8}{?{b:bits4}?}", 8, "bit fields side by side make whole bytes, these are 4 bits; "),
        ("{a:bits4}{a:bits4}", 9, "the field 'a' comes twice; {_:bits4} skips a value"),
        ("{_:bits2=4}{a:bits6}", 0, "'bits2=4' takes 0 to 3, got 4"),
        ("{:bits65}", 0, "'bits65' is not a format; bit fields are like {a:bits3}{_:bits5}"),
        ("{:bits4*2}", 0, "'bits4' is not a format; bit fields are like {a:bits3}{_:bits5}"),
        ("{:bits}", 0, "'bits' is not a format; bit fields are like "),
    ],
)
def test_bits_that_make_no_bytes_are_no_template(source, at, message) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.compile(source)
    assert caught.value.message.startswith(message)
    assert caught.value.at == at


@given(st.data())
def test_any_division_of_bytes_reads_back_what_it_wrote(data) -> None:
    widths = data.draw(st.lists(st.integers(1, 20), min_size=1, max_size=6))
    widths += [-sum(widths) % 8] if sum(widths) % 8 else []
    values = {f"n{number}": data.draw(st.integers(0, 2**width - 1)) for number, width in enumerate(widths)}
    frame = Template.compile("".join(f"{{n{number}:bits{width}}}" for number, width in enumerate(widths)))
    raw = frame.format(values)
    assert raw == int("".join(f"{values[f'n{n}']:0{w}b}" for n, w in enumerate(widths)), 2).to_bytes(
        sum(widths) // 8, "big"
    )
    assert frame.parse(raw) == values
