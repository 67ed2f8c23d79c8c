"""The language itself: literals, the template as a value, fields by name, parameters."""

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
