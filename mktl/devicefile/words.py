"""Between the registers of a Modbus device and the number or text that they stand for; pure.

A driver reads what a simulator writes by the same functions, so that a file cannot say one thing to each.
Within a register the high byte comes first (Modbus Application Protocol V1.1b3, section 4.2); in which order
the registers of a longer value come is the maker's choice, and some makers turn the bytes as well.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

from ..errors import ItemTypeError, ItemValueError
from .register import WORDS, Register

#: What a register of 16 bits holds.
MOST = 0xFFFF

_STRUCT = {
    "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
    "float32": "f", "float64": "d",
}  # fmt: skip


def decode(register: Register, words: Sequence[int]) -> Any:
    """The device's number, or its text, or a list of numbers where the register has a count.

    Args:
        register: Says what the words mean.
        words: As many as the register is wide, each 0..65535; in a table of bits each 0 or 1.

    Raises:
        ItemValueError: They cannot be what the register says.

    >>> from mktl.devicefile import Place
    >>> decode(Register(Place("holding", 0), "float32", order="CDAB"), [0x0000, 0x41C8])
    25.0
    >>> decode(Register(Place("holding", 0), "string", length=5), [0x4142, 0x4320, 0x0000])
    'ABC'
    """
    width = register.width
    if len(words) != width:
        raise ItemValueError(f"expected {width} registers, got {len(words)}")
    if register.type == "bool":
        values: list[Any] = [int(bool(word)) for word in words]
    elif register.type == "string":
        return _text(register, words)
    else:
        size = WORDS[register.type]
        values = [_number(register, words[at : at + size]) for at in range(0, len(words), size)]
    return values[0] if register.count == 1 else values


def encode(register: Register, value: Any) -> list[int]:
    """The words that stand for *value*: the inverse of :func:`decode`, but for a single bit.

    Numbers are rounded where the register holds whole ones.

    Raises:
        ItemValueError: The register cannot hold it; the text says what it can.
        ItemTypeError: It is no value for such a register.

    >>> from mktl.devicefile import Place
    >>> encode(Register(Place("holding", 0), "int16"), -3.0)
    [65533]
    >>> encode(Register(Place("holding", 0), "int32", order="CDAB"), 65538)
    [2, 1]
    """
    if register.bit is not None:
        raise ItemTypeError("one bit is not a whole register: see with_bit")
    if register.type == "string":
        return _words_of_text(register, value)
    values = [value] if register.count == 1 else _several(register, value)
    if register.type == "bool":
        return [int(_is_on(one)) for one in values]
    return [word for one in values for word in _words(register, one)]


def with_bit(register: Register, words: Sequence[int], on: Any) -> list[int]:
    """*words* with the register's one bit set or cleared, and all others as they are.

    >>> from mktl.devicefile import Place
    >>> with_bit(Register(Place("holding", 0), bit=3), [0xFF00], True)
    [65288]
    """
    assert register.bit is not None
    number = int.from_bytes(_bytes(register, words), "big")
    number = number | 1 << register.bit if _is_on(on) else number & ~(1 << register.bit)
    return _in_order(register, number.to_bytes(2 * len(words), "big"))


def bit_place(register: Register) -> tuple[int, int]:
    """Which of the register's words has its one bit, from 0, and which bit of that word it is.

    >>> from mktl.devicefile import Place
    >>> bit_place(Register(Place("holding", 0), "uint32", bit=17))
    (0, 1)
    >>> bit_place(Register(Place("holding", 0), "uint32", order="CDAB", bit=17))
    (1, 1)
    """
    words = with_bit(register, [0] * register.width, True)
    at = next(index for index, word in enumerate(words) if word)
    return at, words[at].bit_length() - 1


# -- one value


def _number(register: Register, words: Sequence[int]) -> int | float:
    data = _bytes(register, words)
    if register.bit is not None:
        return int.from_bytes(data, "big") >> register.bit & 1
    if register.type.startswith("bcd"):
        digits = data.hex()
        if not digits.isdecimal():
            raise ItemValueError(f"0x{digits} is no number in {register.type}")
        return int(digits)
    number: int | float = struct.unpack(f">{_STRUCT[register.type]}", data)[0]
    return number


def _words(register: Register, value: Any) -> list[int]:
    if not isinstance(value, int | float):
        raise ItemTypeError(f"{value!r} is no number for {register.type}")
    if register.type.startswith("float"):
        return _in_order(register, _float_bytes(register, value))
    if not math.isfinite(value):
        raise ItemValueError(f"{value} is no whole number for {register.type}")
    number = round(value)
    low, high = span_of(register.type)
    size = 2 * WORDS[register.type]
    if not low <= number <= high:
        raise ItemValueError(f"{number} is beyond what {register.type} holds, {low} to {high}")
    if register.type.startswith("bcd"):
        return _in_order(register, bytes.fromhex(f"{number:0{2 * size}d}"))
    return _in_order(register, number.to_bytes(size, "big", signed=low < 0))


def _float_bytes(register: Register, value: float) -> bytes:
    try:
        return struct.pack(f">{_STRUCT[register.type]}", value)
    except OverflowError:
        raise ItemValueError(f"{value} is beyond what {register.type} holds") from None


def span_of(kind: str) -> tuple[int, int]:
    """The lowest and the highest whole number that a register of this type holds.

    >>> span_of("int16"), span_of("bcd16")
    ((-32768, 32767), (0, 9999))
    """
    bits = 16 * WORDS[kind]
    if kind.startswith("bcd"):
        return 0, 10 ** (bits // 4) - 1
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.startswith("int") else (0, (1 << bits) - 1)


def _is_on(value: Any) -> bool:
    if value not in (0, 1):
        raise ItemValueError(f"{value!r} is neither on nor off, 1 or 0")
    return bool(value)


def _several(register: Register, value: Any) -> list[Any]:
    values = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ItemTypeError(f"{value!r} is no list of {register.count} numbers")
    if len(values) != register.count:
        raise ItemValueError(f"expected {register.count} numbers, got {len(values)}")
    return list(values)


# -- text


def _text(register: Register, words: Sequence[int]) -> str:
    """Up to the first NUL, without the blanks that fill it up."""
    data = _turned(register, b"".join(word.to_bytes(2, "big") for word in words))
    return data[: register.length].partition(b"\0")[0].decode("latin-1").rstrip()


def _words_of_text(register: Register, value: Any) -> list[int]:
    if not isinstance(value, str):
        raise ItemTypeError(f"{value!r} is no text")
    try:
        data = value.encode("latin-1")
    except UnicodeEncodeError:
        raise ItemValueError(f"{value!r} has characters that take more than a byte") from None
    if len(data) > register.length:
        raise ItemValueError(f"{value!r} is longer than {register.length} characters")
    data = _turned(register, data.ljust(2 * register.width, b"\0"))
    return list(struct.unpack(f">{register.width}H", data))


def _turned(register: Register, data: bytes) -> bytes:
    """Text with the bytes of each register the other way round, where the order says so."""
    if register.order not in ("BADC", "DCBA"):
        return data
    return bytes(data[at ^ 1] for at in range(len(data)))


# -- orders


def _bytes(register: Register, words: Sequence[int]) -> bytes:
    """One value's bytes, the highest first."""
    if register.order in ("CDAB", "DCBA"):
        words = words[::-1]
    little = register.order in ("BADC", "DCBA")
    return b"".join(word.to_bytes(2, "little" if little else "big") for word in words)


def _in_order(register: Register, data: bytes) -> list[int]:
    """The inverse of :func:`_bytes`."""
    little = register.order in ("BADC", "DCBA")
    words = [
        int.from_bytes(data[at : at + 2], "little" if little else "big") for at in range(0, len(data), 2)
    ]
    return words[::-1] if register.order in ("CDAB", "DCBA") else words
