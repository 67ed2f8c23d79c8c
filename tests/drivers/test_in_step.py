"""After something went wrong on the line, nothing is sent until it is known whose reply comes next."""

from __future__ import annotations

from itertools import pairwise

import pytest
from mktl_drivers.line import Line
from mktl_drivers.sync import identify, resynchronise

from mktl.devicefile import Template
from mktl.errors import DeviceError, DeviceIdentityError, DeviceTimeoutError, LinkDownError
from tests.drivers.fakes import FakeInstrument, FakePort, spec_of

FLOAT = Template.compile("{:f}")
IDENTITY = ("*IDN?", "LSCI,MODEL336,{serial:s},{firmware:s}")
NAME = b"LSCI,MODEL336,LSA1234,2.9"


class Slow:
    """A device that does one thing at a time, with a delay for each command to come."""

    def __init__(self, port: FakePort, name: bytes = NAME) -> None:
        self.port = port
        self.name = name
        self.delays_s: list[float] = []
        self.free_s = 0.0

    def __call__(self, command: bytes):
        delay_s = self.delays_s.pop(0) if self.delays_s else 0.01
        self.free_s = max(self.free_s, self.port.now_s) + delay_s
        answer = self.name if command == b"*IDN?\n" else b"+1.0"
        return [(self.free_s - self.port.now_s, answer + b"\r\n")]


def slow_line(*, identity=IDENTITY, forgets: bool = False, **manners: object) -> tuple[Line, FakePort, Slow]:
    port = FakePort(forgets=forgets)
    port.device = device = Slow(port)
    line = Line("ls336", port, spec_of("ls336", identity=identity, **manners), port.clock)
    line.open()
    return line, port, device


def slow_instrument(*, identity=IDENTITY, **manners: object) -> tuple[Line, FakeInstrument, Slow]:
    port = FakeInstrument()
    port.device = device = Slow(port)
    line = Line("ls336", port, spec_of("ls336", identity=identity, **manners), port.clock)
    line.open()
    return line, port, device


def lose_step(line: Line) -> None:
    with pytest.raises(DeviceTimeoutError):
        line.exchange(b"KRDG? A", FLOAT)


def nothing() -> None:
    """Nobody looks up."""


# -- who is there


def test_the_right_device_is_known_by_its_answer() -> None:
    line, port, _ = slow_line()
    assert identify(line, line.spec.identity) == NAME
    assert port.received == [b"*IDN?\n"]


def test_another_device_is_refused_with_both_texts() -> None:
    line, port, device = slow_line()
    device.name = b"KEITHLEY INSTRUMENTS INC.,MODEL 2450,01234567,1.0.0i"
    with pytest.raises(
        DeviceIdentityError,
        match=r"expected 'LSCI,MODEL336,\{serial:s\},\{firmware:s\}', got 'KEITHLEY INSTRUMENTS INC\.,MODEL",
    ):
        identify(line, line.spec.identity)
    assert port.received == [b"*IDN?\n"]


def test_what_an_earlier_program_asked_for_does_not_make_it_another_device() -> None:
    line, port, _ = slow_line()
    port.send(b"+77.35\r\n", after_s=0.005)
    assert identify(line, line.spec.identity) == NAME


def test_nobody_there_is_no_other_device() -> None:
    line, _, device = slow_line()
    device.delays_s = [99.0]
    with pytest.raises(DeviceTimeoutError, match=r"no reply to '\*IDN\?' within 1\.0 s"):
        identify(line, line.spec.identity)


def test_a_device_that_babbles_is_not_listened_to_for_ever() -> None:
    line, port, device = slow_line()
    device.name = b"x"
    for n in range(1000):
        port.send(b"0,8.15E-5\r\n", after_s=0.01 + 0.01 * n)
    with pytest.raises(DeviceIdentityError, match=r"got '0,8\.15E-5'"):
        identify(line, line.spec.identity)
    assert port.now_s < 105


# -- a serial line


def test_a_late_reply_meets_the_barrier_and_not_the_next_command() -> None:
    line, port, device = slow_line()
    device.delays_s = [2.5]  # the line is silent for a second, and only then does it come
    lose_step(line)
    resynchronise(line, NAME, nothing)
    assert port.received[1:] == [b"*IDN?\n"]
    assert line.in_step
    assert line.exchange(b"KRDG? B", FLOAT) == {"": 1.0}


