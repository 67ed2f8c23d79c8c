"""Requests and replies: MODBUS Application Protocol V1.1b3, sections 6 and 7 (exceptions); pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mktl.devicefile.register import Table

from .plan import BITS, Span

READ: dict[Table, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
DIAGNOSE = 8
#: Set in the function of a reply that says no.
NO = 0x80

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4
ACKNOWLEDGE, BUSY, PARITY_ERROR, NO_PATH, TARGET_SILENT = 5, 6, 8, 0x0A, 0x0B
#: What each says, in the words of the protocol.
EXCEPTIONS = {
    ILLEGAL_FUNCTION: "illegal function",
    ILLEGAL_ADDRESS: "illegal data address",
    ILLEGAL_VALUE: "illegal data value",
    DEVICE_FAILURE: "server device failure",
    ACKNOWLEDGE: "acknowledge: it takes a long time",
    BUSY: "server device busy",
    PARITY_ERROR: "memory parity error",
    NO_PATH: "gateway path unavailable",
    TARGET_SILENT: "gateway target device failed to respond",
}

_ON = 0xFF00


class ExceptionReply(Exception):  # noqa: N818 - the protocol's own word
    """The device answered an exception instead of doing what it was asked."""

    def __init__(self, request: Request, code: int) -> None:
        super().__init__(f"exception {code}, {EXCEPTIONS.get(code, 'of its own')}, to {request}")
        self.request, self.code = request, code


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a unit, and what its answer must look like."""

    function: int
    body: bytes
    #: The answer that it was done, where all of it is known; of a read, its beginning.
    answer: bytes
    #: How long the answer is.
    answer_length: int
    span: Span | None = None

    @property
    def pdu(self) -> bytes:
        """The request as it stands in a frame."""
        return bytes([self.function]) + self.body

    @property
    def reads(self) -> bool:
        """True when its answer has values."""
        return self.function in READ.values()

    @property
    def writes(self) -> bool:
        """True when it changes something."""
        return not self.reads and self.function != DIAGNOSE

    def words(self, pdu: bytes) -> list[int]:
        """The registers or bits that *pdu*, the answer, brings; none for a write.

        Raises:
            ExceptionReply: It says no.
            ValueError: It is no answer to this request; the text says what would be.
        """
        if pdu[:1] == bytes([self.function | NO]) and len(pdu) == 2:
            raise ExceptionReply(self, pdu[1])
        if len(pdu) != self.answer_length or not pdu.startswith(self.answer):
            raise ValueError(f"{self.answer_length} bytes that begin with {self.answer.hex(' ')}")
        if self.span is None or self.writes:
            return []
        data, count = pdu[2:], self.span.count
        if self.span.table in BITS:
            return [data[at // 8] >> at % 8 & 1 for at in range(count)]
        return list(struct.unpack(f">{count}H", data))

    def __str__(self) -> str:
        what = f" of {self.span}" if self.span else ""
        return f"function {self.function}{what}"


@lru_cache(maxsize=4096)
def read(span: Span) -> Request:
    """Read *span*; the same ones are read over and over.

    >>> read(Span("holding", 107, 3)).pdu.hex(" ")          # section 6.3 of the protocol
    '03 00 6b 00 03'
    >>> read(Span("holding", 107, 3)).words(bytes.fromhex("03 06 022b 0000 0064"))
    [555, 0, 100]
    """
    function = READ[span.table]
    size = (span.count + 7) // 8 if span.table in BITS else 2 * span.count
    body = struct.pack(">HH", span.address, span.count)
    return Request(function, body, bytes([function, size]), 2 + size, span)


def write(span: Span, values: Sequence[int], function: int | None = None) -> Request:
    """Write *values* to *span*: with the shortest function, or with *function*.

    >>> write(Span("coil", 172, 1), [1]).pdu.hex(" ")       # section 6.5 of the protocol
    '05 00 ac ff 00'
    >>> write(Span("holding", 1, 2), [10, 258]).pdu.hex(" ")   # section 6.12
    '10 00 01 00 02 04 00 0a 01 02'
    """
    if function is None and span.table in BITS:
        function = 5 if span.count == 1 else 15
    elif function is None:
        function = 6 if span.count == 1 else 16
    if function in (5, 6):
        value = values[0] * _ON if function == 5 else values[0]
        body = struct.pack(">HH", span.address, value)
        return _write(function, body, body, span)
    if span.table in BITS:
        number = sum(bit << at for at, bit in enumerate(values))
        data = number.to_bytes((span.count + 7) // 8, "little")
    else:
        data = struct.pack(f">{span.count}H", *values)
    head = struct.pack(">HH", span.address, span.count)
    return _write(function, head + bytes([len(data)]) + data, head, span)


def mask(address: int, bit: int, on: bool) -> Request:
    """Set or clear one bit of a holding register, and leave the others as they are.

    >>> mask(4, 3, True).pdu.hex(" "), mask(4, 3, False).pdu.hex(" ")
    ('16 00 04 ff f7 00 08', '16 00 04 ff f7 00 00')
    """
    one = 1 << bit
    body = struct.pack(">HHH", address, 0xFFFF ^ one, one if on else 0)
    return _write(22, body, body, Span("holding", address, 1))


def loopback(number: int) -> Request:
    """Ask the unit to say *number* again: it changes nothing; no other answer is like that (section 6.8)."""
    body = struct.pack(">HH", 0, number)
    return Request(DIAGNOSE, body, bytes([DIAGNOSE]) + body, 5)


def _write(function: int, body: bytes, answer: bytes, span: Span) -> Request:
    return Request(function, body, bytes([function]) + answer, 1 + len(answer), span)
