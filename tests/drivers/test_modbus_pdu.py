"""Requests and replies against the protocol's own examples, and against pymodbus and our server side."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mktl_drivers.modbus.frames import crc16, first_rtu_frame, first_tcp_frame, rtu_frame, tcp_frame
from mktl_drivers.modbus.pdu import ExceptionReply, Request, loopback, mask, read, write
from mktl_drivers.modbus.plan import Span
from mktl_simulators.modbus import Bank, RtuLine, TcpPort
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU

TABLES = ["coil", "discrete", "input", "holding"]


def bank() -> Bank:
    words = {at: at * 7 & 0xFFFF for at in range(2000)}
    bits = {at: at % 3 % 2 for at in range(2000)}
    return Bank(coils=bits, discrete=bits, input=words, holding=words)


@st.composite
def writes(draw) -> tuple[Request, list[int]]:
    table = draw(st.sampled_from(["coil", "holding"]))
    most = 1 if table == "coil" else 0xFFFF
    values = draw(st.lists(st.integers(0, most), min_size=1, max_size=60))
    several = 15 if table == "coil" else 16
    function = draw(st.sampled_from([None, several] if len(values) == 1 else [several]))
    return write(Span(table, draw(st.integers(0, 1900)), len(values)), values, function), values


READS = st.builds(read, st.builds(Span, st.sampled_from(TABLES), st.integers(0, 1800), st.integers(1, 125)))


@pytest.mark.parametrize(
    ("request_", "pdu", "answer", "words"),
    # Sections 6.1 to 6.16 of the protocol, MODBUS Application Protocol V1.1b3.
    [
        (read(Span("coil", 19, 19)), "01 0013 0013", "01 03 cd6b05", "1011001111010110101"),
        (read(Span("discrete", 196, 22)), "02 00c4 0016", "02 03 acdb35", "0011010111011011101011"),
        (read(Span("input", 8, 1)), "04 0008 0001", "04 02 000a", [10]),
        (write(Span("coil", 172, 1), [1]), "05 00ac ff00", "05 00ac ff00", []),
        (write(Span("holding", 1, 1), [3]), "06 0001 0003", "06 0001 0003", []),
        (
            write(Span("coil", 19, 10), [1, 0, 1, 1, 0, 0, 1, 1, 1, 0]),
            "0f 0013 000a 02 cd01",
            "0f 0013 000a",
            [],
        ),
        (write(Span("holding", 1, 2), [10, 258]), "10 0001 0002 04 000a 0102", "10 0001 0002", []),
        (loopback(0xA537), "08 0000 a537", "08 0000 a537", []),
    ],
)
def test_the_examples_of_the_protocol(request_, pdu, answer, words) -> None:
    assert request_.pdu == bytes.fromhex(pdu)
    assert request_.words(bytes.fromhex(answer)) == [int(word) for word in words]


@settings(max_examples=60)
@given(READS)
def test_what_a_device_holds_is_what_is_read(request_) -> None:
    device = bank()
    line = TcpPort({1: device})
    frame = first_tcp_frame(line.receive(tcp_frame(9, 1, request_.pdu)))
    assert frame.transaction == 9
    table = {"coil": "coils"}.get(request_.span.table, request_.span.table)
    assert request_.words(frame.pdu) == device.read(table, request_.span.address, request_.span.count)


@settings(max_examples=60)
@given(writes())
def test_what_is_written_is_what_a_device_holds(case) -> None:
    request_, values = case
    device = bank()
    frame = first_rtu_frame(RtuLine({17: device}).receive(rtu_frame(17, request_.pdu)))
    assert (frame.unit, request_.words(frame.pdu)) == (17, [])
    table = {"coil": "coils"}.get(request_.span.table, request_.span.table)
    assert device.read(table, request_.span.address, len(values)) == values


@given(st.integers(0, 0xFFFF), st.integers(0, 15), st.booleans())
@settings(max_examples=30)
def test_a_mask_changes_one_bit(before, bit, on) -> None:
    device = Bank(holding={4: before})
    TcpPort({1: device}).receive(tcp_frame(1, 1, mask(4, bit, on).pdu))
    assert device.tables["holding"][4] == before & ~(1 << bit) | on << bit


@settings(max_examples=60)
@given(st.one_of(READS, writes().map(lambda case: case[0])))
def test_pymodbus_understands_every_request_as_it_was_meant(request_) -> None:
    for framer, frame in (
        (FramerRTU(DecodePDU(True)), rtu_frame(3, request_.pdu)),
        (FramerSocket(DecodePDU(True)), tcp_frame(5, 3, request_.pdu)),
    ):
        used, seen = framer.handleFrame(frame, 3, 0)
        assert (used, seen.address) == (len(frame), request_.span.address)
        assert bytes([seen.function_code]) + seen.encode() == request_.pdu


# -- refusals, and what is no answer


def test_an_exception_is_told_by_its_code() -> None:
    with pytest.raises(ExceptionReply, match="exception 2, illegal data address, to function 3") as caught:
        read(Span("holding", 500, 1)).words(bytes.fromhex("83 02"))
    assert caught.value.code == 2


@pytest.mark.parametrize(
    "answer",
    ["03 04 0001 0002", "03 02 00", "04 02 0001", "83", "84 02", "", "03 02 0001 00"],
    ids=["longer", "cut", "another function", "half an exception", "another's exception", "none", "more"],
)
def test_what_answers_another_question_is_refused(answer) -> None:
    with pytest.raises(ValueError, match="4 bytes that begin with 03 02"):
        read(Span("holding", 0, 1)).words(bytes.fromhex(answer))


def test_a_write_must_be_answered_with_what_was_written() -> None:
    with pytest.raises(ValueError, match="5 bytes that begin with 06 00 01 00 03"):
        write(Span("holding", 1, 1), [3]).words(bytes.fromhex("06 0001 0004"))


# -- frames


@given(st.integers(0, 0xFFFF), st.integers(0, 255), st.binary(min_size=1, max_size=253), st.binary())
@settings(max_examples=60)
def test_a_tcp_frame_is_found_whole_whatever_follows(transaction, unit, pdu, rest) -> None:
    frame = tcp_frame(transaction, unit, pdu)
    assert first_tcp_frame(frame + rest) == (unit, pdu, len(frame), transaction)
    assert all(first_tcp_frame(frame[:at]) is None for at in range(len(frame)))


@given(READS, st.integers(1, 247), st.binary())
@settings(max_examples=60)
def test_an_rtu_answer_is_found_whole_whatever_follows(request_, unit, rest) -> None:
    frame = RtuLine({unit: bank()}).receive(rtu_frame(unit, request_.pdu))
    assert first_rtu_frame(frame + rest) == (unit, frame[1:-2], len(frame), 0)
    assert all(first_rtu_frame(frame[:at]) is None for at in range(len(frame)))


@given(st.binary(min_size=1, max_size=60), st.data())
@settings(max_examples=60)
def test_one_wrong_bit_is_noticed(data, draw) -> None:
    frame = data + crc16(data).to_bytes(2, "little")
    assert crc16(frame) == 0
    at = draw.draw(st.integers(0, 8 * len(frame) - 1))
    wrong = bytearray(frame)
    wrong[at // 8] ^= 1 << at % 8
    assert crc16(wrong) != 0


@pytest.mark.parametrize("garbage", ["0001 0001 0006 01", "0001 0000 0001 01", "0001 0000 0100 01"])
def test_what_is_no_header_is_refused(garbage) -> None:
    with pytest.raises(ValueError, match="a header of Modbus/TCP"):
        first_tcp_frame(bytes.fromhex(garbage))
