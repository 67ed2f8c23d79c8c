"""Whose answer comes next, in a time of our own: Modbus/TCP by its numbers, RTU by what can be known."""

from __future__ import annotations

import pytest
from mktl_drivers.modbus.frames import rtu_frame, tcp_frame
from mktl_drivers.modbus.pdu import read, write
from mktl_drivers.modbus.plan import Span
from mktl_drivers.modbus.rtu_line import TURNAROUND_S, RtuLine
from mktl_drivers.modbus.tcp_line import UNANSWERED, TcpLine
from mktl_simulators.modbus import Bank
from mktl_simulators.modbus import RtuLine as Units

from mktl.errors import DeviceReplyError, DeviceTimeoutError
from tests.drivers.fakes import FakePort, spec_of

ONE, TWO = read(Span("holding", 1, 1)), read(Span("holding", 2, 1))


class Slow:
    """Units on a serial line, each answer as late as it is told; they answer in order."""

    def __init__(self) -> None:
        banks = {unit: Bank(holding={at: 100 * unit + at for at in range(9)}) for unit in (1, 2)}
        self.units = Units(banks)
        #: Seconds for the next answers; those after them come at once.
        self.late_s: list[float] = []
        self.knows_loopback = True
        self.asked: list[tuple[int, int]] = []
        self.port = FakePort(self)
        self._busy_until_s: dict[int, float] = {}

    def __call__(self, frame: bytes) -> list[tuple[float, bytes]]:
        self.asked.append((frame[0], frame[1]))
        if frame[1] == 8 and not self.knows_loopback:
            return []
        now_s, late_s = self.port.clock(), self.late_s.pop(0) if self.late_s else 0.0
        due_s = max(now_s + late_s, self._busy_until_s.get(frame[0], 0.0))
        self._busy_until_s[frame[0]] = due_s
        return [(due_s - now_s, self.units.receive(frame))]


@pytest.fixture
def device() -> Slow:
    return Slow()


@pytest.fixture
def rtu(device) -> RtuLine:
    return line_of(RtuLine, device.port)


def line_of(kind, port: FakePort, **manners):
    line = kind("plc", port, spec_of(send_end=b"", **manners), port.clock)
    line.open()
    return line


# -- RTU


def test_a_late_answer_of_the_same_form_is_not_taken_for_the_next(rtu, device) -> None:
    assert rtu.transact(1, ONE) == [101]
    device.late_s = [2.5]  # the reply timeout is 1 s
    with pytest.raises(DeviceTimeoutError, match=r"asked unit 1 for function 3 of holding 1: no answer"):
        rtu.transact(1, ONE)
    assert rtu.transact(1, TWO) == [102]
    assert device.asked == [(1, 3), (1, 3), (1, 8), (1, 3)]
    assert rtu.counts.late_replies == 1


def test_an_answer_that_is_late_after_the_loopback_was_asked_is_not_taken_either(rtu, device) -> None:
    device.late_s = [2.5, 0.7]  # the loopback's own answer comes after it, in time
    with pytest.raises(DeviceTimeoutError):
        rtu.transact(1, ONE)
    assert rtu.transact(1, TWO) == [102]


def test_while_it_is_not_known_what_comes_nothing_is_sent(rtu, device) -> None:
    device.late_s = [60.0, 60.0]
    with pytest.raises(DeviceTimeoutError):
        rtu.transact(1, ONE)
    with pytest.raises(DeviceTimeoutError):
        rtu.transact(1, write(Span("holding", 1, 1), [5]))
    assert not rtu.sent
    assert device.asked == [(1, 3), (1, 8)]


def test_another_unit_is_asked_meanwhile_without_waiting(rtu, device) -> None:
    device.late_s = [1.2]
    with pytest.raises(DeviceTimeoutError):
        rtu.transact(1, ONE)
    before_s = rtu.clock()
    assert rtu.transact(2, ONE) == [201]
    assert rtu.clock() - before_s < 0.1


def test_a_late_answer_of_another_unit_does_not_disturb(rtu, device) -> None:
    device.late_s = [1.2, 0.5]
    with pytest.raises(DeviceTimeoutError):
        rtu.transact(1, ONE)
    assert rtu.transact(2, ONE) == [201]  # the other's comes first
    assert rtu.counts.late_replies == 1


def test_a_device_that_is_silent_to_the_loopback_is_given_time_instead(rtu, device) -> None:
    device.knows_loopback = False
    assert rtu.transact(1, ONE) == [101]
    device.late_s = [1.5]
    for _ in range(3):  # what was asked, and two loopbacks in vain
        with pytest.raises(DeviceTimeoutError):
            rtu.transact(1, TWO)
    assert rtu.transact(1, TWO) == [102]
    assert device.asked[-2:] == [(1, 3), (1, 3)]
    # From now on it is known to be like that.
    device.late_s = [1.5]
    with pytest.raises(DeviceTimeoutError):
        rtu.transact(1, ONE)
    assert rtu.transact(1, TWO) == [102]
    assert device.asked[-3:] == [(1, 3)] * 3


@pytest.mark.parametrize(
    "spoil", [lambda a: a[:-1], lambda a: a[:2] + b"\x09" + a[3:], lambda a: b"\0" + a[1:]]
)
def test_a_broken_answer_is_no_value_and_the_next_is(spoil, device) -> None:
    answers = [spoil]
    port = FakePort(lambda frame: [(0.0, (answers.pop() if answers else bytes)(device(frame)[0][1]))])
    rtu = line_of(RtuLine, port)
    with pytest.raises((DeviceReplyError, DeviceTimeoutError)):
        rtu.transact(1, ONE)
    assert rtu.transact(1, TWO) == [102]


