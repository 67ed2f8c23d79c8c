"""HiSLIP messages as values (IVI-6.1, sections 2.2 and 2.5): a header of 16 bytes, and what it says follows.

The header: ``HS``, type, control code, a parameter of 4 bytes, and the length of the payload in 8; all high
byte first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from mktl.errors import MktlError

_HEADER = struct.Struct("!2sBBIQ")
HEADER_BYTES = _HEADER.size

#: Nobody means a longer one; it would be memory for the asking.
LONGEST = 64 << 20


class Kind(IntEnum):
    """The message types that occur without encryption (IVI-6.1, section 2.5)."""

    INITIALIZE = 0
    INITIALIZE_RESPONSE = 1
    FATAL_ERROR = 2
    ERROR = 3
    ASYNC_LOCK = 4
    ASYNC_LOCK_RESPONSE = 5
    DATA = 6
    DATA_END = 7
    DEVICE_CLEAR_COMPLETE = 8
    DEVICE_CLEAR_ACKNOWLEDGE = 9
    ASYNC_REMOTE_LOCAL_CONTROL = 10
    ASYNC_REMOTE_LOCAL_RESPONSE = 11
    TRIGGER = 12
    INTERRUPTED = 13
    ASYNC_INTERRUPTED = 14
    ASYNC_MAX_MSG_SIZE = 15
    ASYNC_MAX_MSG_SIZE_RESPONSE = 16
    ASYNC_INITIALIZE = 17
    ASYNC_INITIALIZE_RESPONSE = 18
    ASYNC_DEVICE_CLEAR = 19
    ASYNC_SERVICE_REQUEST = 20
    ASYNC_STATUS_QUERY = 21
    ASYNC_STATUS_RESPONSE = 22
    ASYNC_DEVICE_CLEAR_ACKNOWLEDGE = 23
    ASYNC_LOCK_INFO = 24
    ASYNC_LOCK_INFO_RESPONSE = 25


class FatalError(IntEnum):
    """Why a connection was ended."""

    POOR_HEADER = 1
    ONE_CHANNEL_ONLY = 2
    NO_INITIALIZATION = 3
    TOO_MANY_CLIENTS = 4


#: The control code of an ERROR that answers a message of a type that is not known.
UNKNOWN_TYPE = 1


class ProtocolError(MktlError):
    """What came is no HiSLIP message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, on either channel.

    >>> Message(Kind.DATA_END, parameter=0xFFFFFF00, payload=b"*IDN?").pack()[:8].hex(" ")
    '48 53 07 00 ff ff ff 00'
    """

    #: A :class:`Kind`, or the number of one that is not known.
    kind: int
    control: int = 0
    parameter: int = 0
    payload: bytes = b""

    def pack(self) -> bytes:
        """The bytes of it."""
        header = _HEADER.pack(b"HS", self.kind, self.control, self.parameter, len(self.payload))
        return header + self.payload


class Stream:
    """Cuts what comes on one channel into messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Add what has arrived."""
        self._bytes += data

    def messages(self) -> Iterator[Message]:
        """Each message that is whole by now.

        Raises:
            ProtocolError: It is none, and nothing after it can be found.
        """
        while len(self._bytes) >= HEADER_BYTES:
            prologue, kind, control, parameter, length = _HEADER.unpack_from(self._bytes)
            if prologue != b"HS" or length > LONGEST:
                raise ProtocolError(f"no HiSLIP message: {bytes(self._bytes[:HEADER_BYTES]).hex(' ')}")
            end = HEADER_BYTES + length
            if len(self._bytes) < end:
                return
            payload = bytes(self._bytes[HEADER_BYTES:end])
            del self._bytes[:end]
            yield Message(kind, control, parameter, payload)
