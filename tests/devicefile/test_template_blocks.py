"""IEEE 488.2 blocks in a template, and how long a reply is before it is read."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.devicefile.template import VALUE, Field, Template
from mktl.errors import ItemTypeError, ItemValueError, TemplateError, TemplateMismatchError

LETTERS = {
    "u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "i64": "q",
    "f32": "f", "f64": "d",
}  # fmt: skip
#: Element → its layout as the struct module has it.
ELEMENTS = {
    name + order: sign + letter
    for name, letter in LETTERS.items()
    for order, sign in (("", ">"), ("le", "<"))
}


@pytest.mark.parametrize(
    ("source", "raw", "data"),
    [
        ("{:block}", b"#15hello", b"hello"),
        (r"{:block}\n", b"#15hel\no\n", b"hel\no"),
        (r":CURV {:block}\n", b":CURV #10\n", b""),
        (r"{:block}{?\n?}", b"#13ab\n\n", b"ab\n"),
    ],
)
def test_a_block_is_as_long_as_its_header_says_whatever_is_in_it(source, raw, data) -> None:
    line = Template.compile(source)
    assert line.parse(raw) == {VALUE: data}
    assert line.format({VALUE: data}) == raw


@pytest.mark.parametrize(
    ("source", "raw", "data"),
    [
        ("{:block}", b"#9000000005hello", b"hello"),
        (r"{:block}{?\n?}", b"#15hello", b"hello"),
        ("{:block}", b"#0hello", b"hello"),
        (r"{:block}\n", b"#0hel\no\n", b"hel\no"),
        (r"{:block}{?\n?}", b"#0hel\no\n", b"hel\no"),
        (r"{:block}{?\n?}", b"#0hello", b"hello"),
    ],
)
def test_longer_headers_and_indefinite_blocks_are_read(source, raw, data) -> None:
    assert Template.compile(source).parse(raw) == {VALUE: data}


def test_a_block_may_hold_what_follows_it_and_another_block() -> None:
    line = Template.compile(r"{name:s},{a:block},{b:block u8};{n:d}\n")
    raw = b"CH1,#14,#12,#13;5\n;5\n"
    values = line.parse(raw)
    assert (values["name"], values["a"], values["b"].tolist(), values["n"]) == (
        "CH1",
        b",#12",
        [59, 53, 10],
        5,
    )
    assert line.format(values) == raw


@given(st.sampled_from(sorted(ELEMENTS)), st.integers(0, 5), st.data())
def test_elements_come_as_an_array_of_the_machine_and_go_back_as_they_came(element, count, data) -> None:
    layout = ELEMENTS[element]
    length = count * struct.calcsize(layout)
    raw = data.draw(st.binary(min_size=length, max_size=length))
    line = Template.compile(rf"{{:block {element}}}\n")
    values = line.parse(b"#9%09d%s\n" % (length, raw))[VALUE]
    assert values.dtype.isnative
    np.testing.assert_array_equal(values, [one for (one,) in struct.iter_unpack(layout, raw)])
    if not np.isnan(values).any():  # a NaN may come back with its quiet bit set
        assert line.format({VALUE: values}).endswith(raw + b"\n")


@pytest.mark.parametrize(
    "value", [[1, -2], (1, -2), np.array([1, -2]), np.array([1.0, -2.0]), range(1, -3, -3)]
)
def test_any_row_of_whole_numbers_is_written(value) -> None:
    assert Template.compile("{:block i16}").format({VALUE: value}) == b"#14\x00\x01\xff\xfe"


@pytest.mark.parametrize(
    ("element", "value", "wrong", "message"),
    [
        ("u8", [1, 256], ItemValueError, "takes 0 to 255, got 1 to 256"),
        ("u64", [2**64], ItemTypeError, "takes a row of numbers"),
        ("i8", [1.5], ItemValueError, "takes whole numbers, got [1.5]"),
        ("i8", [float("nan")], ItemValueError, "takes whole numbers, got [nan]"),
        ("i16", [float("inf")], ItemValueError, "takes whole numbers, got [inf]"),
        ("f32", [1e39], ItemValueError, "takes what 32 bits can hold, got [1e+39]"),
        ("f32", ["x"], ItemTypeError, "takes a row of numbers, got ['x']"),
        ("f32", [[1, 2], [3]], ItemTypeError, "takes a row of numbers"),
        ("f32", [[1, 2], [3, 4]], ItemTypeError, "takes a row of numbers"),
        ("f32", b"abcd", ItemTypeError, "takes a row of numbers, got b'abcd'"),
        ("f32", 5, ItemTypeError, "takes a row of numbers, got 5"),
        ("f32", np.array(5.0), ItemTypeError, "takes a row of numbers"),
        ("f32", None, ItemTypeError, "takes a row of numbers, got None"),
    ],
)
def test_what_the_elements_cannot_hold_is_refused(element, value, wrong, message) -> None:
    with pytest.raises(wrong) as caught:
        Template.compile(f"{{:block {element}}}").format({VALUE: value})
    assert message in str(caught.value)


def test_booleans_are_ones_and_zeros() -> None:
    assert Template.compile("{:block u8}").format({VALUE: [True, False]}) == b"#12\x01\x00"
    assert Template.compile("{:block f32}").format({VALUE: [True]}) == b"#14\x3f\x80\0\0"


def test_plain_blocks_take_bytes_and_arrays_of_single_bytes() -> None:
    line = Template.compile("{:block}")
    assert line.format({VALUE: np.array([1, 255], np.uint8)}) == line.format({VALUE: bytearray(b"\x01\xff")})
    for value in ("text", 5, np.array([1, 2]), None):
        with pytest.raises(ItemTypeError, match="takes bytes or an array of single bytes, got"):
            line.format({VALUE: value})


@pytest.mark.parametrize(
    ("source", "raw", "at", "expected"),
    [
        ("CURV {:block}", b"CURV 15hello", 5, "a block like #15hello"),
        ("CURV {:block}", b"ERR 5", 0, "'CURV '"),
        ("{:block}", b"#2", 0, "a block like #15hello"),
        ("{:block}", b"#15hell", 0, "a block of 8 bytes in all"),
        (r"{:block}\n", b"#15hello!", 8, r"'\n'"),
        ("{:block}", b"#15hello\n", 8, "the end"),
        ("{:block i16}", b"#15hello", 7, "a block like #15hello of 2-byte numbers"),
        ("{:block f64}", b"#0hello", 2, "a block like #15hello of 8-byte numbers"),
    ],
)
def test_a_broken_block_is_told_where_it_breaks(source, raw, at, expected) -> None:
    with pytest.raises(TemplateMismatchError) as caught:
        Template.compile(source).parse(raw)
    assert (caught.value.at, caught.value.expected) == (at, expected)


@pytest.mark.parametrize(
    ("source", "at", "message"),
    [
        ("{:block i12}", 0, "'i12' is no element of a block; there are u8 i8 u16"),
        ("{:block f16}", 0, "'f16' is no element of a block; "),
        ("A{?{:block}?}", 3, "a block cannot stand in an optional part, for its header says where it ends"),
        ("{:blocks}", 0, "'blocks' is not a format; did you mean 'block'?"),
        ("{:block}{b:s}", 0, "nothing tells where {:block} ends and {b:s} begins"),
    ],
)
def test_a_block_that_is_none_is_no_template(source, at, message) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.compile(source)
    assert caught.value.at == at
    assert caught.value.message.startswith(message)


def test_a_checksum_covers_the_block() -> None:
    line = Template.compile(r"{:block}{#sum8}\n")
    raw = b"#12\x01\x02" + bytes([(0x23 + 0x31 + 0x32 + 3) & 0xFF]) + b"\n"
    assert line.format({VALUE: b"\x01\x02"}) == raw
    assert line.parse(raw) == {VALUE: b"\x01\x02"}


def test_a_block_is_bytes_or_an_array_to_whoever_asks_the_template() -> None:
    assert Template.compile("{:block}").fields == (Field("", "bytes", "block"),)
    assert Template.compile("{:block f32}").fields == (Field("", "array", "block f32"),)


def test_a_skipped_block_is_read_past_and_written_empty() -> None:
    line = Template.compile("{_:block},{:d}")
    assert line.parse(b"#13,,,,7") == {VALUE: 7}
    assert line.format({VALUE: 7}) == b"#10,7"


def test_a_block_is_taken_apart_by_its_length() -> None:
    found = Template.compile(r"A{:block},{n:d}").dissect(b"A#12,,,x")
    assert [(piece.start, piece.end, piece.value) for piece in found.pieces] == [
        (0, 1, None),
        (1, 6, b",,"),
        (6, 7, None),
    ]
    assert found.stopped == (7, "a whole number")


# -- what a framer asks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "offset"),
    [
        ("{:block}", 0),
        (r":CURV {:block f32}\n", 6),
        (r"\x02{_:u8}{:block}", 2),
        ("{:f}", None),
        ("#15hello", None),
        ("{a:s},{:block}", None),
        ("{?:CURV ?}{:block}", None),
    ],
)
def test_a_template_says_where_its_block_begins(source, offset) -> None:
    assert Template.compile(source).block == offset


@pytest.mark.parametrize(
    ("source", "length"),
    [
        (r"\x02\x01{_status:u8=100}\x06{:i32}{#sum8}", 9),  # TMCL
        (r"\x06", 1),
        ("", 0),
        ("{a:02x}{b:02x}", 4),
        ("{:15s}", 15),
        ("{:hex4}{#sum8,hex}", 6),
        ("{:u16le*8}", 16),
        ("{:ON =1|OFF=0}", 3),
        ("{:f32}{b:bytes3}", 7),
        ("{:bcd2}", 2),
        ("{:f}", None),
        ("{:03d}", None),
        ("{:s}", None),
        ("{:u8*}", None),
        ("{:OFF=0|ON=1}", None),
        (r"\x06{?\r?}", None),
        ("{:block}", None),
    ],
)
def test_a_template_says_how_long_its_bytes_are_where_that_is_fixed(source, length) -> None:
    assert Template.compile(source).fixed_length == length
