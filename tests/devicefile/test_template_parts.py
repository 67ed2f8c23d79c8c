"""Parts beyond plain fields: skipped ones, constants, optional parts and arrays."""

from __future__ import annotations

import numpy as np
import pytest

from mktl.devicefile.template import VALUE, Template
from mktl.errors import ItemTypeError, ItemValueError, TemplateError, TemplateMismatchError

# -- skipped fields and constants ----------------------------------------------------------------------


def test_a_skipped_field_is_read_and_dropped() -> None:
    reply = Template.compile("{_:f},{_:s},{:d}")
    assert reply.parse(b"+1.5,anything,7") == {VALUE: 7}


@pytest.mark.parametrize(
    ("spec", "raw"),
    [
        *[(".1f", b"0.0"), ("03d", b"000"), ("X", b"0"), ("s", b""), ("3s", b"   "), ("q", b'""')],
        *[("[A-Z]", b"A"), ("[0-9]", b"0"), ("[^,]", b"0"), ("OFF=5|ON=1", b"OFF")],
        *[("u16", b"\0\0"), ("f32", b"\0\0\0\0"), ("bcd1", b"\0"), ("hex2", b"00"), ("bytes2", b"\0\0")],
        *[(".1f*,", b"0.0"), ("/[0-9]/", b"0"), ("/[A-Z]*/", b"")],
    ],
)
def test_a_skipped_field_is_written_as_something_plain_that_it_reads_itself(spec, raw) -> None:
    reply = Template.compile(f"<{{_x:{spec}}}>")
    assert reply.format({}) == b"<" + raw + b">"
    assert reply.parse(b"<" + raw + b">") == {}


def test_a_skipped_field_is_written_with_its_value_where_one_is_given() -> None:
    assert Template.compile("{_firmware:s}").format({"_firmware": "2.9"}) == b"2.9"


def test_a_skipped_expression_without_a_plain_text_must_be_given() -> None:
    with pytest.raises(ItemValueError, match=r"^\{_v:/v\[0-9\]/\} has no value"):
        Template.compile("{_v:/v[0-9]/}").format({})


@pytest.mark.parametrize(
    ("spec", "raw", "same", "other"),
    [
        ("u8=100", b"\x64", b"\x64", b"\x65"),
        ("u8=0x64", b"\x64", b"\x64", b"\x65"),
        ("d=0", b"0", b"+000", b"1"),
        ("02X=255", b"FF", b"ff", b"FE"),
        (".1f=1.5", b"1.5", b"+1.50E+00", b"1.6"),
        ("i16le=-2", b"\xfe\xff", b"\xfe\xff", b"\xff\xfe"),
        ("hex4=0x00FF", b"00FF", b"00ff", b"00FE"),
    ],
)
def test_a_constant_is_always_written_and_must_come(spec, raw, same, other) -> None:
    frame = Template.compile(f"<{{_:{spec}}}>")
    assert frame.format({}) == frame.format({"_": 9}) == b"<" + raw + b">"
    assert frame.parse(b"<" + same + b">") == {}
    with pytest.raises(TemplateMismatchError, match=r"at byte 2 expected the value "):
        frame.parse(b"<" + other + b">")


# -- optional parts ------------------------------------------------------------------------------------


def test_an_optional_part_may_be_absent_and_so_are_its_fields() -> None:
    reply = Template.compile("{:f}{? {unit:[A-Za-z]}?}")
    assert reply.parse(b"5.0 mbar") == {VALUE: 5.0, "unit": "mbar"}
    assert reply.parse(b"5.0") == {VALUE: 5.0}


def test_an_optional_part_is_written_when_its_values_are_given() -> None:
    reply = Template.compile("{:.1f}{? {unit:s}?}")
    assert reply.format({VALUE: 5, "unit": "mbar"}) == b"5.0 mbar"
    assert reply.format({VALUE: 5}) == b"5.0"


def test_an_optional_part_with_half_of_its_values_names_the_missing_one() -> None:
    with pytest.raises(ItemValueError, match=r"^\{b:d\} has no value"):
        Template.compile("{:d}{?,{a:d},{b:d}?}").format({VALUE: 1, "a": 2})


def test_an_optional_part_without_values_is_written() -> None:
    reply = Template.compile(r"{?OK {_:d}\r\n?}{:d}")
    assert reply.format({VALUE: 5}) == b"OK 0\r\n5"
    assert reply.parse(b"5") == reply.parse(b"OK 7\r\n5") == {VALUE: 5}


def test_an_optional_part_of_another_item_is_written_when_that_is_known() -> None:
    command = Template.compile("{:d}{?,{item.channel:d}?}")
    assert command.format({VALUE: 1}) == b"1"
    assert command.format({VALUE: 1, "item.channel": 3}) == b"1,3"


def test_optional_parts_nest_and_follow_each_other() -> None:
    reply = Template.compile("{a:d}{?,{b:d}{?,{c:d}?}?}{?;{d:s}?}")
    assert reply.parse(b"1") == {"a": 1}
    assert reply.parse(b"1,2") == {"a": 1, "b": 2}
    assert reply.parse(b"1,2,3;x") == {"a": 1, "b": 2, "c": 3, "d": "x"}
    assert reply.format({"a": 1, "d": "x"}) == b"1;x"
    with pytest.raises(TemplateMismatchError):
        reply.parse(b"1,x")


