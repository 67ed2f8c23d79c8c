"""What real controllers say and want to hear, each line from its maker's manual, in both directions."""

from __future__ import annotations

import pytest

from mktl.devicefile.template import VALUE, Template
from mktl.errors import TemplateMismatchError

# (device and command, template, bytes on the line, values). The bytes are the manual's.
DIALOGUE = [
    # Lake Shore 336
    ("KRDG? A", "{:+.4f}", b"+77.3500", {VALUE: 77.35}),
    ("SETP? 1", "{:+.4f}", b"+20.5000", {VALUE: 20.5}),
    ("SRDG? A", "{:+.5f}", b"+1.57802", {VALUE: 1.57802}),
    ("RDGST? A", "{:03d}", b"000", {VALUE: 0}),
    ("*ESR?", "{:03d}", b"032", {VALUE: 32}),
    ("INNAME? A", "{:15s}", b"Sample stage   ", {VALUE: "Sample stage"}),
    ("PID? 1", "{p:+.1f},{i:+.1f},{d:+.0f}", b"+50.0,+20.0,+0", {"p": 50.0, "i": 20.0, "d": 0.0}),
    ("RAMP? 1", "{on:d},{rate:g}", b"1,5.5", {"on": 1, "rate": 5.5}),
    ("SETP", "SETP 1,{:.4f}", b"SETP 1,20.5000", {VALUE: 20.5}),
    (
        "*IDN?",
        "LSCI,{model:s},{serial:s},{firmware:s}",
        b"LSCI,MODEL336,LSA1234/1234567,2.9",
        {"model": "MODEL336", "serial": "LSA1234/1234567", "firmware": "2.9"},
    ),
    (
        "INTYPE? A",
        "{type:d},{auto:d},{range:d},{comp:d},{units:d}",
        b"1,0,0,0,1",
        {"type": 1, "auto": 0, "range": 0, "comp": 0, "units": 1},
    ),
    # Keithley 2450, Keysight E3631A
    (":SENS:FUNC?", "{:q}", b'"CURR:DC"', {VALUE: "CURR:DC"}),
    (
        ":SYST:ERR?",
        "{code:d},{text:q}",
        b'-222,"Data out of range"',
        {"code": -222, "text": "Data out of range"},
    ),
    (":SYST:ERR?", "{code:+d},{text:q}", b'+0,"No error"', {"code": 0, "text": "No error"}),
    ("VOLT?", "{:+.8E}", b"+5.00000000E+00", {VALUE: 5.0}),
    ("APPL? P6V", '"{v:.6f},{i:.6f}"', b'"5.000000,1.000000"', {"v": 5.0, "i": 1.0}),
    (":READ?", "{source:.6E},{read:.6E}", b"1.000000E+00,1.234567E-03", {"source": 1.0, "read": 1.234567e-3}),
    (":TRAC:DATA?", "{:.1E*,}", b"1.0E-03,2.0E-03,3.0E-03", {VALUE: [1e-3, 2e-3, 3e-3]}),
    ("OUTP", ":OUTP {:OFF=0|ON=1}", b":OUTP ON", {VALUE: 1}),
    # JULABO
    ("status", "{code:02d} {text:s}", b"03 REMOTE START", {"code": 3, "text": "REMOTE START"}),
    ("status", "{code:03d} {text:s}", b"-08 INVALID COMMAND", {"code": -8, "text": "INVALID COMMAND"}),
    ("out_sp_00", "A032_out_sp_00 {:.1f}", b"A032_out_sp_00 55.5", {VALUE: 55.5}),
    # Newport SMC100, axis 1
    ("1PA", "1PA{:g}", b"1PA5.25", {VALUE: 5.25}),
    ("1TP", "1TP{:g}", b"1TP5.25", {VALUE: 5.25}),
    ("1SL?", "1SL{:g}", b"1SL-25", {VALUE: -25.0}),
    ("1TS", "1TS{errors:hex4}{state:hex2}", b"1TS000032", {"errors": 0, "state": 0x32}),
    ("1TE", "1TE{:@=0|A=1|G=7|N=14}", b"1TE@", {VALUE: 0}),
    # Pfeiffer TPG 262
    (
        "PRX",
        r"{status1:d},{p1:.4E},{status2:d},{p2:.4E}\r\n",
        b"0,8.1500E-05,0,2.3700E-02\r\n",
        {"status1": 0, "p1": 8.15e-5, "status2": 0, "p2": 2.37e-2},
    ),
    ("PRX, acknowledged", r"\x06\r\n", b"\x06\r\n", {}),
    ("TID", "{a:s},{b:s}", b"PKR,TPR", {"a": "PKR", "b": "TPR"}),
    # MKS 937B
    ("@003SP1!", "@003SP1!{:.1E};FF", b"@003SP1!2.0E-03;FF", {VALUE: 2e-3}),
    ("U?", "@003ACK{:TORR=0|MBAR=1|PASCAL=2};FF", b"@003ACKMBAR;FF", {VALUE: 1}),
    ("CP1?, whose OFF meets ;FF", "@003ACK{:OFF=0|ON=1};FF", b"@003ACKOFF;FF", {VALUE: 0}),
    # APC PDU
    ("olStatus all", " {n:d}: {name:s}: {:Off=0|On=1}", b" 1: Pump: On", {"n": 1, "name": "Pump", VALUE: 1}),
    # Keithley's indefinite block of doubles, after the header
    (
        ":FORM REAL",
        r"#0{:f64*}\n",
        b"#0" + bytes.fromhex("3ff0000000000000c000000000000000") + b"\n",
        {VALUE: [1, -2]},
    ),
]
NAMES = [f"{device} {source}" for device, source, *_ in DIALOGUE]


