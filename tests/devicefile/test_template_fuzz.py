"""Whatever comes: no text, no bytes and no values lead to anything but an answer or the error for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.devicefile.template import Template
from mktl.errors import ItemTypeError, ItemValueError, TemplateError, TemplateMismatchError

PIECES = st.sampled_from(
    [
        *"{}[]/*,:=|éf0\\",
        *("{{", "}}", "{?", "?}", "\\x0", "\\r", "{:[A-", "{:/(", "{#sum8"),
        *("{:f}", "{a:03d}", "{b:s}", "{_:u8=1}", "{c:OFF=0|ON=1}", "{item.x}"),
        *("{d:block", "{e:bits4}", "{f:f|---", "{:u16*", "{:/", "{#crc16", ",to=-1}", "}", "999999999999"),
    ]
)


#: What may stand after the colon, and letters that change its meaning.
SPECS = [
    *("f", "+08.3f", ".3f,", "_.2f,", "e", "d", "03d", "x", "08b", "s", "15s", "q", "[A-Z]", "[^,]", "/a+/"),
    *("OFF=0|ON=1", "a|b/i", "f|---", "hex4|--", "u8", "i24le", "sm16", "f32", "f64le", "hex2", "ihex4"),
    *(
        "bcd2",
        "bytes",
        "bytes3",
        "block",
        "block i16",
        "bits4",
        "u8=1",
        "d=5",
        "bits8=1",
        "f*,",
        "u16*",
        "u8*3",
    ),
]
ANY_SPEC = st.sampled_from(SPECS) | st.builds(
    lambda spec, at, more: spec[:at] + more + spec[at:],
    st.sampled_from(SPECS),
    st.integers(0, 6),
    st.text("0159*,|=/\\{}[]()^-+?.: xlebfi°\0", max_size=3),
)


@given(
    st.lists(PIECES, max_size=12).map("".join)
    | st.lists(ANY_SPEC, min_size=1, max_size=3).map(
        lambda specs: ",".join(f"{{_:{spec}}}" for spec in specs)
    )
    | st.text(max_size=30),
    st.sampled_from(["ascii", "latin-1", "utf-8", "shift-jis", "idna", "utf-7", "iso2022_jp"]),
)
def test_any_text_is_a_template_or_a_template_error_with_its_place(source, encoding) -> None:
    wrong = None
    try:
        assert Template.compile(source, encoding=encoding).source == source
    except TemplateError as error:
        wrong = error
    if wrong is not None:
        assert wrong.source == source
        assert 0 <= wrong.at <= len(source)
        assert f"character {wrong.at + 1}: " in str(wrong)


SOURCES = [
    "{a:f},{b:d}",
    "{a:s},{b:s};{c:s}",
    "{a:02x}{b:+05d}{c:.1f}",
    "{_s:u8=1}{a:i16}{#sum8}",
    "{a:q} {b:[A-F]}{?;{c:f*,}?}",
    "{a:OFF=0|ON=1/i}{b:bcd2}{c:f32}",
    "{a:s}{#crc16modbus,hex,unhex,from=1}",
    "{a:15s}{b:bytes}",
    "{a:s*, }{?!{b:/x*y/}?}",
    r"{a:block}\n",
    r"A{a:s},{b:block i16}{?\n?}{#sum8,dec}",
    "{a:bits4}{b:bits12}{_:bits8=1}{#lrc,hex,unhex,from=1,to=-1}",
    "{a:f|LO<E-11|OFF},{b:x|---};{c:,.2f|+}",
    "{a:u16le*3}{b:sm8}{c:d*2, }",
    "{a:_.2f,|OFF*;} {b:o}",
]


@given(st.sampled_from(SOURCES), st.binary(max_size=30) | st.text('0123456789+-.,;: #"xyADFOL', max_size=30))
def test_any_bytes_are_parsed_or_the_departure_is_within_them(source, raw) -> None:
    data = raw.encode() if isinstance(raw, str) else raw
    wrong = None
    try:
        assert Template.compile(source).parse(data)
    except TemplateMismatchError as error:
        wrong = error
    if wrong is not None:
        assert wrong.got == data
        assert 0 <= wrong.at <= len(data)
        assert wrong.expected


@given(
    st.sampled_from(SOURCES),
    st.fixed_dictionaries(
        {
            name: st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text()
            | st.binary()
            | st.lists(st.floats() | st.text())
            for name in "abc"
        }
    ),
)
def test_any_values_are_written_or_refused_as_a_wrong_type_or_value(source, values) -> None:
    line = Template.compile(source)
    try:
        raw = line.format(values)
    except (ItemTypeError, ItemValueError):
        return
    assert set(line.parse(raw)) <= set(values)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("source", "raw"),
    [
        ("{a:s},{b:s},{c:s},{d:s},{e:s},{f:s},{g:s},{h:s}!", b"x," * 2000),
        ("{a:s*,}!", b"x," * 2000),
        ("{a:q*,}!", b'"x",' * 2000),
        ("{a:s}{?,{b:s}?}{?,{c:s}?}{?,{d:s}?}!", b"x," * 2000),
        ("{a:f*,}!", b"1.5," * 2000),
    ],
)
def test_a_long_reply_of_another_form_is_refused_in_no_time(source, raw) -> None:
    with pytest.raises(TemplateMismatchError):
        Template.compile(source).parse(raw)
