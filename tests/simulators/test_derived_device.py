"""A device file run backwards answers each of its own exchanges, and refuses what a device would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mktl_simulators.derived import DerivedDevice
from mktl_simulators.derived.start import first_value

from mktl.devicefile import Device, ItemSpec, load
from mktl.errors import MktlError, UnknownItemError
from tests.simulators.engine import Engine

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.toml"))

OVEN = r"""
[links.oven]
driver = "tcp"
host = "127.0.0.1"
port = 7777
send_end = '\r'
reply_end = '\r\n'
identity = { send = 'ID?', reply = 'ACME,OVEN,{serial:s},{firmware:s}' }

[links.oven.check_after_set]
send = 'ERR?'
reply = '{:d}'
good = 0
bits = { 0 = "overheated", 3 = "value out of range", 5 = "unknown command" }

[simulate]
initial = { pressure = 1.5, mode = "auto", serial = "AC-17" }

[queries.id]
send = 'ID?'
reply = '{maker:s},{model:s},{serial:s},{firmware:s}'
[items.model]
type = "string"
from = "id.model"
[items.serial]
type = "string"
from = "id.serial"

[queries.gauges]
send = 'P?'
reply = '{s1:d},{p1:.4e},{s2:d},{p2:.4e},{kind:d}'
[items.pressure]
type = "numeric"
from = "gauges.p1"
good_when = { s1 = 0 }
[items.foreline]
type = "numeric"
from = "gauges.p2"
good_when = { s2 = [4, 5] }
disabled_when = { kind = [0, 1] }

[items.temp]
type = "numeric"
units = "K"
get = 'T?'
reply = '{:f}'

[items.target]
type = "numeric"
range = [10, 30]
scale = 0.1
get = 'SP?'
reply = '{:05d}'
set = 'SP {:d}'

[items.heater]
type = "enumerated"
enumerators = { 1 = "low", 2 = "high", 7 = "boost" }
get = 'H?'
reply = '{:LO=1|HI=2|BOOST=7}'
set = 'H {:d}'

[items.mode]
type = "enumerated"
enumerators = { 0 = "manual", 1 = "auto" }
get = 'M?'
reply = '{:d}'
set = 'M {:MAN=0|AUTO=1}'
set_reply = 'OK {:MAN=0|AUTO=1}'

[items.valve]
type = "boolean"
get = 'V?'
reply = '{:CLOSED=0|OPEN=1}'
set = 'V{:d}'

[items.label]
type = "string"
get = 'L?'
reply = '"{:s}"'
set = 'L "{:s}"'

[items.alarms]
type = "mask"
enumerators = { none = "ok", 0 = "hot", 1 = "dry" }
get = 'A?'
reply = '{:02X}'

[items.curve]
type = "numeric array"
get = 'C?'
reply = '{:f*,}'

[queries.pid]
send = 'PID?'
reply = '{p:f},{i:f}'
[items.p]
type = "numeric"
range = [1, 100]
from = "pid.p"
set = 'PID {:.1f},{item.i:.1f}'
[items.i]
type = "numeric"
from = "pid.i"

[items.beep]
type = "boolean"
set = 'BEEP'

[items.offset]
type = "numeric"
set = 'OFS {:f}'
"""

STEPPER = r"""
[links.stepper]
driver = "serial"
port = "/dev/ttyUSB0"
send_end = ''
reply_end = ''
gap_timeout_s = 0.1

[items.position]
type = "numeric"
scale = 0.00125
get = '\x01\x06\x01\x00\x00\x00\x00\x00{#sum8}'
reply = '\x02\x01{_status:u8=100}\x06{:i32}{#sum8}'
set = '\x01\x05\x01\x00{:i32}{#sum8}'
set_reply = '\x02\x01{_status:u8=100}\x05{:i32}{#sum8}'
"""

SCPI = r"""
[links.supply]
driver = "tcp"
host = "127.0.0.1"
port = 5025
check_after_set = { send = 'SYST:ERR?', reply = '{:d},"{message:s}"', good = 0 }

