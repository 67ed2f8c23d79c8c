"""The server side of Modbus, byte for byte with the examples of its specifications."""

from __future__ import annotations

import struct

import pytest
from mktl_simulators.modbus import Bank, ModbusException, RtuLine, TcpPort
from mktl_simulators.modbus.framing import crc16
from mktl_simulators.modbus.pdu import answer, pack_bits, unpack_bits

# MODBUS Application Protocol V1.1b3, the example of each function in section 6: what the device holds, the
# request, the answer, what it holds afterwards.
EXAMPLES = {
    "6.1 read coils": (
        {"coils": dict(enumerate(unpack_bits(b"\xcd\x6b\x05", 19), 19))},
        "01 0013 0013", "01 03 CD 6B 05", {},
    ),
    "6.2 read discrete inputs": (
        {"discrete": dict(enumerate(unpack_bits(b"\xac\xdb\x35", 22), 196))},
        "02 00C4 0016", "02 03 AC DB 35", {},
    ),
    "6.3 read holding registers": (
        {"holding": {107: 0x022B, 108: 0, 109: 100}},
        "03 006B 0003", "03 06 022B 0000 0064", {},
    ),
    "6.4 read input registers": ({"input": {8: 10}}, "04 0008 0001", "04 02 000A", {}),
    "6.5 write single coil": ({"coils": {172: 0}}, "05 00AC FF00", "05 00AC FF00", {"coils": {172: 1}}),
    "6.6 write single register": (
        {"holding": {1: 0}}, "06 0001 0003", "06 0001 0003", {"holding": {1: 3}},
    ),
    "6.8 return query data": ({}, "08 0000 A537", "08 0000 A537", {}),
    "6.11 write multiple coils": (
        {"coils": dict.fromkeys(range(19, 29), 0)},
        "0F 0013 000A 02 CD 01", "0F 0013 000A",
        {"coils": dict(enumerate([1, 0, 1, 1, 0, 0, 1, 1, 1, 0], 19))},
    ),
    "6.12 write multiple registers": (
        {"holding": {1: 0, 2: 0}},
        "10 0001 0002 04 000A 0102", "10 0001 0002", {"holding": {1: 10, 2: 0x0102}},
    ),
    "6.16 mask write register": (
        {"holding": {4: 0x12}}, "16 0004 00F2 0025", "16 0004 00F2 0025", {"holding": {4: 0x17}},
    ),
    "7 exception": ({"coils": {}}, "01 04A1 0001", "81 02", {}),
}  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_specification_are_answered_byte_for_byte(example) -> None:
    held, request, expected, afterwards = EXAMPLES[example]
    bank = Bank(**held)
    assert answer(bank, bytes.fromhex(request)) == bytes.fromhex(expected)
    assert all(bank.tables[table] == cells for table, cells in afterwards.items())


@pytest.fixture
def bank() -> Bank:
    words, bits = dict(enumerate(range(1000, 3000))), dict.fromkeys(range(2100), 1)
    return Bank(coils=bits, discrete=bits, input=words, holding=words)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("01 0000 07D0", "01 FA" + "FF" * 250),  # 2000 bits are the most
        ("01 0000 07D1", "81 03"),
        ("02 0000 0000", "82 03"),
        ("03 0000 007D", "03 FA" + "".join(f"{word:04x}" for word in range(1000, 1125))),  # as are 125 words
        ("03 0000 007E", "83 03"),
        ("04 0000 0000", "84 03"),
        ("03 07CF 0002", "83 02"),  # one there, one not
        ("03 FFFF 0002", "83 02"),
        ("05 0000 0001", "85 03"),  # on is FF00
        ("05 0900 FF00", "85 02"),
        ("06 0900 0001", "86 02"),
        ("06 0000", "86 03"),
        ("0F 0000 07B1 F7" + "00" * 247, "8F 03"),  # 1968 are the most
        ("0F 0000 0009 01 FF", "8F 03"),  # nine bits need two bytes
        ("10 0000 007C F8" + "0000" * 124, "90 03"),  # 123 are the most
        ("10 0000 0002 02 0001", "90 03"),
        ("10 07CF 0002 04 0001 0002", "90 02"),
        ("16 0900 0000 0000", "96 02"),
        ("16 0000 0000", "96 03"),
        ("07", "87 01"),
        ("08 0001 0000", "88 01"),  # restart
        ("2B 0E 01 00", "AB 01"),
    ],
)
def test_a_request_that_is_wrong_gets_its_exception_and_changes_nothing(bank, request_, expected) -> None:
    before = {table: dict(cells) for table, cells in bank.tables.items()}
    assert answer(bank, bytes.fromhex(request_)) == bytes.fromhex(expected)
    assert bank.tables == before


def test_a_device_may_know_fewer_functions() -> None:
    bank = Bank(holding={0: 1})
    bank.functions = frozenset({3, 6})
    assert answer(bank, bytes.fromhex("10 0000 0001 02 0005")) == b"\x90\x01"
    assert answer(bank, bytes.fromhex("06 0000 0005")) == bytes.fromhex("06 0000 0005")


def test_a_mask_can_set_one_bit_and_leave_the_others() -> None:
    bank = Bank(holding={7: 0b1010_0000_0000_0001})
    answer(bank, struct.pack(">BHHH", 22, 7, 0xFFFF ^ 0x0010, 0x0010))
    assert bank.tables["holding"][7] == 0b1010_0000_0001_0001


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 2000])
def test_what_is_packed_is_unpacked(count) -> None:
    bits = [at * at % 3 % 2 for at in range(count)]
    assert unpack_bits(pack_bits(bits), count) == bits


# -- RTU

