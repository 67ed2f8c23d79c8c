"""One command and its reply, and what the line does about everything else that comes."""

from __future__ import annotations

import pytest
from mktl_drivers.line import Line
from mktl_drivers.transport import WriteError

from mktl.devicefile import Template
from mktl.errors import DeviceError, DeviceReplyError, DeviceTimeoutError, LinkDownError
from tests.drivers.fakes import Dialogue, FakePort, spec_of

FLOAT = Template.compile("{:f}")


def line_to(device, forgets: bool = False, **manners: object) -> tuple[Line, FakePort]:
    port = FakePort(device, forgets)
    line = Line("ls336", port, spec_of("ls336", **manners), port.clock)
    line.open()
    return line, port


def test_a_command_gets_its_end_and_its_reply_loses_its_own() -> None:
    line, port = line_to(Dialogue({"KRDG? A": "+77.350"}))
    assert line.exchange(b"KRDG? A", FLOAT) == {"": 77.35}
    assert port.received == [b"KRDG? A\n"]
    assert line.counts.exchanges == 1


def test_a_reply_in_pieces_is_one_reply() -> None:
    line, _ = line_to(lambda command: [(0.3, b"+7"), (0.4, b"7.35\r"), (0.5, b"\n")])
    assert line.exchange(b"KRDG? A", FLOAT) == {"": 77.35}


def test_no_reply_says_who_was_asked_what_and_how_long() -> None:
    line, port = line_to(lambda command: b"")
    with pytest.raises(DeviceTimeoutError, match=r"^ls336 \(fake:1\): no reply to 'KRDG\? A' within 1\.0 s$"):
        line.exchange(b"KRDG? A", FLOAT)
    assert port.now_s == pytest.approx(101.0)
    assert not line.in_step
    assert line.counts.timeouts == 1


def test_a_query_may_be_given_more_time_than_the_link() -> None:
    line, _ = line_to(lambda command: [(30.0, b"1\r\n")])
    assert line.exchange(b"*OPC?", FLOAT, timeout_s=60.0) == {"": 1.0}


def test_a_reply_that_breaks_off_is_given_up_after_the_gap_and_shown() -> None:
    line, port = line_to(lambda command: [(0.5, b"+77.")])
    with pytest.raises(DeviceTimeoutError, match=r"broke off after '\+77\.': nothing more within 0\.2 s"):
        line.exchange(b"KRDG? A", FLOAT)
    assert port.now_s == pytest.approx(100.7)
    assert not line.in_step


def test_a_reply_of_another_form_names_what_was_sent_what_came_and_what_would_be_right() -> None:
    line, _ = line_to(Dialogue({"KRDG? A": "ERR 7"}))
    with pytest.raises(DeviceReplyError) as caught:
        line.exchange(b"KRDG? A", FLOAT)
    error = caught.value
    assert (error.sent, error.got) == (b"KRDG? A", b"ERR 7")
    assert error.expected == "a decimal number at byte 1"
    assert not line.in_step


def test_where_the_device_answers_nothing_nothing_is_waited_for() -> None:
    line, port = line_to(lambda command: b"")
    assert line.exchange(b"SETP 1,20.5", None) == {}
    assert port.now_s == 100.0
    assert line.in_step


def test_silence_ends_a_reply_that_has_no_other_end() -> None:
    line, port = line_to(lambda command: [(0.1, b"\x02\x01"), (0.2, b"\x64")], reply_end=b"")
    assert line.exchange(b"\x01", Template.compile(r"\x02{:bytes}")) == {"": b"\x01\x64"}
    assert port.now_s == pytest.approx(100.4)


def test_exchanges_keep_the_silence_that_the_device_needs() -> None:
    line, port = line_to(lambda command: [(0.01, b"1\r\n")], quiet_s=0.05)
    for _ in range(3):
        line.exchange(b"?", FLOAT)
    # 10 ms to each reply, 50 ms from it to the next command.
    assert port.times_s == pytest.approx([100.0, 100.06, 100.12])


def test_the_silence_counts_from_a_command_without_a_reply_too() -> None:
    line, port = line_to(lambda command: b"", quiet_s=0.25)
    line.exchange(b"out_sp_00 55.5", None)
    line.exchange(b"out_mode_05 1", None)
    assert port.times_s == pytest.approx([100.0, 100.25])


def test_what_lies_in_the_input_before_a_command_is_no_answer_to_it(caplog) -> None:
    line, port = line_to(Dialogue({"KRDG? A": "+77.350"}))
    port.send(b"+4.200\r\n")
    assert line.exchange(b"KRDG? A", FLOAT) == {"": 77.35}
    assert line.counts.late_replies == 1
    assert [record.getMessage() for record in caplog.records] == [
        r"ls336: threw away '+4.200\r\n', which answers nothing that was asked"
    ]


def test_a_doubled_reply_is_thrown_away_with_what_follows_it() -> None:
    line, _ = line_to(
        lambda command: [(0.0, b"+1\r\n+1\r\n+"), (0.1, b"1\r\n")] if b"A" in command else b"2\r\n"
    )
    assert line.exchange(b"A?", FLOAT) == {"": 1.0}
    assert line.exchange(b"B?", FLOAT) == {"": 2.0}
    assert line.counts.late_replies == 2  # the second copy, and the third when the line was thought silent


def test_a_device_that_never_falls_silent_is_not_sent_a_command() -> None:
    line, port = line_to(Dialogue({}))
    for tenths in range(100):
        port.send(b"0,8.15E-5\r\n", tenths / 10)
    with pytest.raises(DeviceError, match=r"not silent for 0\.2 s before a command: '0,8\.15E-5"):
        line.exchange(b"PR1", FLOAT)
    assert port.received == []
    assert not line.in_step


def test_a_reply_that_never_ends_is_cut_off() -> None:
    line, _ = line_to(lambda command: [(0.001 * n, b"x" * 100_000) for n in range(50)])
    with pytest.raises(DeviceReplyError, match=r"expected an end '\\r\\n'"):
        line.exchange(b"?", FLOAT)


def test_a_port_that_is_gone_before_the_command_took_nothing() -> None:
    line, port = line_to(lambda command: b"")
    port.unplug()
    with pytest.raises(LinkDownError, match=r"^ls336 \(fake:1\): the port is gone$"):
        line.exchange(b"SETP 1,20.5", None)
    assert not line.sent
    assert line.lost is not None


@pytest.mark.parametrize(("accepted", "sent"), [(0, False), (3, True)])
def test_a_write_that_breaks_tells_whether_a_byte_had_left(accepted, sent) -> None:
    line, port = line_to(lambda command: b"")
    port.broken["write"] = WriteError("broken pipe", accepted)
    with pytest.raises(LinkDownError, match="broken pipe"):
        line.exchange(b"SETP 1,20.5", None)
    assert line.sent is sent
