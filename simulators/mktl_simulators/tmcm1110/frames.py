"""TMCL frames of nine bytes: TMCM-1110 TMCL firmware manual, chapter 3 (binary command format)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

#: Of every command and every reply.
LENGTH = 9

_COMMAND = struct.Struct(">BBBBi")
_REPLY = struct.Struct(">BBBBi")


def checksum(data: bytes) -> int:
    """The sum of all bytes, of which eight bits are kept.

    >>> hex(checksum(bytes.fromhex("01 0A 42 00 00 00 00 00")))      # the manual's example
    '0x4d'
    """
    return sum(data) & 0xFF


@dataclass(frozen=True, slots=True)
class Command:
    """What a master sends; ``motor`` is a bank with some commands."""

    address: int
    number: int
    type: int
    motor: int
    value: int

    def pack(self) -> bytes:
        """Nine bytes with their checksum."""
        head = _COMMAND.pack(self.address, self.number, self.type, self.motor, self.value)
        return head + bytes([checksum(head)])

    @classmethod
    def unpack(cls, frame: bytes) -> Command:
        """Take nine bytes apart; their checksum is not looked at."""
        return cls(*_COMMAND.unpack(frame[:-1]))


@dataclass(frozen=True, slots=True)
class Reply:
    """What a module answers."""

    host: int
    module: int
    status: int
    number: int
    value: int

    def pack(self) -> bytes:
        """Nine bytes with their checksum."""
        head = _REPLY.pack(self.host, self.module, self.status, self.number, self.value)
        return head + bytes([checksum(head)])

    @classmethod
    def unpack(cls, frame: bytes) -> Reply:
        """Take nine bytes apart; their checksum is not looked at."""
        return cls(*_REPLY.unpack(frame[:-1]))
