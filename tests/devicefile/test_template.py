"""The language itself: literals, fields by name, skipped ones, constants, options, arrays, parameters."""

from __future__ import annotations

import copy
import doctest
import importlib
import pickle
import pkgutil

import numpy as np
import pytest

from mktl.devicefile import _fields, template
from mktl.devicefile.template import VALUE, Field, Template, fill
from mktl.errors import ItemTypeError, ItemValueError, TemplateError, TemplateMismatchError

MODULES = ["mktl.devicefile.template"] + [
    f"{_fields.__name__}.{module.name}" for module in pkgutil.iter_modules(_fields.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_run(name) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_line_of_the_table_at_the_top_of_the_module_compiles() -> None:
    table = template.__doc__.split("====\n")[1]
    samples = [cell for cell in table.split("``")[1::2] if "{" in cell[:3] and cell[:2] != "{{"]
    assert len(samples) >= 14
    for sample in samples:
        for placeholder in sample.split(" {") if not sample.startswith("{?") else [sample]:
            Template.compile("{" + placeholder.removeprefix("{"))


# -- literals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "raw"),
    [
        ("KRDG? A", b"KRDG? A"),
        (r"PRX\r\n", b"PRX\r\n"),
        (r"\x06\x0D\x0a\t\0\\", b"\x06\r\n\t\0\\"),
        (r"\01", b"\x001"),
        ("{{a}} {{}}", b"{a} {}"),
        ("a\r\n", b"a\r\n"),
        (".*+?[(|)]^$#", b".*+?[(|)]^$#"),
        ("", b""),
        ("?}}", b"?}"),
        (r"\xff", b"\xff"),
    ],
)
def test_a_literal_stands_for_its_bytes_in_both_directions(source, raw) -> None:
    compiled = Template.compile(source)
    assert compiled.format({}) == raw
    assert compiled.parse(raw) == {}
    assert compiled.is_constant
    with pytest.raises(TemplateMismatchError):
        compiled.parse(raw + b"!")


@pytest.mark.parametrize(
    ("encoding", "raw"), [("latin-1", b"5 \xb0C"), ("utf-8", b"5 \xc2\xb0C"), ("cp437", b"5 \xf8C")]
)
def test_literals_text_and_words_are_in_the_encoding_of_the_link(encoding, raw) -> None:
    assert Template.compile("5 °C", encoding=encoding).format({}) == raw
    assert Template.compile("5 {:s}", encoding=encoding).parse(raw) == {VALUE: "°C"}
    assert Template.compile("5 {:s}", encoding=encoding).format({VALUE: "°C"}) == raw
    assert Template.compile("5 {:°C=1|K=2}", encoding=encoding).parse(raw) == {VALUE: 1}


# -- the template as a value ---------------------------------------------------------------------------


def test_a_template_lists_its_fields_in_order_skipped_and_constant_ones_included() -> None:
    compiled = Template.compile("{_:f},{_s:u8=100}{a:d}{?;{b:s}?} {:OFF=0|ON=1}{item.other:.1f}{#sum8,hex}")
    assert compiled.fields == (
        Field("_", "float", "f"),
        Field("_s", "int", "u8=100"),
        Field("a", "int", "d"),
        Field("b", "text", "s"),
        Field("", "word", "OFF=0|ON=1", (0, 1)),
        Field("item.other", "float", ".1f"),
        Field("#", "checksum", "sum8,hex"),
    )
    assert compiled.names == ("a", "b", "")
    assert compiled.item_references == ("other",)
    assert not compiled.is_constant


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        *[(spec, "float") for spec in ("f", "+.4f", "e", "G", ".3f,", "f32", "f64le")],
        *[(spec, "int") for spec in ("d", "03d", "x", "X", "o", "b", "u8", "i32le", "hex4", "bcd2")],
        *[(spec, "text") for spec in ("s", "15s", "q", "[A-Z]", "/x+/")],
        *[("OFF=0|ON=1", "word"), ("NORM|REV", "word")],
        *[("bytes", "bytes"), ("bytes8", "bytes"), ("f*,", "array")],
    ],
)
def test_a_field_says_what_kind_of_value_it_carries(spec, kind) -> None:
    assert Template.compile(f"{{:{spec}}}").fields[0].kind == kind


def test_templates_are_equal_when_source_and_encoding_are() -> None:
    one, same = Template.compile("{:f}"), Template.compile("{:f}")
    assert one == same
    assert hash(one) == hash(same)
    assert one != Template.compile("{:e}")
    assert one != Template.compile("{:f}", encoding="utf-8")


def test_a_template_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Template.compile("{:f}").source = "{:d}"  # type: ignore[misc]


