"""Exchanges of more than one command and one line, answered by the device made from the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mktl_simulators.derived import DerivedDevice
from mktl_simulators.stand_in import refusal

from mktl.devicefile import load
from mktl.errors import DeviceRefusedError, MktlError
from tests.drivers import test_controllers_by_file as controllers
from tests.simulators.engine import Engine
from tests.simulators.test_derived_device import check_all_items

HEAD = "[links.box]\ndriver = 'tcp'\nhost = '127.0.0.1'\nport = 7777\n"
ACK, NAK, ENQ = b"\x06\r\n", b"\x15\r\n", b"\x05"

Make = Callable[[str], Engine]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def build(text: str) -> Engine:
        path = tmp_path / "box.toml"
        path.write_text(HEAD + text)
        return Engine(load(path))

    return build


def item(key: str, more: str, kind: str = "numeric") -> str:
    return f"\n[items.{key}]\ntype = '{kind}'\n{more}\n"


# -- steps

GAUGE = r"""
send_end = '\r'
reply_end = '\r\n'
otherwise = [{ reply = '\x15', error = "not understood" }]

[queries.pressures]
steps = [ { send = 'PRX', reply = '\x06' },
          { send = '\x05', send_end = '', reply = '{s1:d},{p1:.4e},{s2:d},{p2:.4e}' } ]
[items.p1]
type = "numeric"
from = "pressures.p1"
good_when = { s1 = 0 }
[items.p2]
type = "numeric"
from = "pressures.p2"
good_when = { s2 = 0 }
[items.filter]
type = "numeric"
range = [0, 2]
get = [ { send = 'FIL', reply = '\x06' }, { send = '\x05', send_end = '', reply = '{:d}' } ]
set = [ { send = 'FIL,{:d}', reply = '\x06' }, { send = '\x05', send_end = '', reply = '{_:d}' } ]
[simulate]
initial = { p1 = 1.5e-5, p2 = 2.0, filter = 1 }
"""


def test_a_step_that_many_exchanges_share_is_answered_by_the_one_that_was_begun(make) -> None:
    gauge = make(GAUGE).device
    assert gauge.receive(b"PRX\r") == ACK
    assert gauge.receive(ENQ) == b"0,1.5000e-05,0,2.0000e+00\r\n"
    assert gauge.receive(b"FIL\r") == ACK
    assert gauge.receive(ENQ) == b"1\r\n"
    assert gauge.receive(ENQ) == b"1\r\n"  # again what was asked last


def test_a_step_that_many_share_means_nothing_before_any_was_begun(make) -> None:
    gauge = make(GAUGE).device
    assert gauge.receive(ENQ) == NAK


def test_a_set_of_several_steps_is_read_back_and_an_unfit_one_ends_it_with_a_refusal(make) -> None:
    engine = make(GAUGE)
    engine.write("filter", 2)
    assert engine.read("filter").value == 2
    with pytest.raises(DeviceRefusedError, match=r"refused 'FIL,3': not understood"):
        engine.write("filter", 3)
    assert engine.read("filter").value == 2


def test_a_command_that_the_file_does_not_name_is_refused_in_the_form_of_the_link(make) -> None:
    gauge = make(GAUGE).device
    assert gauge.receive(b"FOO\rFIL,x\r") == NAK + NAK


def test_bytes_of_a_handshake_may_come_one_by_one(make) -> None:
    gauge = make(GAUGE).device
    replies = [gauge.receive(bytes([byte])) for byte in b"FIL\r" + ENQ]
    assert [reply for reply in replies if reply] == [ACK, b"1\r\n"]


def test_a_step_that_only_listens_hears_a_line_of_its_own(make) -> None:
    steps = "get = [{ send = 'M', reply = 'BUSY' }, { reply = 'DONE {:d}', reply_timeout_s = 5 }]"
    engine = make(item("count", steps))
    assert engine.device.receive(b"M\n") == b"BUSY\nDONE 0\n"
    engine.device.put("count", 7)
    assert engine.read("count").value == 7


def test_a_step_alone_is_a_command_where_only_one_exchange_has_it(make) -> None:
    engine = make(item("at", "get = [{ send = 'U1', reply = 'ok' }, { send = 'POS', reply = '{:d}' }]"))
    assert engine.device.receive(b"POS\n") == b"0\n"


def test_a_reply_that_is_dropped_is_a_line_all_the_same(make) -> None:
    engine = make(item("speed", "set = 'V{:d}'\nget = 'V'\nreply = '{:d}'") + "ignore_reply = true\n")
    assert engine.device.receive(b"V5\n") == b"OK\n"
    assert engine.read("speed").value == 5


def test_steps_after_a_connect_are_answered(make) -> None:
    engine = make(
        "init = [{ send = 'login {{op}}', reply = 'hi {:s}' }, { send = 'ECHO OFF' }]\n"
        + item("t", "get = 'T'\nreply = '{:f}'")
    )
    engine.start()
    assert bytes(engine.port.received) == b"login {op}\nECHO OFF\n"
    assert engine.read("t").value == 0.0


# -- how replies end


@pytest.mark.parametrize(
    ("manners", "exchange", "reply"),
    [
        ("reply_length = 9", "reply = '{:.1f}'", b"      5.0"),  # blanks before the number
        ("reply_length = 4", r"reply = '\x02{:u16}{#sum8}'", b"\x02\x00\x05\x07"),
        ("reply_end = ''", "reply = '{:d}'", b"5"),
        ("reply_length = { at = 1, plus = 1 }", r"reply = '\x3b{_n:u8}{:u16}{#xor8}'", b"\x3b\4\0\5\x3a"),
        ("reply_length = { at = 0, as = 'u16le', plus = 2 }", "reply = '{_:u16le}{:d}'", b"\x01\x005"),
        ("reply_lines = 3", r"reply = 'A\n{:d}\nB'", b"A\n5\nB\n"),
        ("reply_until = 'END {_:d}'", r"reply = 'A {:d}\nEND 0'", b"A 5\nEND 0\n"),
    ],
)  # fmt: skip
def test_a_reply_is_as_long_as_the_file_says(make, manners, exchange, reply) -> None:
    engine = make(manners + item("x", f"get = 'X?'\n{exchange}\n"))
    engine.device.put("x", 5)
    assert engine.device.receive(b"X?\n") == reply
    assert engine.read("x").value == 5
    assert engine.lines["box"].counts.late_replies == 0


def test_a_field_that_takes_all_lines_has_the_last_one_too(make) -> None:
    engine = make(item("log", r"""get = 'LOG'
reply = '{:[A-Z0-9 \n]}'
reply_until = 'END'""", "string"))  # fmt: skip
    engine.device.put("log", "A 1\nB 2")
    assert engine.device.receive(b"LOG\n") == b"A 1\nB 2\nEND\n"


def test_an_array_has_as_many_elements_as_its_reply_has_lines(make) -> None:
    engine = make(item("list", r"""get = 'L?'
