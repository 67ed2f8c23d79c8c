"""The errors of templates, word for word: they are all that the writer of a device file sees."""

from __future__ import annotations

import pytest

from mktl.devicefile.template import Template
from mktl.errors import TemplateError, TemplateMismatchError

FAMILIES = (
    "a float is like {:.4f}, a whole number {:d} or {:02X}, text {:s}, a word {:OFF=0|ON=1}, "
    "raw bytes {:u8} or {:i32le}"
)
FLOATS = "a float is like {:.4f}, {:+8.3e} or, with a decimal comma, {:.3f,}"
WHOLES = "a whole number is like {:d}, {:03d}, {:+d} or {:02X}"
RAW = "raw numbers are u8 i8 u16 i16 … u64 i64, f32 f64, big-endian, or little-endian with 'le' behind"
ESCAPES = r"there are \r \n \t \0 \\ \xNN"
BORDER = (
    "nothing tells where {a:%s} ends and {b:%s} begins; give one a width, like {:%s}, "
    "or put a literal between them"
)

# (template, place counted from 0, message)
NONSENSE = [
    ("SETP 1,{:4.f}", 7, f"'4.f' is not a format; {FLOATS}"),
    ("{:-5d}", 0, f"'-5d' is not a format; {WHOLES}"),
    ("{:.2d}", 0, f"'.2d' is not a format; {WHOLES}"),
    ("{:.5s}", 0, "'.5s' is not a format; text is {:s}, or {:15s} for exactly 15 bytes"),
    ("{:0s}", 0, "'0s' has no room for a character; text of any length is {:s}"),
    ("{:u12}", 0, f"'u12' is not a format; {RAW}"),
    ("{:i32be}", 0, f"'i32be' is not a format; {RAW}"),
    ("{:byte}", 0, f"'byte' is not a format; did you mean 'bytes'? {FAMILIES}"),
    ("{:(?)}", 0, f"'(?)' is not a format; {FAMILIES}"),
    ("{:}", 0, f"a format is missing after the colon; {FAMILIES}"),
    ("{:4.f*,}", 0, f"'4.f' is not a format; {FLOATS}"),
    ("{:s*}", 0, "an array without a separator needs elements of one length; like {:f*,} or {:u8*}"),
    ("{:f,*,}", 0, "the separator ',' could be a part of a number; take another"),
    ("{:,.1f*,}", 0, "the separator ',' could be a part of a number; take another"),
    ("{:[^;]*,}", 0, "the set [^;] has the separator ',' in it; take it out"),
    ("{:[A-Z]x}", 0, "'x' follows the set [A-Z]; only * and a separator may"),
    ("{:[Z-A]}", 0, "the range Z-A in '[Z-A]' runs backwards"),
    ("{:[]}", 0, "'[]' is an empty set; one or more capitals are [A-Z], all but a comma [^,]"),
    ("{:[A-Z}", 0, "the character set has no end; it is like {:[A-Z]} or {:[^,]}"),
    ("{:/x}", 0, "the regular expression has no end; it is like {:/[0-9]+/}"),
    (
        "{:/(x)/}",
        0,
        r"/(x)/ has a group; write (?:...), for the field is all of what matches, "
        r"and what stands around it is a field of its own: {_:/T=/}{:/\d+/}",
    ),
    (
        "{:/x{99999999999}/}",
        0,
        "/x{99999999999}/ is not a regular expression: the repetition number is too large",
    ),
    ("A" + 21 * "{?" + 21 * "?}", 41, "optional parts stand in each other at most 20 deep"),
    ("{:/x(/}", 0, "/x(/ is not a regular expression: missing ), unterminated subpattern at position 1"),
    ("{a:u8=100}", 0, "a constant carries no value; name it {_a:u8=100}"),
    ("{_:u8=300}", 0, "'u8=300' takes 0 to 255, got 300"),
    ("{_:d=1.5}", 0, "'d=1.5' takes a whole number, got 1.5"),
    ("{_:x=1F}", 0, "'1F' is not a number; a constant is like {_:u8=100} or {_:u8=0x64}"),
    (
        "SETP {inptu}",
        5,
        "unknown parameter 'inptu'; a field has a format, like {inptu:f} or {inptu:s}, "
        "another item's value is {item.inptu}",
    ),
    (
        "{}",
        0,
        "unknown parameter ''; a field has a format, like {name:f} or {name:s}, "
        "another item's value is {item.name}",
    ),
    ("{item.:f}", 0, "'item.' is not a field's name; fields are like {status1:d}, {:f} or {item.other:f}"),
    ("{1st:f}", 0, "'1st' is not a field's name; fields are like {status1:d}, {:f} or {item.other:f}"),
    ("A{a:f", 1, "a '{' without its '}'; the character itself is written '{{'"),
    ("A{a:f,{b:d}", 1, "a '{' without its '}'; the character itself is written '{{'"),
    ("AB{", 2, "a '{' without its '}'; the character itself is written '{{'"),
    ("AB}C", 2, "a '}' closes nothing here; the character itself is written '}}'"),
    ("A{?,{b:d}", 1, "the optional part that begins here has no end; it is like {?, {b:d}?}"),
    (r"A\q", 1, rf"'\q' is not an escape; {ESCAPES}"),
    (r"A\x0", 1, rf"'\x0' is not an escape; {ESCAPES}"),
    (r"A\xZZ", 1, rf"'\xZZ' is not an escape; {ESCAPES}"),
    ("A\\", 1, f"'\\' is not an escape; {ESCAPES}"),
    (r"A\{", 1, r"'\{' is not an escape; a brace is written '{{'"),
    (r"{:d*\q}", 0, rf"'\q' is not an escape; {ESCAPES}"),
    ("5 °C", 2, "'°' cannot be written in ascii"),
    ("{a:f},{a:d}", 6, "the field 'a' comes twice; {_:d} skips a value"),
    ("{:f},{:d}", 5, "the field without a name comes twice; {_:d} skips a value"),
    ("{a:d}{b:x}", 0, BORDER % ("d", "x", "03d")),
    (";{a:s}{b:s}", 1, BORDER % ("s", "s", "15s")),
]