def test_text_before_an_optional_part_ends_where_that_begins() -> None:
    reply = Template.compile("{a:s}{?,{b:d}?}")
    assert reply.parse(b"x") == {"a": "x"}
    assert reply.parse(b"x,5") == {"a": "x", "b": 5}
    with pytest.raises(ItemValueError, match=r"takes nothing with ',' in it"):
        reply.format({"a": "x,y"})


# -- arrays --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "values", "raw"),
    [
        (".1f*,", [1.0, -2.5], b"1.0,-2.5"),
        ("d* ", [1, 2, 3], b"1 2 3"),
        (r"d*\r\n", [1, 2], b"1\r\n2"),
        (".1f,*;", [1.5, 2.0], b"1,5;2,0"),
        ("s*, ", ["a", "b,c", ""], b"a, b,c, "),
        ("[A-Z]*,", ["AB", "C"], b"AB,C"),
        ("q*,", ["a,b", 'c"d'], b'"a,b","c""d"'),
        ("OFF=0|ON=1*,", [0, 1, 1], b"OFF,ON,ON"),
        ("u8*", [1, 2, 255], b"\x01\x02\xff"),
        ("bcd1*", [12, 99], b"\x12\x99"),
        ("bytes2*", [b"ab", b"\0,"], b"ab\0,"),
        ("3s*", ["ab", "c"], b"ab c  "),
        ("hex2*", [1, 255], b"01FF"),
        ("LOW=0|MID=1*", [0, 1, 1], b"LOWMIDMID"),
        ("i16le*", [-1, 2], b"\xff\xff\x02\x00"),
        ("02X*", [1, 255], b"01FF"),
        ("hex2* ", [1, 255], b"01 FF"),
        ("u16le*2", [1, 0x0201], b"\x01\x00\x01\x02"),
        (".1f*2, ", [1.0, -2.5], b"1.0, -2.5"),
        ("[A-Z]*3;", ["AB", "C", "D"], b"AB;C;D"),
        ("OFF|ON* ", ["ON", "OFF"], b"ON OFF"),
    ],
)
def test_an_array_is_a_list_in_both_directions(spec, values, raw) -> None:
    line = Template.compile(rf"T{{:{spec}}}")
    assert line.format({VALUE: values}) == b"T" + raw
    assert line.parse(b"T" + raw) == {VALUE: values}


@pytest.mark.parametrize("spec", ["s*,", "[A-Z]*,", "d*,", "bytes*,"])
def test_an_array_ends_at_the_literal_behind_it(spec) -> None:
    line = Template.compile(rf"{{a:{spec}}};{{b:s}}\r\n")
    values = {"a": {"d": [1, 2], "b": [b"A", b"B"]}.get(spec[0], ["A", "B"]), "b": "x,y"}
    assert line.parse(line.format(values)) == values


def test_an_array_takes_numpy_and_tuples_but_no_text_and_no_emptiness() -> None:
    line = Template.compile("{:d*,}")
    assert line.format({VALUE: np.arange(3)}) == line.format({VALUE: (0, 1, 2)}) == b"0,1,2"
    with pytest.raises(ItemTypeError, match="takes a sequence, got '123'"):
        line.format({VALUE: "123"})
    with pytest.raises(ItemTypeError, match="takes a sequence, got 5"):
        line.format({VALUE: 5})
    with pytest.raises(ItemValueError, match="at least one element"):
        line.format({VALUE: []})


def test_an_element_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ItemTypeError, match=r"^\{:d\*,\} takes a number, got 'x'"):
        Template.compile("{:d*,}").format({VALUE: [1, "x"]})
    with pytest.raises(ItemValueError, match=r"takes nothing with ',' in it, got b'a,b'"):
        Template.compile("{:s*,}").format({VALUE: ["a,b", "c"]})


def test_a_counted_array_has_so_many_elements_and_no_other_number() -> None:
    line = Template.compile("{a:u8*3}{b:u8*}")
    assert line.parse(b"\x01\x02\x03\x04\x05") == {"a": [1, 2, 3], "b": [4, 5]}
    with pytest.raises(ItemValueError, match=r"^\{a:u8\*3\} takes 3 elements, got 2$"):
        line.format({"a": [1, 2], "b": [1]})
    with pytest.raises(TemplateMismatchError):
        Template.compile("{:d*3,}").parse(b"1,2")
    with pytest.raises(TemplateMismatchError, match=r"at byte 6 expected the end"):
        Template.compile("{:d*3,}").parse(b"1,2,3,4")


@pytest.mark.parametrize("spec", ["d*", "f*", "s*", "q*", "[A-Z]*", "OFF=0|ON=1*"])
def test_an_array_without_a_separator_needs_elements_of_one_length(spec) -> None:
    with pytest.raises(TemplateError, match="an array without a separator needs elements of one length"):
        Template.compile(f"{{:{spec}}}")


def test_a_separator_that_could_be_part_of_a_word_is_at_worst_a_mismatch() -> None:
    line = Template.compile("{:ON=1|ONX=2*X}")
    assert line.parse(b"ONXX" + b"ON") == {VALUE: [2, 1]}
    with pytest.raises(TemplateMismatchError, match="expected one of 'ON', 'ONX'"):
        line.parse(b"ONXON")
