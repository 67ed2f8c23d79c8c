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
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30))
def test_any_text_is_a_template_or_a_template_error_with_its_place(source) -> None:
    wrong = None
    try:
        assert Template.compile(source).source == source
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
]


@given(st.sampled_from(SOURCES), st.binary(max_size=30) | st.text('0123456789+-.,;: "xyAF', max_size=30))
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