#: Read 3 registers from 107 on of unit 17, a frame printed in many manuals, with its checksum 76 87.
READ = bytes.fromhex("11 03 006B 0003 76 87")
#: Its answer in the same manuals: AE41, 5652, 4340.
READ_ANSWER = bytes.fromhex("11 03 06 AE41 5652 4340 49 AD")


def frame(text: str) -> bytes:
    body = bytes.fromhex(text)
    return body + crc16(body).to_bytes(2, "little")


@pytest.fixture
def line() -> RtuLine:
    one = Bank(holding={107: 0xAE41, 108: 0x5652, 109: 0x4340, 5: 0})
    two = Bank(holding={5: 0}, coils={0: 0})
    return RtuLine({17: one, 18: two})


def test_an_rtu_frame_is_answered_by_its_unit(line) -> None:
    assert line.receive(READ) == READ_ANSWER


def test_a_frame_may_come_in_pieces(line) -> None:
    assert [line.receive(READ[at : at + 1]) for at in range(8)] == [b""] * 7 + [READ_ANSWER]


@pytest.mark.parametrize(
    "request_",
    ["11 01 0000 0001", "12 05 0000 FF00", "11 06 0005 0001", "12 0F 0000 0001 01 01",
     "11 10 0005 0001 02 0007", "11 16 0005 FFFF 0000", "11 07", "11 2B 0E 01 00",
     "11 17 006B 0001 0005 0001 02 0007"],
)  # fmt: skip
def test_each_function_is_cut_where_it_ends(line, request_) -> None:
    pieces = [line.receive(bytes([byte])) for byte in frame(request_)]
    assert pieces[-1][1] & 0x7F == frame(request_)[1]
    assert not any(pieces[:-1])
    assert line.receive(READ) == READ_ANSWER


@pytest.mark.parametrize("unit", [1, 247])
def test_another_unit_is_met_with_silence(line, unit) -> None:
    assert line.receive(frame(f"{unit:02x} 03 006B 0003")) == b""
    assert line.receive(READ) == READ_ANSWER


@pytest.mark.parametrize("at", range(8))
def test_a_wrong_checksum_is_met_with_silence_and_the_next_frame_answered(line, at) -> None:
    garbled = READ[:at] + bytes([READ[at] ^ 0x20]) + READ[at + 1 :]
    assert line.receive(garbled) == b""
    line.advance(1.0)
    assert line.receive(READ) == READ_ANSWER


def test_silence_ends_what_was_cut_off(line) -> None:
    assert line.receive(READ[:5]) == b""
    line.advance(0.2)
    assert line.receive(READ) == READ_ANSWER


def test_a_broadcast_is_carried_out_by_all_and_answered_by_none(line) -> None:
    assert line.receive(frame("00 06 0005 0011")) == b""
    assert [bank.tables["holding"][5] for bank in line.units.values()] == [0x11, 0x11]


def test_the_line_going_away_forgets_half_a_frame(line) -> None:
    line.receive(READ[:5])
    line.hang_up()
    assert line.receive(READ) == READ_ANSWER


def test_a_unit_without_power_is_silent(line) -> None:
    del line.units[17]
    assert line.receive(READ) == b""


def test_an_exception_on_command_is_answered_and_the_request_not_carried_out(line) -> None:
    line.refuse_next(6, requests=2)
    write = frame("11 06 0005 0001")
    assert line.receive(write) == line.receive(write) == frame("11 86 06")
    assert line.units[17].tables["holding"][5] == 0
    assert line.receive(write) == write


# -- TCP


@pytest.fixture
def port() -> TcpPort:
    return TcpPort({1: Bank(holding={4: 5}), 2: Bank(holding={4: 7})})


def test_the_answer_repeats_the_transaction_and_the_unit(port) -> None:
    request = bytes.fromhex("1501 0000 0006 02 03 0004 0001")
    assert port.receive(request) == bytes.fromhex("1501 0000 0005 02 03 02 0007")


def test_several_requests_may_come_at_once_and_in_pieces(port) -> None:
    requests = bytes.fromhex("0001 0000 0006 01 03 0004 00010002 0000 0006 02 03 0004 0001")
    answers = b"".join(port.receive(requests[at : at + 5]) for at in range(0, len(requests), 5))
    assert answers == bytes.fromhex("0001 0000 0005 01 03 02 00050002 0000 0005 02 03 02 0007")


def test_a_gateway_says_which_unit_it_cannot_reach(port) -> None:
    request = bytes.fromhex("0007 0000 0006 09 03 0004 0001")
    assert port.receive(request) == bytes.fromhex("0007 0000 0003 09 83 0B")


def test_one_device_answers_any_unit() -> None:
    port = TcpPort({1: Bank(holding={4: 5})}, any_unit=True)
    for unit in ("00", "01", "FF"):
        request = bytes.fromhex(f"0007 0000 0006 {unit} 03 0004 0001")
        assert port.receive(request) == bytes.fromhex(f"0007 0000 0005 {unit} 03 02 0005")


@pytest.mark.parametrize("header", ["0001 0001 0006 01", "0001 0000 0000 01", "0001 0000 00FF 01"])
def test_what_is_no_header_is_forgotten(port, header) -> None:
    assert port.receive(bytes.fromhex(header + "03 0004 0001")) == b""
    assert port.receive(bytes.fromhex("0007 0000 0006 01 03 0004 0001"))


def test_a_bank_refuses_addresses_that_are_not_there_as_a_whole() -> None:
    bank = Bank(holding={1: 1})
    with pytest.raises(ModbusException, match="exception 2: nothing at holding 2"):
        bank.write("holding", 1, [5, 6])
    assert bank.tables["holding"] == {1: 1}