def test_nothing_is_sent_before_silence_of_the_reply_timeout() -> None:
    line, port, device = slow_line(reply_timeout_s=0.5)
    device.delays_s = [0.9]
    lose_step(line)
    resynchronise(line, NAME, nothing)
    # Sent at 100.0, given up at 100.5, the late reply at 100.9, and half a second of silence after that.
    assert port.times_s == pytest.approx([100.0, 101.4])


def test_a_link_remembers_how_late_replies_can_be() -> None:
    line, port, device = slow_line(reply_timeout_s=0.5)
    device.delays_s = [0.9]
    lose_step(line)
    resynchronise(line, NAME, nothing)
    device.delays_s = [99.0]
    lose_step(line)
    device.free_s = 0.0
    lost_s = port.now_s
    resynchronise(line, NAME, nothing)
    assert port.times_s[-1] - lost_s == pytest.approx(1.8)


def test_however_late_a_reply_once_was_the_silence_has_an_end() -> None:
    line, port, _ = slow_line(reply_timeout_s=0.5)
    line.longest_s, line.in_step, lost_s = 3600.0, False, port.now_s
    resynchronise(line, NAME, nothing)
    assert port.times_s[-1] - lost_s == pytest.approx(5.0)


def test_a_second_barrier_waits_longer_and_leaves_time_for_the_answer_to_the_first() -> None:
    line, port, device = slow_line(reply_timeout_s=0.5)
    device.delays_s = [1.4, 0.4]  # the question comes when the device has not done with the first command
    lose_step(line)
    resynchronise(line, NAME, nothing)
    assert line.in_step
    assert line.exchange(b"KRDG? B", FLOAT) == {"": 1.0}
    assert port.received == [b"KRDG? A\n", b"*IDN?\n", b"*IDN?\n", b"KRDG? B\n"]
    assert port.times_s[2] - port.times_s[1] > 0.5 + 1.0  # its timeout, and twice the silence
    assert port.read(100.0) == b""  # nothing is still on its way


def test_an_answer_to_a_barrier_given_up_is_not_taken_for_the_next_reply() -> None:
    line, port, device = slow_line(reply_timeout_s=0.5)
    device.delays_s = [0.6, 1.2, 0.1]
    lose_step(line)
    resynchronise(line, NAME, nothing)
    assert line.exchange(b"KRDG? B", FLOAT) == {"": 1.0}
    assert port.read(100.0) == b""  # nothing is still on its way


def test_a_generic_identity_is_a_barrier_only_with_the_very_words_of_this_device() -> None:
    line, port, device = slow_line(identity=("*IDN?", "{:s}"), reply_timeout_s=0.5)
    device.delays_s = [0.6 + 0.5 + 0.3]  # comes after the barrier was sent, and fits its template
    lose_step(line)
    resynchronise(line, NAME, nothing)
    assert line.exchange(b"KRDG? B", FLOAT) == {"": 1.0}
    assert port.read(100.0) == b""


def test_without_an_identity_silence_alone_must_do() -> None:
    line, port, device = slow_line(identity=None)
    device.delays_s = [1.5]
    lose_step(line)
    resynchronise(line, None, nothing)
    assert port.received == [b"KRDG? A\n"]
    assert line.exchange(b"KRDG? B", FLOAT) == {"": 1.0}


def test_a_device_that_stays_mute_is_away_after_three_attempts() -> None:
    line, port, device = slow_line()
    device.delays_s = [1e6]
    lose_step(line)
    looks: list[float] = []
    with pytest.raises(
        LinkDownError, match=r"no reply to '\*IDN\?' within 4\.0 s \(3 attempts to get in step"
    ):
        resynchronise(line, NAME, lambda: looks.append(port.now_s))
    assert port.received[1:] == [b"*IDN?\n"] * 3
    # Somebody can say meanwhile that values are old: looked up at least each quarter of a second of silence.
    assert looks[0] == pytest.approx(101.0)
    assert max(after - before for before, after in pairwise(looks)) < 4.3