@pytest.mark.parametrize(("source", "at", "message"), NONSENSE, ids=[entry[0] for entry in NONSENSE])
def test_what_is_no_template_is_told_the_place_and_what_would_be_right(source, at, message) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.compile(source)
    assert (caught.value.source, caught.value.at, caught.value.message) == (source, at, message)
    assert str(caught.value) == f"{source!r}, character {at + 1}: {message}"


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("utf-16", "in 'utf-16' not each of A0,+. is one byte; use ascii, latin-1, utf-8 …"),
        ("utf-7", "in 'utf-7' not each of A0,+. is one byte; use ascii, latin-1, utf-8 …"),
        ("idna", "'idna' is not an encoding; there are ascii, latin-1, utf-8 …"),
        ("klingon", "'klingon' is not an encoding; there are ascii, latin-1, utf-8 …"),
        ("a\0b", "'a\0b' is not an encoding; there are ascii, latin-1, utf-8 …"),
        ("undefined", "'undefined' is not an encoding; there are ascii, latin-1, utf-8 …"),
    ],
)
def test_an_encoding_that_cannot_be_used_is_an_error_of_the_template(encoding, message) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.compile("{:s}", encoding=encoding)
    assert caught.value.message == message


def test_a_character_set_has_single_bytes() -> None:
    with pytest.raises(TemplateError, match="'°' is 2 bytes in utf-8; a set has single bytes"):
        Template.compile("{:[°]}", encoding="utf-8")
    assert Template.compile("{:[°]}", encoding="latin-1").parse(b"\xb0") == {"": "°"}


def test_of_a_long_reply_the_error_shows_the_bytes_around_the_departure_and_keeps_all() -> None:
    raw = b"1," * 300 + b"x," + b"2," * 300 + b"2"
    with pytest.raises(TemplateMismatchError) as caught:
        Template.compile("{:d*,}").parse(raw)
    around = b"1," * 25 + b"x," + b"2," * 24
    assert str(caught.value) == (
        f"got {around!r} (bytes 551 to 650 of 1203), at byte 601 expected a whole number"
    )
    assert caught.value.got == raw


