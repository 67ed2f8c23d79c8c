"""Modbus requests and their answers: MODBUS Application Protocol V1.1b3, section 6 (function codes).

The checks come in the order of its state diagrams: the function, then the quantity or value, then the
address, then whatever the device itself has to say.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from .registers import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    ModbusException,
    RegisterDevice,
    Table,
)

#: A function: the device and what follows the code, to what follows the code in the answer.
Function = Callable[[RegisterDevice, bytes], bytes]

ON, OFF = 0xFF00, 0x0000


def answer(device: RegisterDevice, request: bytes) -> bytes:
    """The answer to one request, which begins with its function code.

    >>> from mktl_simulators.modbus import Bank
    >>> answer(Bank(input={8: 10}), bytes.fromhex("04 0008 0001")).hex(" ")     # section 6.4
    '04 02 00 0a'
    >>> answer(Bank(input={8: 10}), bytes.fromhex("04 0009 0001")).hex(" ")
    '84 02'
    """
    code = request[0]
    device.heard(code)
    try:
        if code not in device.functions or code not in _FUNCTIONS:
            raise ModbusException(ILLEGAL_FUNCTION)
        return bytes([code]) + _FUNCTIONS[code](device, request[1:])
    except ModbusException as refused:
        return exception(code, refused.code)


def exception(function: int, code: int) -> bytes:
    """The answer to a request that is not carried out."""
    return bytes([function | 0x80, code])


def pack_bits(bits: Sequence[int]) -> bytes:
    """Eight bits a byte, the first one lowest; the last byte is filled with zeros.

    >>> pack_bits([1, 0, 1, 1, 0, 0, 1, 1,  1, 1, 0, 1, 0, 1, 1, 0,  1, 0, 1]).hex(" ")     # section 6.1
    'cd 6b 05'
    """
    number = sum(1 << at for at, bit in enumerate(bits) if bit)
    return number.to_bytes((len(bits) + 7) // 8, "little")


def unpack_bits(data: bytes, count: int) -> list[int]:
    """The inverse of :func:`pack_bits`."""
    number = int.from_bytes(data, "little")
    return [number >> at & 1 for at in range(count)]


def _fields(layout: str, body: bytes) -> tuple[int, ...]:
    """The numbers of a request of fixed length."""
    if len(body) != struct.calcsize(layout):
        raise ModbusException(ILLEGAL_VALUE, f"{len(body) + 1} bytes are too few or too many")
    return cast(tuple[int, ...], struct.unpack(layout, body))


def _span(body: bytes, most: int) -> tuple[int, int]:
    """Address and quantity, as all but the shortest requests begin."""
    address, count = _fields(">HH", body[:4])
    if not 1 <= count <= most:
        raise ModbusException(ILLEGAL_VALUE, f"a quantity of {count}, not 1 to {most}")
    if address + count > 0x10000:
        raise ModbusException(ILLEGAL_ADDRESS, f"{count} from {address} on leads beyond 65535")
    return address, count


def _read_bits(table: Table) -> Function:
    def read(device: RegisterDevice, body: bytes) -> bytes:
        _fields(">HH", body)
        data = pack_bits(device.read(table, *_span(body, 2000)))
        return bytes([len(data)]) + data

    return read


def _read_words(table: Table) -> Function:
    def read(device: RegisterDevice, body: bytes) -> bytes:
        _fields(">HH", body)
        words = device.read(table, *_span(body, 125))
        return struct.pack(f">B{len(words)}H", 2 * len(words), *words)

    return read


def _write_coil(device: RegisterDevice, body: bytes) -> bytes:
    address, value = _fields(">HH", body)
    if value not in (ON, OFF):
        raise ModbusException(ILLEGAL_VALUE, f"{value:#06x} is neither on nor off")
    device.write("coils", address, [int(value == ON)])
    return body


def _write_register(device: RegisterDevice, body: bytes) -> bytes:
    address, value = _fields(">HH", body)
    device.write("holding", address, [value])
    return body


def _data(body: bytes, length: int) -> bytes:
    """What follows address, quantity and byte count, which must be *length*."""
    if len(body) != 5 + length or body[4] != length:
        raise ModbusException(ILLEGAL_VALUE, f"not {length} bytes of data, as the quantity says")
    return body[5:]


def _write_coils(device: RegisterDevice, body: bytes) -> bytes:
    address, count = _span(body, 1968)
    device.write("coils", address, unpack_bits(_data(body, (count + 7) // 8), count))
    return body[:4]


def _write_registers(device: RegisterDevice, body: bytes) -> bytes:
    address, count = _span(body, 123)
    device.write("holding", address, struct.unpack(f">{count}H", _data(body, 2 * count)))
    return body[:4]


def _say_again(_device: RegisterDevice, body: bytes) -> bytes:
    """Diagnostics, of which only the loopback, sub-function 0, is known (section 6.8)."""
    if body[:2] != b"\x00\x00":
        raise ModbusException(ILLEGAL_FUNCTION)
    return body


def _mask_register(device: RegisterDevice, body: bytes) -> bytes:
    address, and_mask, or_mask = _fields(">HHH", body)
    device.mask(address, and_mask, or_mask)
    return body


_FUNCTIONS: Mapping[int, Function] = {
    1: _read_bits("coils"),
    2: _read_bits("discrete"),
    3: _read_words("holding"),
    4: _read_words("input"),
    5: _write_coil,
    6: _write_register,
    8: _say_again,
    15: _write_coils,
    16: _write_registers,
    22: _mask_register,
}