reply = '{:f*\n}'
reply_lines = 4""", "numeric array"))  # fmt: skip
    assert list(engine.read("list").value) == [0.0] * 4


def test_a_reply_that_cannot_be_so_long_is_told_at_the_start(make) -> None:
    with pytest.raises(MktlError, match=r"cannot simulate the reply of item:x: it has 5 bytes, not 4"):
        make("reply_length = 4\n" + item("x", "get = 'X?'\nreply = '{:5d}'\n"))


def test_what_keeps_a_file_from_being_simulated_is_told_without_serving_it(make) -> None:
    regex = item("x", "get = 'X?'\nreply = '{:/[A-F]{3}/}'", "string")
    with pytest.raises(MktlError) as told:
        make(regex)
    file = load(Path(str(told.value).partition(": ")[0]))
    assert (refusal(file, "box") or "").startswith(
        "cannot simulate the reply of item:x: {:/[A-F]{3}/} takes what"
    )
    assert refusal(make(regex + "[simulate]\ninitial = { x = 'ABC' }\n").file, "box") is None


# -- commands without ends

MOTORS = r"""
send_end = ''
reply_length = 9
otherwise = [{ reply = '\x02\x01{status:u8}{_:u8}{_:i32}{#sum8}', error = "status {status}" }]
[items.position]
type = "numeric"
range = [-1000, 1000]
get = '\x01\x06\x01\x00\x00\x00\x00\x00{#sum8}'
reply = '\x02\x01{_status:u8=100}\x06{:i32}{#sum8}'
set = '\x01\x05\x01\x00{:i32}{#sum8}'
set_reply = '\x02\x01{_status:u8=100}\x05{:i32}{#sum8}'
"""


def frame(*data: int) -> bytes:
    return bytes(data) + bytes([sum(data) & 0xFF])


def test_commands_of_one_length_are_told_apart_by_that_even_broken_ones(make) -> None:
    motors = make(MOTORS).device
    get = frame(1, 6, 1, 0, 0, 0, 0, 0)
    broken = get[:-1] + b"\x00"
    status, said = motors.receive(broken)[2], motors.receive(b"")
    assert (status != 100, said) == (True, b"")
    assert motors.receive(broken[:4]) == b""
    assert motors.receive(broken[4:] + get)[9:] == frame(2, 1, 100, 6, 0, 0, 0, 0)


def test_a_frame_with_a_number_out_of_range_is_answered_by_an_error_frame(make) -> None:
    engine = make(MOTORS)
    engine.write("position", -500)
    assert engine.read("position").value == -500
    with pytest.raises(DeviceRefusedError, match=r"status \d+"):
        engine.write("position", 1001)
    assert engine.read("position").value == -500


def test_raw_bytes_of_a_command_may_look_like_its_end(make) -> None:
    engine = make(r"""send_end = '\r'