[items.volts]
type = "numeric"
range = [0, 6]
get = 'VOLT?'
reply = '{:+.5E}'
set = 'VOLT {:.3f}'
"""


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Device]:
    def build(text: str) -> Device:
        path = tmp_path / "device.toml"
        path.write_text(text)
        return load(path)

    return build


@pytest.fixture
def oven(make) -> DerivedDevice:
    return DerivedDevice(make(OVEN), "oven")


@pytest.fixture
def stepper(make) -> DerivedDevice:
    return DerivedDevice(make(STEPPER), "stepper")


def ask(device: DerivedDevice, command: bytes) -> bytes:
    return device.receive(command + b"\r")


def test_items_start_with_what_the_file_says_or_something_sensible(oven) -> None:
    starts = {
        "pressure": 1.5,
        "mode": 1,
        "temp": 0.0,
        "target": 20.0,
        "heater": 1,
        "valve": 0,
        "label": "sim",
        "alarms": 0,
        "curve": [0],
        "p": 50.5,
    }
    assert {key: oven.values.of(key) for key in starts} == starts


@pytest.mark.parametrize(
    ("sent", "reply"),
    [
        (b"T?", b"0.000000"),
        (b"SP?", b"00200"),  # 20.0 at a scale of 0.1
        (b"H?", b"LO"),
        (b"M?", b"1"),
        (b"V?", b"CLOSED"),
        (b"L?", b'"sim"'),
        (b"A?", b"00"),
        (b"C?", b"0.000000"),
        (b"PID?", b"50.500000,0.000000"),
        # Both gauges good: s1 is 0, s2 the first of 4 and 5, and the kind neither 0 nor 1.
        (b"P?", b"0,1.5000e+00,4,0.0000e+00,2"),
    ],
)
def test_each_query_is_answered_by_its_template(oven, sent, reply) -> None:
    assert ask(oven, sent) == reply + b"\r\n"


@pytest.mark.parametrize(
    ("sent", "query", "reply", "key", "value"),
    [
        (b"SP 123", b"SP?", b"00123", "target", 12.3),
        (b"H 7", b"H?", b"BOOST", "heater", 7),
        (b"V1", b"V?", b"OPEN", "valve", 1),
        (b'L "left, 2"', b"L?", b'"left, 2"', "label", "left, 2"),
        (b"PID 20.0,5.5", b"PID?", b"20.000000,5.500000", "p", 20.0),
    ],
)
def test_a_set_answers_nothing_and_changes_what_the_get_returns(oven, sent, query, reply, key, value) -> None:
    assert ask(oven, sent) == b""
    assert ask(oven, query) == reply + b"\r\n"
    assert oven.values.of(key) == pytest.approx(value)
    assert ask(oven, b"ERR?") == b"0\r\n"


def test_a_value_beside_the_items_own_is_set_too(oven) -> None:
    ask(oven, b"PID 20.0,5.5")
    assert oven.values.of("i") == 5.5


def test_a_set_with_a_reply_is_acknowledged(oven) -> None:
    assert ask(oven, b"M MAN") == b"OK MAN\r\n"
    assert ask(oven, b"M?") == b"0\r\n"


def test_a_command_without_a_value_is_taken_in_silence(oven) -> None:
    assert ask(oven, b"BEEP") == b""
    assert ask(oven, b"ERR?") == b"0\r\n"


def test_what_can_only_be_written_is_remembered(oven) -> None:
    assert ask(oven, b"OFS 2.5") == b""
    assert oven.values.of("offset") == 2.5


@pytest.mark.parametrize("sent", [b"FOO", b"SP", b"SP warm", b"T? 1", b"t?", b"\xff"])
def test_an_unknown_command_meets_silence_and_its_bit_once(oven, sent) -> None:
    assert ask(oven, sent) == b""
    assert ask(oven, b"ERR?") == b"32\r\n"
    assert ask(oven, b"ERR?") == b"0\r\n"


@pytest.mark.parametrize(
    ("sent", "query"), [(b"SP 301", b"SP?"), (b"SP 99", b"SP?"), (b"H 3", b"H?"), (b"PID 0.0,1.0", b"PID?")]
)
def test_a_value_that_the_item_does_not_take_changes_nothing_and_sets_its_bit(oven, sent, query) -> None:
    before = ask(oven, query)
    assert ask(oven, sent) == b""
    assert ask(oven, query) == before
    assert ask(oven, b"ERR?") == b"8\r\n"


@pytest.mark.parametrize("sent", [b"SP 300", b"SP 100"])
def test_the_limits_themselves_are_taken_in_spite_of_rounding(oven, sent) -> None:
    ask(oven, sent)
    assert ask(oven, b"ERR?") == b"0\r\n"


def test_bits_gather_until_they_are_read(oven) -> None:
    ask(oven, b"FOO")
    ask(oven, b"SP 9999")
    assert ask(oven, b"ERR?") == b"40\r\n"


def test_the_identity_agrees_with_the_items_that_are_read_from_it(oven) -> None:
    assert ask(oven, b"ID?") == b"ACME,OVEN,AC-17,1.0\r\n"


def test_a_value_may_be_put_in_as_if_it_had_been_measured(oven) -> None:
    oven.values.put("temp", 77.25)
    oven.values.put("target", 45.0)  # beyond the range that clients have
    assert ask(oven, b"T?") == b"77.250000\r\n"
    assert ask(oven, b"SP?") == b"00450\r\n"


def test_bytes_may_come_in_any_pieces(oven) -> None:
    replies = [oven.receive(bytes([byte])) for byte in b"SP 123\rSP?\r\rT?\r"]
    assert [reply for reply in replies if reply] == [b"00123\r\n", b"0.000000\r\n"]
    assert oven.receive(b"SP?\rT?\rS") == b"00123\r\n0.000000\r\n"
    oven.hang_up()
    assert oven.receive(b"T?\r") == b"0.000000\r\n"


def test_an_item_of_another_link_is_not_here(oven) -> None:
    with pytest.raises(UnknownItemError, match="no item 'position' on this link"):
        oven.values.of("position")


# Trinamic TMCL, firmware manual: the frame ends in the sum of its first eight bytes, status 100 is success.
GET, GOT = bytes.fromhex("01 06 01 00 00000000 08"), bytes.fromhex("02 01 64 06 00000000 6D")
SET, DONE = bytes.fromhex("01 05 01 00 00000320 2A"), bytes.fromhex("02 01 64 05 00000320 8F")


def test_a_binary_line_has_no_ends_and_its_frames_still_count(stepper) -> None:
    assert stepper.receive(GET) == GOT
    assert stepper.receive(SET) == DONE
    assert stepper.values.of("position") == pytest.approx(1.0)  # 0x320 steps of 0.00125 mm
    assert stepper.receive(GET[:4]) == b""
    assert stepper.receive(GET[4:]) == bytes.fromhex("02 01 64 06 00000320 90")
    assert stepper.receive(SET + SET) == DONE + DONE


def test_a_frame_with_a_wrong_checksum_meets_silence_and_is_forgotten_after_a_gap(stepper) -> None:
    assert stepper.receive(GET[:-1] + b"\x00") == b""
    stepper.advance(0.2)
    assert stepper.receive(GET) == GOT


def test_errors_are_counted_as_scpi_does_where_the_file_names_no_bits(make) -> None:
    supply = DerivedDevice(make(SCPI), "supply")
    assert supply.receive(b"SYST:ERR?\n") == b'0,"No error"\n'
    assert supply.receive(b"VOLT 7.0\nSYST:ERR?\n") == b'-222,"Data out of range"\n'
    assert supply.receive(b"CURR 1\nSYST:ERR?\nSYST:ERR?\n") == b'-113,"Undefined header"\n0,"No error"\n'
    assert supply.receive(b"VOLT 5.5\nVOLT?\n") == b"+5.50000E+00\n"


def test_a_link_that_is_not_there_is_named_with_those_that_are(make) -> None:
    with pytest.raises(MktlError, match="no link 'furnace'; there are: oven"):
        DerivedDevice(make(OVEN), "furnace")


def test_a_file_that_cannot_be_simulated_says_so_at_the_start(make) -> None:
    text = SCPI + "[items.word]\ntype = \"string\"\ninitial = 'a\"b'\nget = 'W?'\nreply = '\"{:s}\"'\n"
    with pytest.raises(MktlError, match="cannot simulate the reply of item:word"):
        DerivedDevice(make(text), "supply")


@pytest.mark.parametrize(
    ("metadata", "value"),
    [
        ({"type": "numeric"}, 0),
        ({"type": "numeric", "range": [5, None]}, 5),
        ({"type": "numeric", "range": [None, -5]}, -5),
        ({"type": "enumerated", "enumerators": {"3": "three", "4": "four"}}, 3),
        ({"type": "mask", "enumerators": {"none": "ok", "0": "hot"}}, 0),
        ({"type": "bulk"}, b""),
        ({"type": "numeric array", "range": [0, 2]}, [1.0]),
        ({}, 0),
    ],
)
def test_every_kind_of_item_has_a_first_value(metadata, value) -> None:
    assert first_value(metadata) == value


def another(spec: ItemSpec) -> Any:
    """A value that the item takes and does not start with."""
    if spec.metadata.get("enumerators"):
        return int(list(spec.metadata["enumerators"])[-1])
    if spec.metadata.get("type") == "string":
        return "other"
    low, high = spec.metadata.get("range") or (0, 8)
    value = low + round((high - low) / 4)
    if spec.conversion.scale != 1.0:  # a number that the device can say, whole as most are
        return spec.conversion.to_item(round(spec.conversion.to_device(value)))
    return value


def agree(read: Any, there: Any) -> bool:
    """The same, but for the digits that the device does not say."""
    if isinstance(there, (int, float, list)):
        return bool(np.allclose(read, there, rtol=1e-3, atol=1e-3))
    if isinstance(there, bytes):
        return bytes(read) == there
    return bool(read == there)


def is_silent(engine: Engine, spec: ItemSpec) -> bool:
    """True where the item is in a line that comes unasked, and has nothing to say yet."""
    return engine.file.queries[spec.query or ""].unsolicited and engine.device.of(spec.key) == ""


def check_all_items(device: Device) -> None:
    """Read each item and set it, as a driver does."""
    for link in device.links:
        engine = Engine(device, link)
        engine.start()
        for spec in (spec for spec in device.items.values() if spec.link == link):
            if spec.query and not is_silent(engine, spec):
                verdict = engine.read(spec.key)
                assert (verdict.status, verdict.reason) == ("ok", ""), spec.key
                assert agree(verdict.value, engine.device.of(spec.key)), spec.key
            if spec.command and any("" in step.send.names for step in spec.command.steps if step.send):
                before = engine.device.of(spec.key)
                engine.write(spec.key, another(spec))
                now = engine.read(spec.key).value if spec.query else engine.device.of(spec.key)
                assert now == pytest.approx(another(spec)), spec.key
                engine.device.put(spec.key, before)  # others may mean nothing with this one
        assert engine.lines[link].counts.late_replies == 0


@pytest.mark.parametrize("path", CONFIGS, ids=[path.stem for path in CONFIGS])
def test_every_item_of_every_shipped_file_is_read_and_set(path) -> None:
    check_all_items(load(path))


@pytest.mark.parametrize("text", [OVEN, STEPPER, SCPI], ids=["oven", "stepper", "supply"])
def test_every_item_of_a_file_is_read_and_set(make, text) -> None:
    check_all_items(make(text))


ARRAYS = r"""
[links.scope]
driver = "tcp"
host = "127.0.0.1"
port = 7777

[items.six]
type = "numeric array"
range = [0, 1]
get = 'SIX?'
reply = '{:u8*6}'

[items.texts]
type = "numeric array"
get = 'TXT?'
reply = '{:.1f*3, }'

[items.wave]
type = "bulk"
get = 'CURV?'
reply = ':CURV {:block i16}'

[items.gauge]
type = "numeric"
get = 'P?'
reply = '{:.1e|LO<E-11}'
"""


def test_arrays_of_a_fixed_number_and_blocks_are_answered_before_anybody_says_what_is_in_them(make) -> None:
    scope = DerivedDevice(make(ARRAYS), "scope")
    assert len(scope.receive(b"SIX?\n")) == 6 + len(b"\n")
    assert scope.receive(b"TXT?\n") == b"0.0, 0.0, 0.0\n"
    assert scope.receive(b"CURV?\n") == b":CURV #10\n"
    scope.values.put("wave", [1, -2])
    assert scope.receive(b"CURV?\n") == b":CURV #14\x00\x01\xff\xfe\n"
    scope.values.put("gauge", "LO<E-11")
    assert scope.receive(b"P?\n") == b"LO<E-11\n"