@pytest.mark.parametrize("noise", ["00", "ff", "00 00 00", "01", "01 03", "01 03 7f", "02 03 04 01"])
def test_noise_before_an_answer_is_passed_over(noise, device) -> None:
    rtu = line_of(RtuLine, FakePort(lambda frame: bytes.fromhex(noise) + device(frame)[0][1]))
    assert rtu.transact(1, ONE) == [101]
    assert rtu.transact(1, TWO) == [102]


def test_a_broken_answer_costs_no_reply_timeout(rtu, device, monkeypatch) -> None:
    answer = device.units.receive
    monkeypatch.setattr(device.units, "receive", lambda frame: b"\xff" + answer(frame)[1:])
    with pytest.raises(DeviceReplyError, match="a checksum that fits"):
        rtu.transact(1, ONE)
    monkeypatch.undo()
    before_s = rtu.clock()
    assert rtu.transact(1, ONE) == [101]
    assert rtu.clock() - before_s < 2.5 * rtu.spec.gap_timeout_s


def test_what_is_for_everybody_is_not_waited_for_and_leaves_the_line_alone_afterwards(device) -> None:
    port = FakePort(device)
    rtu = line_of(RtuLine, port, quiet_s=0.004)
    assert rtu.transact(0, write(Span("holding", 1, 1), [7])) == []
    assert rtu.transact(1, ONE) == [7]
    assert port.times_s[1] - port.times_s[0] >= TURNAROUND_S


def test_an_adapter_that_hears_itself_is_read_past(device) -> None:
    rtu = line_of(RtuLine, FakePort(lambda frame: frame + device(frame)[0][1]), echo="bytes")
    assert rtu.transact(1, ONE) == [101]


# -- TCP


class Numbered:
    """A device on TCP that answers a read by its address, as late as it is told."""

    def __init__(self) -> None:
        self.late_s: list[float] = []
        self.cut = False

    def __call__(self, frame: bytes) -> list[tuple[float, bytes]]:
        answer = tcp_frame(int.from_bytes(frame[:2], "big"), frame[6], b"\x03\x02" + frame[8:10])
        return [(self.late_s.pop(0) if self.late_s else 0.0, answer[:-1] if self.cut else answer)]


@pytest.fixture
def numbered() -> Numbered:
    return Numbered()


@pytest.fixture
def tcp(numbered) -> TcpLine:
    return line_of(TcpLine, FakePort(numbered, forgets=True))


def test_a_late_answer_is_dropped_by_its_number_and_nothing_is_waited_for(tcp, numbered) -> None:
    numbered.late_s = [1.5]
    with pytest.raises(DeviceTimeoutError, match="no answer within 1 s"):
        tcp.transact(1, ONE)
    before_s = tcp.clock()
    numbered.late_s = [0.9]
    assert tcp.transact(1, TWO) == [2]
    assert tcp.clock() - before_s < 1.0
    assert (tcp.in_step, tcp.counts.late_replies) == (True, 1)


def test_who_answers_what_was_for_everybody_is_not_listened_to(tcp) -> None:
    assert tcp.transact(0, write(Span("holding", 1, 1), [7])) == []
    assert tcp.transact(1, TWO) == [2]
    assert tcp.counts.late_replies == 1


def test_an_answer_in_pieces_is_put_together(numbered) -> None:
    def device(frame: bytes) -> list[tuple[float, bytes]]:
        [(_, answer)] = numbered(frame)
        return [(0.01 * at, answer[at : at + 1]) for at in range(len(answer))]

    assert line_of(TcpLine, FakePort(device, forgets=True)).transact(1, TWO) == [2]


def test_a_connection_that_nobody_answers_on_is_made_anew(tcp, numbered) -> None:
    numbered.late_s = [99.0] * UNANSWERED
    for _ in range(UNANSWERED):
        assert tcp.in_step
        with pytest.raises(DeviceTimeoutError):
            tcp.transact(1, ONE)
    assert not tcp.in_step


def test_half_an_answer_hides_where_the_next_begins(tcp, numbered) -> None:
    numbered.cut = True
    with pytest.raises(DeviceTimeoutError, match="its answer broke off after"):
        tcp.transact(1, ONE)
    assert not tcp.in_step


def test_what_is_no_modbus_at_all_is_shown() -> None:
    tcp = line_of(TcpLine, FakePort(lambda frame: b"HTTP/1.1 400 Bad Request\r\n", forgets=True))
    with pytest.raises(DeviceReplyError, match=r"HTTP/1\.1 400 .* expected a header of Modbus/TCP"):
        tcp.transact(1, ONE)
    assert not tcp.in_step


def test_an_answer_to_another_question_under_the_right_number_is_no_answer() -> None:
    port = FakePort(
        lambda frame: tcp_frame(int.from_bytes(frame[:2], "big"), 1, b"\x04\x02\0\0"), forgets=True
    )
    with pytest.raises(DeviceReplyError, match="4 bytes that begin with 03 02"):
        line_of(TcpLine, port).transact(1, ONE)


def test_the_numbers_go_round(numbered) -> None:
    port = FakePort(numbered, forgets=True)
    tcp = line_of(TcpLine, port)
    for _ in range(3):
        tcp._transaction = 0xFFFF
        assert tcp.transact(1, TWO) == [2]
    assert port.received[-1][:2] == b"\0\0"


def test_frames_of_both_kinds_carry_the_same_request() -> None:
    sent = []
    for kind in (RtuLine, TcpLine):
        port = FakePort()
        with pytest.raises(DeviceTimeoutError):
            line_of(kind, port).transact(17, ONE)
        sent += port.received
    assert sent == [rtu_frame(17, ONE.pdu), tcp_frame(1, 17, ONE.pdu)]
