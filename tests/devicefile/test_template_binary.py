"""Raw bytes and checksums, against published frames and check values."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest

from mktl.devicefile.template import VALUE, Template
from mktl.errors import ItemTypeError, ItemValueError, TemplateError, TemplateMismatchError


def written(spec: str, value: object) -> bytes:
    return Template.compile(f"{{:{spec}}}").format({VALUE: value})


def read(spec: str, raw: bytes) -> object:
    return Template.compile(f"{{:{spec}}}").parse(raw)[VALUE]


# -- whole numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "value", "raw"),
    [
        *[("u8", 200, "c8"), ("i8", -2, "fe"), ("u16", 0x1234, "1234"), ("u16le", 0x1234, "3412")],
        *[
            ("i16le", -2, "feff"),
            ("u24", 0x123456, "123456"),
            ("u24le", 0x123456, "563412"),
            ("i24", -2, "fffffe"),
        ],
        # The value of the TMCL manual.
        *[("i32", -5000, "ffffec78"), ("i32le", -5000, "78ecffff"), ("u32", 0xDEADBEEF, "deadbeef")],
        *[("u40", 1, "0000000001"), ("i48le", -1, "ffffffffffff"), ("u56", 1, "00000000000001")],
        *[("u64", 2**64 - 1, "ff" * 8), ("i64le", -(2**63), "0000000000000080")],
        # -2 by the definition of each code: all bits of 2 inverted; a sign bit before it.
        *[("oc8", -2, "fd"), ("oc16", 2, "0002"), ("oc16le", -2, "fdff"), ("oc16", -32767, "8000")],
        *[("sm8", -2, "82"), ("sm16", 2, "0002"), ("sm16le", -2, "0280"), ("sm24", -1, "800001")],
        *[("bcd1", 59, "59"), ("bcd2", 1234, "1234"), ("bcd4", 42, "00000042")],
    ],
)
def test_a_whole_number_is_these_bytes_in_both_directions(spec, value, raw) -> None:
    assert written(spec, value) == bytes.fromhex(raw)
    assert read(spec, bytes.fromhex(raw)) == value


@pytest.mark.parametrize(
    ("spec", "low", "high"),
    [
        *[("u8", 0, 255), ("i8", -128, 127), ("u16le", 0, 65535), ("i24", -(2**23), 2**23 - 1)],
        *[("i64", -(2**63), 2**63 - 1), ("bcd2", 0, 9999), ("hex2", 0, 255), ("ihex4", -32768, 32767)],
        *[("oc8", -127, 127), ("sm16", -32767, 32767), ("smhex2", -127, 127), ("ochex1", -7, 7)],
    ],
)
def test_a_number_outside_what_the_bytes_hold_is_refused_with_the_range(spec, low, high) -> None:
    for edge in (low, high):
        assert read(spec, written(spec, edge)) == edge
    for beyond in (low - 1, high + 1):
        with pytest.raises(ItemValueError, match=rf"^\{{:{spec}\}} takes {low} to {high}, got {beyond}$"):
            written(spec, beyond)


@pytest.mark.parametrize(
    ("spec", "value", "raw", "other_case"),
    [
        ("hex4", 255, b"00FF", b"00ff"),
        ("hex1", 10, b"A", b"a"),
        ("ihex4", -2, b"FFFE", b"fffE"),
        ("ihex4", 2, b"0002", b"0002"),
        ("ochex4", -2, b"FFFD", b"fffd"),
        ("smhex4", -2, b"8002", b"8002"),
        ("smhex2", 127, b"7F", b"7f"),
        ("ihex8", -5000, b"FFFFEC78", b"ffffec78"),
        ("hex16", 2**64 - 1, b"F" * 16, b"f" * 16),
    ],
)
def test_hex_digits_of_fixed_width_are_written_in_capitals_and_read_in_any_case(
    spec, value, raw, other_case
) -> None:
    assert written(spec, value) == raw
    assert read(spec, raw) == read(spec, other_case) == value


@pytest.mark.parametrize("raw", [b"0FF", b"000FF", b" 0FF", b"-0FF", b"0x0F"])
def test_hex_digits_of_fixed_width_come_without_sign_blank_or_prefix(raw) -> None:
    with pytest.raises(TemplateMismatchError):
        read("hex4", raw)


@pytest.mark.parametrize(("spec", "raw"), [("oc8", b"\xff"), ("sm8", b"\x80"), ("smhex2", b"80")])
def test_a_negative_zero_is_a_zero(spec, raw) -> None:
    assert read(spec, raw) == 0


def test_a_nibble_above_nine_is_no_packed_decimal() -> None:
    with pytest.raises(TemplateMismatchError, match="at byte 1 expected 4 packed decimal digits"):
        read("bcd2", b"\x12\x3a")


# -- floats and bytes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("spec", "layout"), [("f32", ">f"), ("f32le", "<f"), ("f64", ">d"), ("f64le", "<d")])
@pytest.mark.parametrize("value", [0.0, 25.0, -1.5, 2.0**-100, math.inf])
def test_a_raw_float_is_an_ieee_754_number(spec, layout, value) -> None:
    assert written(spec, value) == struct.pack(layout, value)
    assert read(spec, struct.pack(layout, value)) == value


def test_a_raw_nan_passes_both_ways() -> None:
    assert math.isnan(read("f32", written("f32", math.nan)))


def test_a_single_that_cannot_hold_the_number_says_so() -> None:
    with pytest.raises(ItemValueError, match=r"^\{:f32\} takes what 32 bits can hold, got 1e\+39$"):
        written("f32", 1e39)


def test_bytes_pass_as_they_are() -> None:
    assert written("bytes3", b"\x00\r\xff") == b"\x00\r\xff"
    assert read("bytes3", b"\x00\r\xff") == b"\x00\r\xff"
    block = Template.compile(r"#{_:hex1}{:bytes}\n")
    assert block.parse(b"#0\x00\x01\xff\n") == {VALUE: b"\x00\x01\xff"}
    with pytest.raises(ItemValueError, match=r"takes exactly 3 bytes, got 2"):
        written("bytes3", b"ab")
    with pytest.raises(ItemTypeError, match=r"takes bytes, got 'abc'"):
        written("bytes3", "abc")
    with pytest.raises(ItemValueError, match=r"takes nothing with '\\n' in it"):
        block.format({VALUE: b"a\nb"})


def test_bytes_of_a_fixed_length_may_hold_the_literal_that_follows() -> None:
    frame = Template.compile(r"{:bytes2}\n")
    assert frame.parse(frame.format({VALUE: b"\n\n"})) == {VALUE: b"\n\n"}


@pytest.mark.parametrize("spec", ["u16", "f64", "bytes4", "bcd3"])
def test_a_frame_that_ends_early_departs_where_the_field_begins(spec) -> None:
    with pytest.raises(
        TemplateMismatchError, match=r"at byte 3 expected \d (?:raw bytes|packed decimal digits)$"
    ):
        Template.compile(rf"AB{{:{spec}}}").parse(b"AB\x01")


def test_numbers_of_numpy_are_written_too() -> None:
    assert written("i16", np.int64(-2)) == b"\xff\xfe"
    assert written("f32", np.float32(1.5)) == struct.pack(">f", 1.5)


# -- checksums -------------------------------------------------------------------------------------------

CHECK = b"123456789"


@pytest.mark.parametrize(
    ("spec", "raw"),
    [
        # Sums of the digits' codes 0x31 … 0x39: 0x1DD; their exclusive or: 0x31.
        *[("sum8", "dd"), ("sum8neg", "23"), ("sum8inv", "22"), ("lrc", "23"), ("xor8", "31")],
        # Check values of the catalogue: CRC-8/SMBUS, CRC-16/MODBUS, CRC-16/IBM-3740, CRC-16/XMODEM,
        # CRC-32/ISO-HDLC.
        *[("crc8", "f4"), ("crc16modbus", "374b"), ("crc16modbus,be", "4b37"), ("crc16ccitt", "29b1")],
        *[("crc16ccitt,init=0", "31c3"), ("crc16ccitt,init=0x1D0F", "e5cc"), ("crc16ccitt,le", "b129")],
        *[("crc32", "cbf43926"), ("crc32,le", "2639f4cb"), ("crc16xmodem", "31c3"), ("sum16", "01dd")],
        # CRC-16/KERMIT 0x2189, CRC-16/IBM-SDLC 0x906E, CRC-8/MAXIM-DOW 0xA1.
        *[("crc16kermit", "8921"), ("crc16kermit,be", "2189"), ("crc16x25", "6e90"), ("crc8maxim", "a1")],
    ],
)
def test_a_checksum_has_its_published_check_value(spec, raw) -> None:
    frame = Template.compile(f"123456789{{#{spec}}}")
    assert frame.format({}) == CHECK + bytes.fromhex(raw)
    assert frame.parse(CHECK + bytes.fromhex(raw)) == {}


@pytest.mark.parametrize(("text", "raw"), [("abcde", "c8f0"), ("abcdef", "2057"), ("abcdefgh", "0627")])
def test_fletcher_s_sum_has_its_published_values(text, raw) -> None:
    assert Template.compile("{:s}{#fletcher16}").format({VALUE: text}) == text.encode() + bytes.fromhex(raw)


def test_the_modbus_crc_goes_low_byte_first() -> None:
    frame = Template.compile("{unit:u8}{_:u8=3}{address:u16}{count:u16}{#crc16modbus}")
    raw = bytes.fromhex("01 03 00 00 00 0A C5 CD")
    assert frame.format({"unit": 1, "address": 0, "count": 10}) == raw
    assert frame.parse(raw) == {"unit": 1, "address": 0, "count": 10}


def test_the_lrc_of_modbus_ascii_is_over_the_bytes_that_the_digits_stand_for() -> None:
    # 01 + 03 + 0A = 0E, and its two's complement is F2.
    frame = Template.compile(r":{unit:hex2}{_:hex2=3}{address:hex4}{count:hex4}{#lrc,hex,unhex,from=1}\r\n")
    raw = b":01030000000AF2\r\n"
    assert frame.format({"unit": 1, "address": 0, "count": 10}) == raw
    assert frame.parse(raw) == {"unit": 1, "address": 0, "count": 10}


def test_a_sum_over_hex_digits_that_are_none_departs_where_they_begin() -> None:
    with pytest.raises(
        TemplateMismatchError, match=r"at byte 2 expected hex digits up to \{#lrc,hex,unhex,from=1\}"
    ):
        Template.compile(":{:s}{#lrc,hex,unhex,from=1}").parse(b":01XY00")


def test_a_sum_over_hex_digits_is_not_written_over_anything_else() -> None:
    with pytest.raises(ItemValueError, match=r"^\{#lrc,hex,unhex,from=1\} is over hex digits, got b':XY'$"):
        Template.compile(":{:s}{#lrc,hex,unhex,from=1}").format({VALUE: "XY"})


@pytest.mark.parametrize(
    ("spec", "raw"), [("sum8,hex", b"DD"), ("crc16modbus,hex", b"374B"), ("crc32,hex", b"CBF43926")]
)
def test_a_checksum_in_hex_is_the_same_bytes_in_capitals_and_read_in_any_case(spec, raw) -> None:
    frame = Template.compile(rf"123456789{{#{spec}}}\r")
    assert frame.format({}) == CHECK + raw + b"\r"
    assert frame.parse(CHECK + raw.lower() + b"\r") == {}


def test_hex_digits_of_a_sum_are_written_in_small_letters_where_the_device_wants_them() -> None:
    frame = Template.compile("123456789{#crc16modbus,lower}")
    assert frame.format({}) == CHECK + b"374b"
    assert frame.parse(CHECK + b"374B") == {}


def test_a_sum_in_three_decimal_digits_closes_a_pfeiffer_telegram() -> None:
    # Pfeiffer's RS-485 protocol: address 001, read parameter 309; its codes come to 619 = 2 * 256 + 107.
    frame = Template.compile(r"{unit:03d}00{parameter:03d}02=?{#sum8,dec}\r")
    raw = b"0010030902=?107\r"
    assert sum(raw[:12]) % 256 == 107
    assert frame.format({"unit": 1, "parameter": 309}) == raw
    assert frame.parse(raw) == {"unit": 1, "parameter": 309}
    with pytest.raises(TemplateMismatchError, match=r"the checksum sum8,dec 107, not 108$"):
        frame.parse(raw.replace(b"107", b"108"))


def test_a_checksum_covers_what_stands_before_it_from_the_stated_byte_on() -> None:
    frame = Template.compile(r"\x02{:s}{#xor8,from=1}\x03")
    raw = b"\x02AB\x03\x03"  # 0x41 ^ 0x42 = 0x03, the STX left out
    assert frame.format({VALUE: "AB"}) == raw
    assert frame.parse(raw) == {VALUE: "AB"}


def test_a_span_may_end_before_the_checksum_too() -> None:
    frame = Template.compile(r"\x02{:s}\x03{#xor8,hex,from=1,to=-1}\r")
    raw = b"\x02AB\x0303\r"  # neither STX nor ETX counts
    assert frame.format({VALUE: "AB"}) == raw
    assert frame.parse(raw) == {VALUE: "AB"}


def test_a_span_beyond_the_frame_is_empty() -> None:
    frame = Template.compile("{:s}{#sum8,from=9}{#sum8,to=-99}")
    assert frame.format({VALUE: "AB"}) == b"AB\0\0"
    assert frame.parse(b"AB\0\0") == {VALUE: "AB"}


def test_a_second_checksum_covers_the_first() -> None:
    frame = Template.compile("{:u8}{#sum8}{#sum8}")
    assert frame.format({VALUE: 5}) == b"\x05\x05\x0a"
    assert frame.parse(b"\x05\x05\x0a") == {VALUE: 5}


@pytest.mark.parametrize(
    "spec",
    [
        "sum8",
        "sum8neg",
        "sum8inv",
        "xor8",
        "crc8",
        "crc16modbus",
        "crc16ccitt",
        "crc16x25",
        "fletcher16",
        "crc32",
    ],
)
def test_any_flipped_bit_is_found(spec) -> None:
    frame = Template.compile(rf"{{:u32}}{{#{spec}}}")
    raw = frame.format({VALUE: 0x12345678})
    for bit in range(8 * len(raw)):
        broken = bytearray(raw)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(TemplateMismatchError, match=rf"at byte 5 expected the checksum {spec} "):
            frame.parse(bytes(broken))


def test_a_wrong_checksum_is_shown_beside_the_right_one() -> None:
    with pytest.raises(
        TemplateMismatchError, match=r"at byte 10 expected the checksum crc16modbus,hex 374B, not 374C$"
    ):
        Template.compile("123456789{#crc16modbus,hex}").parse(CHECK + b"374C")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("sum9", r"'sum9' is not a checksum; did you mean 'sum8'\? there are sum8, sum8neg, .*crc32$"),
        ("md5", r"'md5' is not a checksum; there are sum8, "),
        (
            "sum8,hx",
            r"'hx' is not an option of a checksum; there are hex, lower, dec, unhex, le, be, from=N, to=-N, ",
        ),
        ("sum8,from=-1", r"'from=-1' is not an option of a checksum; "),
        ("sum8,init=256", r"init=256 does not fit the 1 bytes of sum8$"),
        ("", r"'' is not a checksum; "),
    ],
)
def test_a_checksum_that_is_none_is_no_template(spec, message) -> None:
    with pytest.raises(TemplateError, match=rf"character 2: {message}"):
        Template.compile(f"A{{#{spec}}}")


def test_a_checksum_cannot_stand_in_an_optional_part() -> None:
    with pytest.raises(TemplateError, match=r"character 6: a checksum cannot stand in an optional part"):
        Template.compile("123{?{#sum8}?}")
