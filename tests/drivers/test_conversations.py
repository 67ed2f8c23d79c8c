"""Exchanges of more than one command and one line: steps, other forms of a reply, echoes, lines that come
unasked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mktl_drivers.line import Line
from mktl_drivers.turns import frames_of, turns_of

from mktl.devicefile import Framing, Otherwise, Sentinel, Step, Template
from mktl.errors import DeviceRefusedError, DeviceReplyError, DeviceTimeoutError
from tests.drivers.fakes import FakePort, spec_of

ENQ = b"\x05"
template = Template.compile

# The dialogue of a Pfeiffer TPG: a mnemonic, ACK or NAK, ENQ, the data.
PRX = (
    Step(
        template(r"PRX"),
        template(r"\x06"),
        send_end=b"\r",
        otherwise=(Otherwise(template(r"\x15"), error="not understood"),),
    ),
    Step(template(r"\x05"), template("{st1:d},{p1:e},{st2:d},{p2:e}"), send_end=b""),
)


def on(device, **manners) -> tuple[Line, FakePort]:
    port = FakePort(device)
    spec = spec_of(**manners)
    line = Line("tpg", port, spec, port.clock)
    line.open()
    return line, port


def converse(line: Line, *steps: Step, **values: object) -> dict[str, object]:
    return line.converse(turns_of(steps, line.spec), frames_of(steps, {"": None, **values}))


def gauge(command: bytes) -> bytes:
    if command == ENQ:
        return b"0,8.1500E-05,5,2.0000E-02\r\n"
    return b"\x06\r\n" if command == b"PRX\r" else b"\x15\r\n"


def test_the_steps_of_a_handshake_are_one_exchange() -> None:
    line, port = on(gauge)
    assert converse(line, *PRX) == {"st1": 0, "p1": 8.15e-05, "st2": 5, "p2": 0.02}
    assert port.received == [b"PRX\r", ENQ]


def test_a_refusal_ends_the_exchange_in_the_words_of_the_file_and_the_line_stays_in_step() -> None:
    line, port = on(lambda command: b"\x15\r\n")
    with pytest.raises(DeviceRefusedError, match=r"tpg \(fake:1\): refused 'PRX': not understood"):
        converse(line, *PRX)
    assert port.received == [b"PRX\r"]
    assert line.in_step


def test_the_words_of_an_error_have_what_the_device_said() -> None:
    line, _ = on(lambda command: b"@001NAK160\r\n")
    forms = (Otherwise(template("@001NAK{code:d}"), error="NAK {code}"),)
    with pytest.raises(DeviceRefusedError, match="NAK 160"):
        converse(line, Step(template("@001PR1?"), template("@001ACK{:e}"), forms))


def test_what_a_second_question_tells_is_said_of_the_command_before_it() -> None:
    line, _ = on(lambda command: b"-11 VALUE TOO LARGE\r\n")
    told = (Otherwise(template("-{code:d} {why:s}"), error="-{code} {why}"),)
    with pytest.raises(DeviceRefusedError, match="refused 'out_sp_00 900': -11 VALUE TOO LARGE"):
        converse(line, Step(template("out_sp_00 900")), Step(template("status"), template("0{_:s}"), told))


def test_every_reply_on_a_link_may_have_the_forms_of_the_link() -> None:
    forms = (Otherwise(template("E,{code:d}"), error="error {code}"),)
    line, _ = on(lambda command: b"E,4\r\n")
    line.spec = replace(line.spec, otherwise=forms)
    with pytest.raises(DeviceRefusedError, match="error 4"):
        converse(line, Step(template("X"), template("{:f}")))


def test_a_form_that_is_no_value_says_so_for_every_field_that_it_lacks() -> None:
    line, _ = on(lambda command: b"WAIT 3\r\n")
    forms = (Otherwise(template("WAIT {minutes:d}"), status="disabled", reason="{minutes} min to go"),)
    fields = converse(line, Step(template("PR1?"), template("{p:e} {unit:s}"), forms))
    none = Sentinel("3 min to go", "disabled")
    assert fields == {"p": none, "unit": none, "minutes": 3}


def test_a_form_may_stand_for_a_value_or_give_it_in_another_way() -> None:
    forms = (Otherwise(template("OFF"), value=0.0), Otherwise(template("{:f} mW")))
    step = Step(template("P?"), template("{:f} W"), forms)
    for said, value in (("5 W", 5.0), ("OFF", 0.0), ("7 mW", 7.0)):
        line, _ = on(lambda command, said=said: said.encode() + b"\r\n")
        assert converse(line, step) == {"": value}


def test_a_reply_of_no_form_at_all_loses_the_step_and_is_shown() -> None:
    line, _ = on(lambda command: b"WHAT\r\n")
    with pytest.raises(DeviceReplyError, match="WHAT"):
        converse(line, Step(template("P?"), template("{:f}"), (Otherwise(template("OFF"), value=0),)))
    assert not line.in_step


def test_a_pause_lasts_as_long_as_it_should() -> None:
    line, port = on(lambda command: b"")
    converse(line, Step(template("A"), wait_s=0.25), Step(template("B")))
    assert port.times_s[1] - port.times_s[0] == pytest.approx(0.25)


def test_one_line_may_come_and_is_dropped() -> None:
    answers = {b"A\n": b"whatever\r\n", b"V?\n": b"4.2\r\n"}
    line, _ = on(lambda command: answers[command])
    dropped = Step(template("A"), ignores_reply=True)
    assert converse(line, dropped, Step(template("V?"), template("{:f}"))) == {"": 4.2}
    assert line.counts.late_replies == 0
    answers[b"A\n"] = b""
    assert converse(line, dropped, Step(template("V?"), template("{:f}"))) == {"": 4.2}


def test_each_step_may_have_a_framing_and_a_time_of_its_own() -> None:
    answers = {b"S\n": b"\x01\x02\x03\x04", b"L\n": [(2.5, b"7\r\n")]}
    line, _ = on(lambda command: answers[command])
    raw = Step(template("S"), template("{a:u16}{b:u16}"), framing=Framing(length=4))
    slow = Step(template("L"), template("{:d}"), reply_timeout_s=3.0)
    assert converse(line, raw, slow) == {"a": 0x0102, "b": 0x0304, "": 7}


# -- binary


def test_a_reply_whose_form_says_how_long_it_is_ends_there_and_not_at_silence() -> None:
    line, port = on(lambda command: [(0.1, b"\x02\x01"), (0.2, b"\x64")], reply_end=b"")
    assert converse(line, Step(template("X"), template(r"\x02{:bytes2}"))) == {"": b"\x01\x64"}
    assert port.now_s == pytest.approx(100.2)


def test_an_end_that_stands_in_every_form_of_a_reply_ends_it() -> None:
    """The handshake of a TPG with the ends written out, on a line that has none."""
    steps = (
        Step(template(r"PRX\r"), template(r"\x06\r\n"), (Otherwise(template(r"\x15\r\n"), error="no"),)),
        Step(
            template(r"\x05"),
            template(r"{st:d},{p:e}\r\n"),
            (Otherwise(template(r"ERR{n:d}\r\n"), error="{n}"),),
        ),
    )
    answers = {b"PRX\r": [(0.1, b"\x06\r"), (0.1, b"\n")], b"\x05": [(0.1, b"0,8.15E-5\r\n")]}
    line, port = on(lambda command: answers[command], send_end=b"", reply_end=b"")
    assert converse(line, *steps) == {"st": 0, "p": 8.15e-05}
    assert port.now_s == pytest.approx(100.2)
    answers[b"\x05"] = [(0.0, b"ERR3\r\n")]
    with pytest.raises(DeviceRefusedError, match="3"):
        converse(line, *steps)


@pytest.mark.parametrize(
    ("said", "data"),
    [
        (b"#15a\nb\r\n\r\n", b"a\nb\r\n"),  # ends within the data are none
        (b"#15a\nb\r\n", b"a\nb\r\n"),  # no end after it
        (b"#0a\nb\r\n", b"a\nb"),  # indefinite: up to the end of the message
    ],
)
def test_a_block_is_read_by_its_length_with_or_without_an_end_after_it(said, data) -> None:
    line, _ = on(lambda command: said)
    assert converse(line, Step(template("CURV?"), template("{:block}"))) == {"": data}
    assert line.counts.late_replies == 0


def test_a_block_that_breaks_off_is_no_block() -> None:
    line, _ = on(lambda command: b"#15ab")
    with pytest.raises(DeviceTimeoutError, match="broke off"):
        converse(line, Step(template("CURV?"), template("{:block}")))


def test_an_error_in_words_in_the_place_of_a_block_is_read_as_a_line() -> None:
    line, _ = on(lambda command: b"-230,stale\r\n")
    forms = (Otherwise(template("{code:d},{why:s}"), error="{why}"),)
    with pytest.raises(DeviceRefusedError, match="stale"):
        converse(line, Step(template("CURV?"), template("{:block}"), forms))


# -- echo


@pytest.mark.parametrize("echo", ["bytes", "line"])
def test_an_echo_is_read_away_and_the_reply_is_what_comes_after_it(echo) -> None:
    said = {"bytes": b"V?\n", "line": b"V?\r\n"}[echo]
    line, _ = on(lambda command: said + b"4.2\r\n", echo=echo)
    assert converse(line, Step(template("V?"), template("{:f}"))) == {"": 4.2}


def test_an_echo_comes_also_where_no_reply_does() -> None:
    line, _ = on(lambda command: command, echo="bytes")
    converse(line, Step(template("A")), Step(template("B")))
    assert line.counts.late_replies == 0


def test_a_line_that_comes_unasked_before_the_echo_is_none_and_is_not_lost() -> None:
    heard: list[bytes] = []
    line, _ = on(lambda command: b"!door 0\r\nV?\r\n4.2\r\n", echo="line")
    line.listeners.append(lambda said: said.startswith(b"!") and not heard.append(said))
    assert converse(line, Step(template("V?"), template("{:f}"))) == {"": 4.2}
    assert heard == [b"!door 0"]


def test_another_echo_than_the_command_is_an_error_that_shows_both() -> None:
    line, _ = on(lambda command: b"W?\n4.2\r\n", echo="bytes")
    with pytest.raises(DeviceReplyError, match=r"got b'W\?\\n', expected its echo 'V\?\\n'"):
        converse(line, Step(template("V?"), template("{:f}")))
    assert not line.in_step


# -- unasked


def test_a_line_that_comes_unasked_between_command_and_reply_is_no_answer_and_is_not_lost() -> None:
    heard: list[bytes] = []
    line, _ = on(lambda command: b"EVENT 1\r\n4.2\r\nEVENT 2\r\n")
    line.listeners.append(lambda said: said.startswith(b"EVENT") and not heard.append(said))
    step = Step(template("V?"), template("{:f}"))
    assert converse(line, step) == {"": 4.2}
    assert converse(line, step) == {"": 4.2}
    assert heard == [b"EVENT 1", b"EVENT 2", b"EVENT 1"]
    assert line.counts.late_replies == 0


def test_a_device_that_only_talks_about_other_things_has_not_answered() -> None:
    line, port = on(lambda command: b"")
    line.listeners.append(lambda said: said == b"EVENT")
    for n in range(100):
        port.send(b"EVENT\r\n", 0.3 * n + 0.1)
    with pytest.raises(DeviceTimeoutError, match=r"no reply to 'V\?' within"):
        converse(line, Step(template("V?"), template("{:f}")))


def test_chatter_that_somebody_listens_to_does_not_keep_a_line_out_of_step() -> None:
    line, port = on(lambda command: b"")
    line.listeners.append(lambda said: said == b"EVENT")
    for n in range(100):
        port.send(b"EVENT\r\n", 0.1 * n)
    assert line.await_silence(2.0)