[items.x]
type = "numeric"
get = 'X'
reply = '{:d}'
set = '\x02{:u16}'
""")
    for number in (0x0D0D, 13, 0x0D00, 7):
        engine.write("x", number)
        assert engine.read("x").value == number


# -- echoes


@pytest.mark.parametrize(("echo", "said"), [("bytes", b"V?\r4.0\r\n"), ("line", b"V?\r\n4.0\r\n")])
def test_what_is_heard_is_said_again_before_the_reply(make, echo, said) -> None:
    engine = make(
        f"send_end = '\\r'\nreply_end = '\\r\\n'\necho = '{echo}'\n"
        + item("v", "get = 'V?'\nreply = '{:.1f}'\nset = 'V {:.1f}'")
    )
    engine.write("v", 4.0)
    assert engine.read("v").value == 4.0
    assert engine.device.receive(b"V?\r") == said
    assert engine.lines["box"].counts.late_replies == 0


def test_bytes_are_said_again_as_they_come(make) -> None:
    engine = make("echo = 'bytes'\n" + item("v", "get = 'V?'\nreply = '{:.1f}'"))
    assert [engine.device.receive(bytes([byte])) for byte in b"V?\nV"] == [b"V", b"?", b"\n0.0\n", b"V"]


# -- other forms

METER = r"""
otherwise = [{ reply = 'E{code:02d}', error = "error {code}" }]
[items.p]
type = "numeric"
range = [0, 10]
get = 'P?'
reply = '{:.1f}'
set = 'P {:.1f}'
set_reply = 'OK'
sentinels = { "---" = "not fitted", "9.9E37" = "overload" }
otherwise = [{ reply = 'OFF', status = "disabled", reason = "switched off" }]
[items.q]
type = "numeric"
range = [0, 10]
get = 'Q?'
reply = '{:.1f|LOW}'
set = 'Q {:.1f}'
set_reply = 'OK'
otherwise = [{ reply = 'NO {why:s}', error = "out of range: {why}" }, { reply = 'BUSY', error = "busy" }]
"""


def test_a_refused_set_is_answered_in_the_form_of_the_exchange_or_of_the_link(make) -> None:
    engine = make(METER)
    with pytest.raises(DeviceRefusedError, match=r"refused 'P 11\.0': error 1"):
        engine.write("p", 11.0)
    with pytest.raises(DeviceRefusedError, match="out of range: Data out of range"):
        engine.write("q", 11.0)
    assert (engine.read("p").value, engine.read("q").value) == (5.0, 5.0)


def test_nothing_but_values_comes_by_itself_and_each_other_form_when_it_is_put_in(make) -> None:
    engine = make(METER)
    assert [engine.read(key).status for key in ("p", "q")] == ["ok", "ok"]
    for said, status, reason in [
        ("---", "range", "not fitted"),
        ("9.9E37", "range", "overload"),
        (None, "disabled", "switched off"),
    ]:
        engine.device.put("p", said)
        verdict = engine.read("p")
        assert (verdict.status, verdict.reason) == (status, reason)
        assert engine.device.of("p") is None
    engine.device.put("p", 3.0)
    engine.device.put("q", "LOW")
    assert (engine.read("p").value, engine.read("q").status) == (3.0, "range")


def test_what_the_device_has_no_way_to_say_is_refused_and_changes_nothing(make) -> None:
    engine = make(item("n", "get = 'N'\nreply = '{:u8}'\nset = 'N {:d}'"))
    with pytest.raises(MktlError):
        engine.device.put("n", 256)
    with pytest.raises(MktlError):
        engine.device.put("n", None)
    assert engine.device.receive(b"N 300\nN\n") == b"\x00\n"


def test_a_form_that_stands_for_a_value_is_used_where_the_usual_one_cannot_say_it(make) -> None:
    engine = make(item("w", "get = 'W'\nreply = '{:u8} W'\notherwise = [{ reply = 'OVER', value = 999 }]"))
    engine.device.put("w", 999)
    assert engine.device.receive(b"W\n") == b"OVER\n"
    assert engine.read("w").value == 999


# -- errors of sets, one by one


def test_errors_are_given_one_by_one_until_there_are_none(make) -> None:
    engine = make(
        "check_after_set = { send = 'SYST:ERR?', reply = '{:d},\"{text:[^\"]}\"' }\n"
        + item("v", "range = [0, 5]\nget = 'V?'\nreply = '{:e}'\nset = 'V {:.3f}'")
    )
    box = engine.device
    box.receive(b"V 9\nFOO\n")
    assert (
        box.receive(b"SYST:ERR?\n" * 3)
        == b'-222,"Data out of range"\n-113,"Undefined header"\n0,"No error"\n'
    )
    box.receive(b"FOO\n" * 50)
    said = box.receive(b"SYST:ERR?\n" * 21).splitlines()
    assert said[18:] == [b'-113,"Undefined header"', b'-350,"Queue overflow"', b'0,"No error"']
    with pytest.raises(DeviceRefusedError, match="Data out of range"):
        engine.write("v", 6.0)
    engine.write("v", 5.0)


# -- values


def test_bits_of_one_number_are_items_of_their_own(make) -> None:
    engine = make("""
