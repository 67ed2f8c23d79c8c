"""Frames: Modbus over Serial Line V1.02, section 2.5 (RTU), Messaging on TCP/IP V1.0b, section 3.1; pure."""

from __future__ import annotations

import struct
from typing import NamedTuple

from .pdu import NO

_HEADER = struct.Struct(">HHHB")
#: A header and 253 bytes, of which the unit is counted in.
LONGEST_TCP = 254


class Frame(NamedTuple):
    """What a frame carries, and how long it is itself."""

    unit: int
    pdu: bytes
    length: int
    #: The transaction that it belongs to, on TCP.
    transaction: int = 0


def tcp_frame(transaction: int, unit: int, pdu: bytes) -> bytes:
    """*pdu* behind the header of Modbus/TCP."""
    return _HEADER.pack(transaction, 0, 1 + len(pdu), unit) + pdu


def first_tcp_frame(buffer: bytes) -> Frame | None:
    r"""The frame that *buffer* begins with, None while it is not whole.

    Raises:
        ValueError: It begins with no frame; where the next one begins nobody knows.

    >>> first_tcp_frame(tcp_frame(7, 1, b"\x03\x02\x00\x0a") + b"\x00")
    Frame(unit=1, pdu=b'\x03\x02\x00\n', length=11, transaction=7)
    """
    if len(buffer) < _HEADER.size:
        return None
    transaction, protocol, length, unit = _HEADER.unpack_from(buffer)
    if protocol != 0 or not 2 <= length <= LONGEST_TCP:
        raise ValueError("a header of Modbus/TCP")
    if len(buffer) < 6 + length:
        return None
    return Frame(unit, bytes(buffer[_HEADER.size : 6 + length]), 6 + length, transaction)


def rtu_frame(unit: int, pdu: bytes) -> bytes:
    r"""*pdu* between its unit and its checksum.

    >>> rtu_frame(2, b"\x07").hex(" ")                         # Serial Line V1.02, appendix B
    '02 07 41 12'
    """
    frame = bytes([unit]) + pdu
    return frame + crc16(frame).to_bytes(2, "little")


def first_rtu_frame(buffer: bytes) -> Frame | None:
    """The answer that *buffer* begins with, None while it is not whole.

    On the line a silence ends a frame; what a port hands on shows no such silence, so an answer is as long
    as its function says.

    Raises:
        ValueError: It begins with no answer, or one whose checksum is wrong.
    """
    if len(buffer) < 5:  # no answer is shorter
        return None
    length = 3 + _length_of_answer(buffer)
    if len(buffer) < length:
        return None
    if crc16(buffer[:length]) != 0:
        raise ValueError("a checksum that fits")
    return Frame(buffer[0], bytes(buffer[1 : length - 2]), length)


def _length_of_answer(frame: bytes) -> int:
    """How long the PDU is that begins at byte 1."""
    function = frame[1]
    if function & NO:
        return 2
    if 1 <= function <= 4:
        return 2 + frame[2]
    fixed = {5: 5, 6: 5, 8: 5, 15: 5, 16: 5, 22: 7}.get(function)
    if fixed is None:
        raise ValueError("the function that was asked for")
    return fixed


def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_CRC = _table()


def crc16(data: bytes) -> int:
    """The checksum of a frame, sent low byte first; 0 over a frame with its own behind it."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc
