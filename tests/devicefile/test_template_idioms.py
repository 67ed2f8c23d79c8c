"""The idioms of public device protocols, one real-looking dialogue each, read as written and written as read.

How often each is met was counted over 217 public protocol files; the kinds of line are theirs, the words are
those of the makers' manuals or invented where no maker is named.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from mktl.devicefile.template import VALUE, Template
from mktl.errors import ItemValueError, TemplateMismatchError

WAVE = [math.sin(number / 50) for number in range(556)]

# idiom → (template, bytes on the line, values).
DIALOGUES = {
    "handshake: the acknowledgement": (r"\x06\r\n", b"\x06\r\n", {}),
    "handshake: the request": (r"\x05", b"\x05", {}),
    "handshake: the data": (r"{s:d},{p:.4E}\r\n", b"0,8.1500E-05\r\n", {"s": 0, "p": 8.15e-5}),
    "set and read back in one line": ("VOLT {:.3f}; VOLT?", b"VOLT 1.500; VOLT?", {VALUE: 1.5}),
    "quoted text": ("{code:+d},{:q}", b'+0,"No error; ""0"""', {"code": 0, VALUE: 'No error; "0"'}),
    "a number in quotes": ('"{:.6f}"', b'"5.000000"', {VALUE: 5.0}),
    "fixed width, text": ("{name:8s}{:06.2f}", b"SENSOR A001.50", {"name": "SENSOR A", VALUE: 1.5}),
    "fixed width, numbers": ("{a:03d}{b:03d}{c:+05d}", b"001022-0003", {"a": 1, "b": 22, "c": -3}),
    "hex, of the device's width": ("1TS{errors:hex4}{state:hex2}", b"1TS00200A", {"errors": 32, "state": 10}),
    "hex, with a prefix": ("#H{:04X}", b"#H00FF", {VALUE: 255}),
    "bits as text": ("STATUS {:08b}", b"STATUS 00010010", {VALUE: 18}),
    "bit fields": ("S{alarm:bits1}{mode:bits3}{step:bits4}", b"S\xd2", {"alarm": 1, "mode": 5, "step": 2}),
    "checksum, raw": (r"\x01\x0A\x42\x00{:i32}{#sum8}", bytes.fromhex("010A4200000000004D"), {VALUE: 0}),
    "checksum in hex behind the text": (
        r"\x02{:s}\x03{#xor8,hex,from=1}\r",
        b"\x02R1\x0360\r",
        {VALUE: "R1"},
    ),
    "checksum that leaves ETX out": (
        r"\x02{:s}\x03{#xor8,hex,from=1,to=-1}\r",
        b"\x02R1\x0363\r",
        {VALUE: "R1"},
    ),
    "checksum in decimal digits": (
        r"{unit:03d}1030906{:06d}{#sum8,dec}\r",  # Pfeiffer; 800 - 3 * 256
        b"0011030906000633032\r",
        {"unit": 1, VALUE: 633},
    ),
    "checksum, CRC of Modbus": (
        "{unit:u8}{_:u8=3}{address:u16}{count:u16}{#crc16modbus}",
        bytes.fromhex("01030000000AC5CD"),
        {"unit": 1, "address": 0, "count": 10},
    ),
    "two words": ("OUTP {:OFF=0|ON=1}", b"OUTP ON", {VALUE: 1}),
    "sparse words, one the beginning of another": (
        "MODE={:STOP=0|STOPPED=8|RUN=64}",
        b"MODE=STOPPED",
        {VALUE: 8},
    ),
    "delimited by a set": ("{name:[^=]}={:g}", b"TEMP=5.5", {"name": "TEMP", VALUE: 5.5}),
    "delimited by a set, in two": ("{a:[A-Z]}{b:[0-9]}", b"CH12", {"a": "CH", "b": "12"}),
    "several values by commas": (
        "{on:d},{rate:g},{unit:s}",
        b"1,5.5,K/min",
        {"on": 1, "rate": 5.5, "unit": "K/min"},
    ),
    "other items' values": (
        "PID {item.loop:d},{:.1f},{item.integral:.1f}",
        b"PID 1,50.0,20.0",
        {"item.loop": 1, VALUE: 50.0, "item.integral": 20.0},
    ),
    "optional unit, there": ("{:.2f}{? {unit:[A-Za-z]}?}", b"1.50 mbar", {VALUE: 1.5, "unit": "mbar"}),
    "optional unit, missing": ("{:.2f}{? {unit:[A-Za-z]}?}", b"1.50", {VALUE: 1.5}),
    "optional part in the middle": ("{a:d}{?/{b:d}?};{c:s}", b"1/2;x", {"a": 1, "b": 2, "c": "x"}),
    "unit that is dropped": ("{:.3f} mbar", b"1.013 mbar", {VALUE: 1.013}),
    "letter before the value": ("N{:.3f} kg", b"N1.234 kg", {VALUE: 1.234}),
    "a balance": (
        r"{stable:ST=1|US=0},GS,{:+09.2f}{unit:[a-z]}\r\n",
        b"ST,GS,+00001.23kg\r\n",
        {"stable": 1, VALUE: 1.23, "unit": "kg"},
    ),
    "decimal comma": ("U={:.1f,} V", b"U=-1,2 V", {VALUE: -1.2}),
    "overload in a word": ("P={:.2E|LO<E-11|---|+}", b"P=LO<E-11", {VALUE: "LO<E-11"}),
    "raw numbers": ("{a:u16le}{b:f32}", b"\x34\x12\x41\xc8\x00\x00", {"a": 0x1234, "b": 25.0}),
    "raw bytes to the end": ("DATA {:bytes}", b"DATA \x00\r\n\xff", {VALUE: b"\x00\r\n\xff"}),
    "a block": (r":CURV {:block}\n", b":CURV #14\x00\n\r\xff\n", {VALUE: b"\x00\n\r\xff"}),
    "raw array of counted elements": ("{:u16le*3}{#sum8}", b"\1\0\2\0\3\0\6", {VALUE: [1, 2, 3]}),
    "BCD": ("{:bcd2}", b"\x12\x34", {VALUE: 1234}),
    "array of 556 values": (
        "CURVE {:.17e*,}",
        b"CURVE " + b",".join(b"%.17e" % value for value in WAVE),
        {VALUE: WAVE},
    ),
    "array by blanks": ("{:.2E* }", b"7.60E+02 1.00E-03", {VALUE: [760.0, 1e-3]}),
    "array of lines": (r"{:d*\r\n}\r\n", b"1\r\n2\r\n3\r\n", {VALUE: [1, 2, 3]}),
    "array of words": ("{:OFF=0|ON=1*, }", b"ON, OFF, ON", {VALUE: [1, 0, 1]}),
    "array of texts": ("{:q*,}", b'"a,b","c"', {VALUE: ["a,b", "c"]}),
    "lines and an end mark": (
        r"{name:s}\r\n{:d}\r\nOK\r\n",
        b"Pump\r\n5\r\nOK\r\n",
        {"name": "Pump", VALUE: 5},
    ),
    "odd terminators": ("@003ACK{:.1E};FF", b"@003ACK2.0E-03;FF", {VALUE: 2e-3}),
}