def test_the_repr_of_a_template_is_its_source() -> None:
    assert repr(Template.compile("SETP 1,{:.4f}")) == "Template('SETP 1,{:.4f}')"
    assert repr(Template.compile("{:s}", encoding="utf-8")) == "Template('{:s}', encoding='utf-8')"


@pytest.mark.parametrize("through", [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_a_template_survives_copying_and_pickling(through) -> None:
    original = Template.compile("{a:d},{b:OFF=0|ON=1}{#sum8}")
    twin = through(original)
    assert twin == original
    assert twin.format({"a": 1, "b": 1}) == original.format({"a": 1, "b": 1})


# -- names and other items -----------------------------------------------------------------------------


def test_a_reply_is_parsed_into_values_by_name() -> None:
    assert Template.compile("{a:d},{:f},{c:s}").parse(b"1,2.5,x") == {"a": 1, VALUE: 2.5, "c": "x"}


def test_the_value_of_another_item_stands_in_a_command() -> None:
    command = Template.compile("PID 1,{:.1f},{item.integral:.1f}")
    assert command.format({VALUE: 50.0, "item.integral": 20}) == b"PID 1,50.0,20.0"
    assert command.parse(b"PID 1,50.0,20.0") == {VALUE: 50.0, "item.integral": 20.0}


@pytest.mark.parametrize(
    ("value", "raw"),
    [(5, b"A5"), (2.5, b"A2.5"), (True, b"A1"), ("x y", b"Ax y"), (np.float32(0.5), b"A0.5")],
)
def test_another_item_without_a_format_is_written_as_it_is(value, raw) -> None:
    command = Template.compile("A{item.other}")
    assert command.format({"item.other": value}) == raw
    assert command.parse(raw) == {"item.other": value}


def test_values_that_no_field_asks_for_do_no_harm() -> None:
    assert Template.compile("OUTP {:d}").format({VALUE: 1, "b": "x", "item.c": None}) == b"OUTP 1"


def test_a_missing_value_is_named_and_so_are_the_given_ones() -> None:
    with pytest.raises(ItemValueError, match=r"^\{b:\.1f\} has no value; given are \['a'\]$"):
        Template.compile("{a:d},{b:.1f}").format({"a": 1})


def test_an_error_in_a_value_begins_with_its_field() -> None:
    with pytest.raises(ItemTypeError, match=r"^\{heater:\.2f\} takes a number, got 'hot'$"):
        Template.compile("{a:d},{heater:.2f}").format({"a": 1, "heater": "hot"})


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
        ("d*", None, None),
        ("d* ", [1, 2, 3], b"1 2 3"),
        (r"d*\r\n", [1, 2], b"1\r\n2"),
        (".1f,*;", [1.5, 2.0], b"1,5;2,0"),
        ("s*, ", ["a", "b,c", ""], b"a, b,c, "),
        ("[A-Z]*,", ["AB", "C"], b"AB,C"),
        ("q*,", ["a,b", 'c"d'], b'"a,b","c""d"'),
        ("OFF=0|ON=1*,", [0, 1, 1], b"OFF,ON,ON"),
        ("u8*", [1, 2, 255], b"\x01\x02\xff"),
        ("i16le*", [-1, 2], b"\xff\xff\x02\x00"),
        ("02X*", [1, 255], b"01FF"),
        ("hex2* ", [1, 255], b"01 FF"),
    ],
)
def test_an_array_is_a_list_in_both_directions(spec, values, raw) -> None:
    if values is None:
        with pytest.raises(TemplateError, match="elements of one length"):
            Template.compile(f"{{:{spec}}}")
        return
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


# -- parameters ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "filled"),
    [
        ("KRDG? {input}", "KRDG? A"),
        ("{input}{input}", "AA"),
        ("temp{input}", "tempA"),
        ("{{input}}", "{{input}}"),
        ("{{{input}}}", "{{A}}"),
        ("{input:f} {item.input} {other} {#sum8}", "{input:f} {item.input} {other} {#sum8}"),
        ("{?,{input}?}", "{?,A?}"),
        ("{:.{digits}f}", "{:.3f}"),
        ("{temp{input}:f}", "{tempA:f}"),
        ("{_}", "{_}"),
    ],
)
def test_a_parameter_takes_the_place_of_its_name_and_nothing_else_changes(source, filled) -> None:
    assert fill(source, {"input": "A", "digits": 3}) == filled


def test_a_name_that_was_no_parameter_is_an_error_of_the_template() -> None:
    with pytest.raises(TemplateError, match=r"character 7: unknown parameter 'inptu'; .*\{inptu:f\}"):
        Template.compile(fill("KRDG? {inptu}", {"input": "A"}))