# (template, bytes, place counted from 0, expected)
DEPARTURES = [
    ("OK", b"", 0, "'OK'"),
    ("OK", b"ok", 0, "'OK'"),
    ("OK", b"OX", 1, "'K'"),
    ("OK", b"OK!", 2, "the end"),
    ("", b"x", 0, "the end"),
    (r"\x06\r\n", b"\x15\r\n", 0, r"'\x06\r\n'"),
    ("{:f}", b"ON", 0, "a decimal number"),
    ("{:f}", b"", 0, "a decimal number"),
    ("{:f}", b"12.5K", 4, "the end"),
    ("{:f,}", b"x", 0, "a decimal number with a decimal comma"),
    ("V={:d}", b"V=", 2, "a whole number"),
    ("V={:x}", b"V=G", 2, "a hex number"),
    ("{:f},{b:d}", b"1.5K", 3, "','"),
    ("{a:f},{b:f}", b"1.5.3", 3, "','"),
    ("{a:f},{b:f}", b"1.5,", 4, "a decimal number"),
    ("{a:s},{b:d}", b"abc", 3, "','"),
    ("{a:s},{b:d}", b"a,b,5", 2, "a whole number"),
    ("{a:s},{b:d},{c:s}", b"abc,12;x", 6, "','"),
    ("{:s}{b:d}", b"abc", 3, "a whole number"),
    ("{:OFF=0|ON=1}", b"NO", 0, "one of 'OFF', 'ON'"),
    ("CH{:q}", b"CHx", 2, "text in double quotes"),
    ("{:[A-F]}", b"G", 0, "characters of [A-F]"),
    ("{a:02x}{b:02x}", b"1fg", 2, "a hex number of 2 characters"),
    ("{a:03d}{b:s}", b"1-2x", 0, "a whole number of 3 characters"),
    ("{:u8}{b:u16}", b"\x01\x02", 1, "2 raw bytes"),
    ("{:u8}", b"", 0, "one raw byte"),
    ("{:bytes4}", b"abc", 0, "4 raw bytes"),
    ("A{:hex2}", b"AxF", 1, "2 hex digits"),
    ("A{#sum8,hex}", b"A4", 1, "2 hex digits of the checksum sum8,hex"),
    ("A{#sum8}", b"A", 1, "one raw byte of the checksum sum8"),
    ("{:f},{_:d=0}", b"5,1", 2, "the value 0"),
    ("{:f}{? K?}\r", b"5.0 C\r", 3, r"' K' or '\r'"),
    ("{:f}{?{u:[A-Z]}?}{?;{n:d}?}", b"5!", 1, "characters of [A-Z] or ';' or the end"),
    ("{:f}{? {u:[A-Z]}?}", b"5.0 K!", 5, "the end"),
    ("{?A?}B", b"C", 0, "'A' or 'B'"),
    ("{:f*,}", b"1,2,x", 4, "a decimal number"),
    ("{:f*,}", b"1,2;", 3, "the end"),
    ("{:d*,};", b"1,2", 3, "';'"),
    ("{:q*,}", b'"a",x', 4, "text in double quotes"),
    ("{:s*,}", b"a,b,\xff", 4, "ascii text"),
    ("x{:s}", b"xab\xb0", 3, "ascii text"),
    ("{:f*,}", b"1,1e999", 2, "a decimal number"),
]


@pytest.mark.parametrize(
    ("source", "raw", "at", "expected"),
    DEPARTURES,
    ids=[f"{entry[0]} on {entry[1]!r}" for entry in DEPARTURES],
)
def test_a_reply_of_another_form_is_told_where_it_departs_and_what_was_expected(
    source, raw, at, expected
) -> None:
    with pytest.raises(TemplateMismatchError) as caught:
        Template.compile(source).parse(raw)
    assert (caught.value.got, caught.value.at, caught.value.expected) == (raw, at, expected)
    assert str(caught.value) == f"got {raw!r}, at byte {at + 1} expected {expected}"