[queries.s]
send = 'S?'
reply = '{:d}'
[items.all]
type = "mask"
from = "s"
[items.hot]
type = "boolean"
from = "s"
bit = 0
[items.dry]
type = "boolean"
get = 'S?'
reply = '{:d}'
set = 'DRY {:d}'
bit = 3
[simulate]
initial = { hot = 1 }
""")
    assert engine.device.receive(b"S?\n") == b"1\n"
    engine.write("dry", 1)
    assert [engine.read(key).value for key in ("all", "hot", "dry")] == [9, 1, 1]
    engine.device.put("hot", 0)
    assert engine.device.receive(b"S?\n") == b"8\n"


def test_a_lookup_table_is_read_both_ways(make) -> None:
    engine = make(item("t", "table = [[0, 300.0], [10, 200.0]]\nget = 'T?'\nreply = '{:f}'\nset = 'T {:f}'"))
    assert 200.0 <= engine.read("t").value <= 300.0
    engine.write("t", 275.0)
    assert engine.device.receive(b"T?\n") == b"2.500000\n"
    assert engine.device.receive(b"T 11\nT?\n") == b"2.500000\n"  # beyond the table


def test_the_number_that_is_nearest_to_a_limit_is_taken_also_from_beyond_it(make) -> None:
    engine = make(item("x", "scale = 0.3\nrange = [0, 1.1]\nget = 'X?'\nreply = '{:d}'\nset = 'X {:d}'"))
    engine.write("x", 1.1)  # 3.67 of the device's numbers
    assert engine.device.receive(b"X?\n") == b"4\n"
    assert engine.device.receive(b"X 5\nX?\n") == b"4\n"


def test_a_value_that_means_none_is_not_what_an_item_starts_with(make) -> None:
    engine = make(item("t", "sentinels = { \"0\" = \"no sensor\" }\nget = 'T?'\nreply = '{:d}'"))
    assert engine.read("t").status == "ok"


def test_exchanges_that_send_the_same_are_answered_by_one_reply_that_suits_all(make) -> None:
    engine = make(item("a", "get = 'R'\nreply = '{:f},{_:f}'") + item("b", "get = 'R'\nreply = '{_:f},{:f}'"))
    engine.device.put("a", 1.0)
    engine.device.put("b", 2.0)
    assert engine.device.receive(b"R\n") == b"1.000000,2.000000\n"
    assert (engine.read("a").value, engine.read("b").value) == (1.0, 2.0)


def test_a_question_of_several_queries_has_one_answer_whoever_reads_it_how(make) -> None:
    engine = make("""
[queries.all]
steps = [ { send = 'U?', reply = '{unit:s}' }, { send = 'P?', reply = '{p:.1f}' } ]
[items.p]
type = "numeric"
from = "all.p"
good_when = { unit = "MBAR" }
"""
        + item("unit", """enumerators = { 0 = "Torr", 1 = "mbar" }
get = 'U?'
reply = '{:TORR=0|MBAR=1}'
set = 'U {:TORR=0|MBAR=1}'""", "enumerated")
    )  # fmt: skip
    assert (engine.read("unit").value, engine.read("p").status) == (1, "ok")  # as the pressure wants it
    engine.write("unit", 0)
    assert (engine.read("unit").value, engine.read("p").reason) == (0, "unit is 'TORR'")


def test_an_item_with_a_class_beside_the_file_is_answered_in_the_numbers_of_the_device(make) -> None:
    engine = make(
        item("date", "python = 'dates:Date'\nget = 'D'\nreply = '{:06d}'\nset = 'D {:06d}'", "string")
    )
    assert engine.device.receive(b"D\nD 241231\nD\n") == b"000000\n241231\n"
    text = item("date", "python = 'dates:Date'\nget = 'D'\nreply = '{:06d}'", "string")
    assert make(text + "[simulate]\ninitial = { date = '311299' }\n").device.receive(b"D\n") == b"311299\n"


# -- every controller that there is a file for


@pytest.mark.parametrize(
    "text",
    ["MOUNT", "TRANSMITTER", "REPORT", "BALANCE", "SCALE", "SUPPLY", "WHEEL", "SCOPE"],
)
def test_every_item_of_a_controller_of_another_kind_is_read_and_set(tmp_path, text) -> None:
    path = tmp_path / "box.toml"
    path.write_text(HEAD + getattr(controllers, text))
    check_all_items(load(path))


def test_a_file_with_nothing_to_send_is_a_device_that_hears_nothing(make) -> None:
    engine = make("[queries.s]\nunsolicited = '{:f}'\n" + item("x", "from = 's'"))
    assert isinstance(engine.device, DerivedDevice)
    assert engine.device.receive(b"X\n") == b""