@pytest.mark.parametrize(("source", "line", "values"), [entry[1:] for entry in DIALOGUE], ids=NAMES)
def test_a_line_of_the_manual_reads_as_its_values(source, line, values) -> None:
    assert Template.compile(source).parse(line) == values


@pytest.mark.parametrize(("source", "line", "values"), [entry[1:] for entry in DIALOGUE], ids=NAMES)
def test_the_values_are_written_as_the_line_of_the_manual(source, line, values) -> None:
    assert Template.compile(source).format(values) == line


@pytest.mark.parametrize(
    ("source", "line", "values"),
    [
        # MKS drops the leading zero of the exponent, which no printf does; blanks divide the six of PRZ?.
        ("@003ACK{:e};FF", b"@003ACK7.602E+2;FF", {VALUE: 760.2}),
        ("@003ACK{:e* };FF", b"@003ACK7.60E+2 1.0E-3  5.2E-10;FF", {VALUE: [760.0, 1e-3, 5.2e-10]}),
        ("{_:d},{:e}", b"5,2.0000E-2", {VALUE: 0.02}),
        ("{code:d},{_:q}", b'0,"No error;0;0 0"', {"code": 0}),
        (
            "LSCI,MODEL336,{serial:s},{_:s}",
            b"LSCI,MODEL336,LSA1234/1234567,2.9",
            {"serial": "LSA1234/1234567"},
        ),
        ("{_:[A-Z]} {pv:f,}", b"PV -1,2", {"pv": -1.2}),
    ],
)
def test_what_devices_print_in_their_own_way_is_read_too(source, line, values) -> None:
    assert Template.compile(source).parse(line) == values


def test_another_controller_of_the_maker_is_told_apart_at_its_number() -> None:
    identity = Template.compile("LSCI,MODEL336,{serial:s},{firmware:s}")
    with pytest.raises(TemplateMismatchError, match=r"at byte 11 expected '336,'$"):
        identity.parse(b"LSCI,MODEL218,LSA1234,2.9")


# -- Trinamic TMCL: nine bytes, the sum of the first eight modulo 256 (check frames of the manual) -------

GET = Template.compile(r"\x01\x0A\x42\x00{:i32}{#sum8}")
REPLY = Template.compile(r"\x02\x01{_status:u8=100}\x0A{:i32}{#sum8}")
POSITION = Template.compile(r"\x02\x01{_status:u8=100}\x06{:i32}{#sum8}")


def test_a_tmcl_command_is_the_frame_of_the_manual() -> None:
    assert GET.format({VALUE: 0}) == bytes.fromhex("01 0A 42 00 00 00 00 00 4D")


def test_a_tmcl_reply_is_read_and_written_as_the_manual_has_it() -> None:
    frame = bytes.fromhex("02 01 64 0A 00 00 00 01 72")
    assert REPLY.parse(frame) == {VALUE: 1}
    assert REPLY.format({VALUE: 1}) == frame


def test_a_negative_position_is_in_two_s_complement() -> None:
    frame = POSITION.format({VALUE: -5000})
    assert frame[4:8] == bytes.fromhex("FF FF EC 78")
    assert POSITION.parse(frame) == {VALUE: -5000}


def test_a_tmcl_status_other_than_100_is_a_mismatch_at_the_status() -> None:
    refused = bytes.fromhex("02 01 04 0A 00 00 00 01")
    with pytest.raises(TemplateMismatchError, match=r"at byte 3 expected the value 100$"):
        REPLY.parse(refused + bytes([sum(refused) & 0xFF]))


def test_a_tmcl_frame_with_a_flipped_bit_names_both_sums() -> None:
    with pytest.raises(TemplateMismatchError, match=r"at byte 9 expected the checksum sum8 73, not 72$"):
        REPLY.parse(bytes.fromhex("02 01 64 0A 00 00 00 02 72"))