@pytest.mark.parametrize("idiom", DIALOGUES)
def test_an_idiom_reads_as_its_values(idiom) -> None:
    source, line, values = DIALOGUES[idiom]
    assert Template.compile(source).parse(line) == values


@pytest.mark.parametrize("idiom", DIALOGUES)
def test_an_idiom_is_written_as_the_device_has_it(idiom) -> None:
    source, line, values = DIALOGUES[idiom]
    assert Template.compile(source).format(values) == line


@pytest.mark.parametrize("idiom", [idiom for idiom in DIALOGUES if idiom.startswith("checksum")])
def test_a_frame_with_a_wrong_byte_does_not_pass_its_checksum(idiom) -> None:
    source, line, _ = DIALOGUES[idiom]
    broken = bytearray(line)
    broken[1] ^= 0x01
    with pytest.raises(TemplateMismatchError):
        Template.compile(source).parse(bytes(broken))


# Skipped values come one way only: the simulator writes something plain in their place.
SKIPPED = [
    ("{_:f},{_:f},{:f}", b"1.5,2.5,3.5", {VALUE: 3.5}),
    ("{_:s},{:d},{_:s}", b"any text,7,0", {VALUE: 7}),
    ("{_:bytes1}{:f}{_:bytes2}", b"\xff1.5\r\n", {VALUE: 1.5}),
    ("{_:[A-Z]}{:d}", b"ABC7", {VALUE: 7}),
    ("{_:OK=0|WARN=1} {:d}", b"WARN 7", {VALUE: 7}),
    ("{_:hex2}{:u8}", b"1F\x07", {VALUE: 7}),
    ("{_:q},{:d}", b'"a,b",7', {VALUE: 7}),
    # Up to a known word, for which others need a regular expression.
    ("{_:s}TEMP={:f}{_unit:s}", b"junk,T=3,TEMP=5.5 K", {VALUE: 5.5}),
    ("{_:/.*?(?:TEMP|T)=/}{:f}{_:s}", b"junk T=5.5 K", {VALUE: 5.5}),
    # The first 39 characters of a text.
    ("{:/.{0,39}/}{_:s}", b"x" * 50, {VALUE: "x" * 39}),
    ("{_:block},{:d}", b"#13,7,,7", {VALUE: 7}),
]


@pytest.mark.parametrize(("source", "line", "values"), SKIPPED)
def test_what_nobody_wants_is_read_past(source, line, values) -> None:
    assert Template.compile(source).parse(line) == values


@pytest.mark.parametrize(("source", "values"), [(source, values) for source, _, values in SKIPPED])
def test_what_nobody_wants_is_written_plainly_or_must_be_given(source, values) -> None:
    reply = Template.compile(source)
    if any(field.name.startswith("_") and field.plain is None for field in reply.fields):
        with pytest.raises(ItemValueError, match="has no value"):
            reply.format(values)
    else:
        assert reply.parse(reply.format(values)) == values


def test_each_of_three_items_takes_its_own_value_of_one_reply_and_skips_the_others() -> None:
    line = b"23.45,1013.2,45.6"
    sources = ["{:f},{_:f},{_:f}", "{_:f},{:f},{_:f}", "{_:f},{_:f},{:f}"]
    assert [Template.compile(source).parse(line)[VALUE] for source in sources] == [23.45, 1013.2, 45.6]


def test_another_form_of_the_reply_is_told_apart_and_read_as_the_error_it_is() -> None:
    value, refusal = Template.compile("@003ACK{:f};FF"), Template.compile("@003NAK{code:d};FF")
    line = b"@003NAK160;FF"
    with pytest.raises(TemplateMismatchError, match=r"at byte 5 expected 'ACK'$"):
        value.parse(line)
    assert refusal.parse(line) == {"code": 160}


def test_a_waveform_in_a_block_is_the_numbers_that_went_in() -> None:
    line = Template.compile(r"{:block f32le}\n")
    wave = np.array(WAVE, np.float32)
    raw = line.format({VALUE: wave})
    assert raw[:6] == b"#42224"
    assert len(raw) == 6 + 4 * 556 + 1
    np.testing.assert_array_equal(line.parse(raw)[VALUE], wave)