def test_a_line_that_never_falls_silent_is_down() -> None:
    line, port, _ = slow_line()
    for n in range(10_000):
        port.send(b"noise", after_s=0.1 * n)
    line.in_step = False
    with pytest.raises(LinkDownError, match="does not fall silent"):
        resynchronise(line, NAME, nothing)
    assert port.received == []


# -- a connection


def test_a_connection_is_made_anew_and_takes_the_late_reply_with_it() -> None:
    line, port, device = slow_line(forgets=True)
    device.delays_s = [1.2]
    lose_step(line)
    device.free_s = 0.0
    resynchronise(line, NAME, nothing)
    assert port.opened == 2
    assert port.received[1:] == [b"*IDN?\n"]
    assert line.exchange(b"KRDG? B", FLOAT) == {"": 1.0}
    assert port.read(100.0) == b""


def test_another_device_behind_a_new_connection_is_seen_before_it_is_sent_a_command() -> None:
    line, port, device = slow_line(forgets=True)
    line.in_step, device.name = False, b"KEITHLEY"
    with pytest.raises(DeviceIdentityError, match="KEITHLEY"):
        resynchronise(line, NAME, nothing)
    assert port.received == [b"*IDN?\n"]


def test_a_connection_that_cannot_be_made_again_is_down_at_once() -> None:
    line, port, _ = slow_line(forgets=True)
    line.in_step = False
    port.broken["open"] = LinkDownError("connection refused")
    with pytest.raises(LinkDownError, match=r"ls336 \(fake:1\): connection refused"):
        resynchronise(line, NAME, nothing)


# -- a device that can be told to drop what it was about to say


def test_a_clear_goes_before_all_else_and_then_the_device_says_who_it_is() -> None:
    line, port, device = slow_instrument()
    device.delays_s = [1.2]
    lose_step(line)
    device.free_s, lost_s = 0.0, port.now_s
    resynchronise(line, NAME, nothing)
    assert (port.clears, port.opened, port.received[1:]) == (1, 1, [b"*IDN?\n"])
    assert port.now_s - lost_s == pytest.approx(0.01)  # nothing but the answer to *IDN? was waited for
    assert line.exchange(b"KRDG? B", FLOAT) == {"": 1.0}
    assert port.read(100.0) == b""


def test_without_an_identity_a_clear_alone_must_do() -> None:
    line, port, device = slow_instrument(identity=None)
    device.delays_s = [1.2]
    lose_step(line)
    resynchronise(line, None, nothing, probes=[b"KRDG? A"])
    assert (line.in_step, port.clears, port.received) == (True, 1, [b"KRDG? A\n"])


def test_another_device_is_seen_after_a_clear_and_is_sent_no_command() -> None:
    line, port, device = slow_instrument()
    line.in_step, device.name = False, b"KEITHLEY"
    with pytest.raises(LinkDownError, match=r"got b'KEITHLEY'.*\(3 attempts to get in step again\)"):
        resynchronise(line, NAME, nothing)
    assert set(port.received) == {b"*IDN?\n"}


def test_a_clear_that_fails_takes_the_link_down_with_its_words() -> None:
    line, port, _ = slow_instrument()
    line.in_step, port.can_clear = False, LinkDownError("the device clear failed: no answer in time")
    with pytest.raises(
        LinkDownError, match=r"^ls336 \(fake:1\): the device clear failed: no answer in time$"
    ):
        resynchronise(line, NAME, nothing)
    assert line.lost is not None


def test_where_there_is_no_clear_the_usual_ways_are_taken() -> None:
    line, port, device = slow_instrument()
    device.delays_s, port.can_clear = [1.2], False
    lose_step(line)
    resynchronise(line, NAME, nothing)
    assert (line.in_step, port.clears) == (True, 0)
    assert line.exchange(b"KRDG? B", FLOAT) == {"": 1.0}


def test_nothing_is_read_from_an_instrument_before_a_command() -> None:
    line, port, _ = slow_instrument(quiet_s=0.5)
    line.exchange(b"KRDG? A", None)
    port.broken["read"] = LinkDownError("query unterminated")  # what it would say to that
    line.exchange(b"KRDG? B", None)
    assert port.paused_s == pytest.approx(0.5)


def test_errors_on_the_way_are_device_errors() -> None:
    assert issubclass(DeviceIdentityError, DeviceError)
