"""What a template writes it reads back, for every kind of field and for any row of them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mktl.devicefile.template import VALUE, Template

PRINTABLE = string.digits + string.ascii_letters + string.punctuation + " \t"
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(PRINTABLE, max_size=20)
#: No separator of the tests below, and no blank at the end, which a fixed width takes off.
PLAIN = st.text(string.ascii_letters + string.digits + "._-", max_size=8)


def whole(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


# Fields that give back exactly what they were given: spec → values.
EXACT = {
    "d": st.integers(),
    "+d": st.integers(),
    "05d": st.integers(),
    "6d": st.integers(),
    "x": st.integers(0),
    "04X": st.integers(0),
    "o": st.integers(0),
    "08b": st.integers(0),
    "s": PLAIN,
    "8s": PLAIN,
    "q": TEXT,
    "[A-Za-z0-9._-]": PLAIN.filter(bool),
    "[^;]": PLAIN.filter(bool),
    "/[A-Za-z0-9._-]*/": PLAIN,
    "OFF=0|ON=1|FAULT=-1": st.sampled_from([0, 1, -1]),
    "lo=low|HI=2.5/i": st.sampled_from(["low", 2.5]),
    "NORM|REV": st.sampled_from(["NORM", "REV"]),
    "u8": whole(0, 2**8 - 1),
    "i8": whole(-(2**7), 2**7 - 1),
    "u16le": whole(0, 2**16 - 1),
    "i24": whole(-(2**23), 2**23 - 1),
    "u32": whole(0, 2**32 - 1),
    "i32le": whole(-(2**31), 2**31 - 1),
    "u48": whole(0, 2**48 - 1),
    "i64": whole(-(2**63), 2**63 - 1),
    "sm16le": whole(-(2**15) + 1, 2**15 - 1),
    "oc24": whole(-(2**23) + 1, 2**23 - 1),
    "smhex4": whole(-(2**15) + 1, 2**15 - 1),
    "hex4|--": whole(0, 2**16 - 1) | st.just("--"),
    "hex4": whole(0, 2**16 - 1),
    "ihex6": whole(-(2**23), 2**23 - 1),
    "bcd3": whole(0, 10**6 - 1),
    "f32": st.floats(width=32, allow_nan=False),
    "f64le": st.floats(allow_nan=False),
    "bytes5": st.binary(min_size=5, max_size=5),
    ".16e": FLOATS,
    ".17g": FLOATS,
    "d*,": st.lists(st.integers(), min_size=1),
    ".17g*,": st.lists(FLOATS, min_size=1),
    ".17g,* ": st.lists(FLOATS, min_size=1),
    "s*, ": st.lists(PLAIN, min_size=1),
    "q*,": st.lists(TEXT, min_size=1),
    ".17g|OFF|---": FLOATS | st.sampled_from(["OFF", "---"]),
    "u16*3": st.lists(whole(0, 2**16 - 1), min_size=3, max_size=3),
    "d*2,": st.lists(st.integers(), min_size=2, max_size=2),
    "block": st.binary(max_size=20),
    "u16*": st.lists(whole(0, 2**16 - 1), min_size=1),
    "OFF=0|ON=1*,": st.lists(st.sampled_from([0, 1]), min_size=1),
}
#: A field and a value for it, of those that can tell the separator of a row from their own bytes.
FIELDS = st.sampled_from(sorted(EXACT.keys() - {"u16*", "[^;]"})).flatmap(
    lambda spec: st.tuples(st.just(spec), EXACT[spec])
)


@pytest.mark.parametrize("spec", EXACT)
@settings(max_examples=25)  # of each kind; the rows below mix them
@given(data=st.data())
def test_what_a_field_writes_it_reads_back(spec, data) -> None:
    value = data.draw(EXACT[spec])
    line = Template.compile(rf"<{{:{spec}}};\r\n")
    assert line.parse(line.format({VALUE: value})) == {VALUE: value}


@given(
    st.lists(FIELDS, min_size=1, max_size=6),
    st.sampled_from(
        [
            "",
            "{#sum8}",
            "{#crc16modbus,hex}",
            "{#crc32,le}",
            "{#xor8,dec}",
            "{#fletcher16,lower,from=2,to=-1}",
        ]
    ),
)
def test_a_row_of_fields_reads_back_what_it_wrote(fields, checksum) -> None:
    source = ";".join(f"{{n{number}:{spec}}}" for number, (spec, _) in enumerate(fields))
    values = {f"n{number}": value for number, (_, value) in enumerate(fields)}
    line = Template.compile(f"<{source};{checksum}")
    assert line.parse(line.format(values)) == values


@given(st.lists(FIELDS.filter(lambda field: field[0] != "block"), min_size=1, max_size=4), st.integers(0, 4))
def test_a_row_of_optional_parts_reads_back_those_that_were_given(fields, given_count) -> None:
    options = "".join(f"{{?|{{n{number}:{spec}}}?}}" for number, (spec, _) in enumerate(fields))
    values = {f"n{number}": value for number, (_, value) in enumerate(fields[:given_count])}
    line = Template.compile("<" + options.replace("|{", "\\x1F{") + ">\\x1F")
    raw = line.format(values)
    assert line.format(line.parse(raw)) == raw


@pytest.mark.parametrize(
    "spec", [".3f", "+.3f", "012.3f", "12.3f", ".3f,", ",.3f", "_.3f,", "+.6e", ".6E", ".6g", ".6G"]
)
@given(value=st.floats(-1e9, 1e9))
def test_a_printed_float_is_read_back_as_near_as_its_digits_go(spec, value) -> None:
    line = Template.compile(f"{{:{spec}}}")
    raw = line.format({VALUE: value})
    back = line.parse(raw)[VALUE]
    assert back == pytest.approx(
        value, abs=0.0005 if "f" in spec else 1e-12, rel=1e-15 if "f" in spec else 1e-5
    )
    assert line.parse(line.format({VALUE: back})) == {VALUE: back}


@given(st.lists(st.integers(0, 255), min_size=1, max_size=6))
def test_fields_of_exact_width_need_nothing_between_them(values) -> None:
    line = Template.compile("".join(f"{{n{number}:02x}}" for number in range(len(values))))
    raw = line.format({f"n{number}": value for number, value in enumerate(values)})
    assert raw == bytes(values).hex().encode()
    assert list(line.parse(raw).values()) == values


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "cp437", "shift-jis"])
@given(data=st.data())
def test_text_of_any_encoding_is_read_back(encoding, data) -> None:
    letters = st.characters(codec=encoding, exclude_categories=("C",), exclude_characters="\\~;¥‾")
    value = data.draw(st.text(letters, max_size=8))
    line = Template.compile("<{a:s};{b:q}", encoding=encoding)
    values = {"a": value, "b": value}
    assert line.parse(line.format(values)) == values
