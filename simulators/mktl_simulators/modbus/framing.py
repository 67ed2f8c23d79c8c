"""Modbus lines: Modbus over Serial Line V1.02 (section 2.5, RTU), Messaging on TCP/IP V1.0b (MBAP)."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .pdu import answer, exception
from .registers import BUSY, GATEWAY_TARGET_SILENT, RegisterDevice

BROADCAST = 0

#: The longest frames: 256 bytes on a serial line; a header of 7 and 253 more on TCP.
LONGEST_RTU, LONGEST_PDU = 256, 253


class Request(NamedTuple):
    """What one frame carries."""

    unit: int
    pdu: bytes
    #: The transaction id of TCP, which the answer repeats.
    transaction: int = 0


class ModbusLine(ABC):
    """Devices by unit on one line. A subclass cuts requests out of what comes and frames the answers.

    A request to unit 0 is for everybody, and nobody answers it.
    """

    def __init__(self, units: Mapping[int, RegisterDevice]) -> None:
        #: Take one out, and it is as dead as one without power.
        self.units = dict(units)
        self._half = bytearray()
        self._refusals: deque[int] = deque()

    def refuse_next(self, code: int = BUSY, requests: int = 1) -> None:
        """Have the next requests answered with this exception and not carried out."""
        self._refusals.extend([code] * requests)

    def receive(self, data: bytes) -> bytes:
        """Answer each request that *data* completes."""
        self._half += data
        return b"".join(self._replies())

    def advance(self, dt_s: float) -> None:
        """Let time pass in every unit."""
        for device in self.units.values():
            device.advance(dt_s)

    def hang_up(self) -> None:
        """Forget half a request."""
        self._half.clear()

    @abstractmethod
    def _take(self) -> Request | None:
        """Cut the next request out of what has come, None when there is no whole one."""

    @abstractmethod
    def _frame(self, request: Request, pdu: bytes) -> bytes:
        """An answer as it goes over this line."""

    def _device(self, unit: int) -> RegisterDevice | None:
        return self.units.get(unit)

    def _nobody(self, request: Request) -> bytes | None:  # noqa: ARG002 - a gateway says it with the function
        """The answer for a unit that is not there."""
        return None

    def _replies(self) -> Iterator[bytes]:
        while (request := self._take()) is not None:
            pdu = self._answer(request)
            if pdu is not None:
                yield self._frame(request, pdu)

    def _answer(self, request: Request) -> bytes | None:
        device = self._device(request.unit)
        if device is not None:
            if self._refusals:
                return exception(request.pdu[0], self._refusals.popleft())
            return answer(device, request.pdu)
        if request.unit != BROADCAST:
            return self._nobody(request)
        for each in self.units.values():
            answer(each, request.pdu)
        return None


class RtuLine(ModbusLine):
    """RTU frames. A wrong checksum or another's unit is met with silence.

    On the wire a silence of 3.5 characters ends a frame. Terminals and TCP ports show no such silence, so a
    frame is cut by the length that its function has; after *silence_s* without a byte what has come of a
    frame is forgotten. What follows a wrong checksum is forgotten at once, up to the last byte that came with
    it: a master sends one frame and waits.

    >>> from mktl_simulators.modbus import Bank
    >>> line = RtuLine({17: Bank(holding={107: 0xAE41, 108: 0x5652, 109: 0x4340})})
    >>> line.receive(bytes.fromhex("11 03 00 6B 00 03 76 87")).hex(" ")
    '11 03 06 ae 41 56 52 43 40 49 ad'
    """

    def __init__(self, units: Mapping[int, RegisterDevice], *, silence_s: float = 0.1) -> None:
        super().__init__(units)
        self._silence_s = silence_s
        self._silent_s = 0.0

    def receive(self, data: bytes) -> bytes:
        """Answer each frame that *data* completes."""
        self._silent_s = 0.0
        return super().receive(data)

    def advance(self, dt_s: float) -> None:
        """Let time pass, also on the line."""
        super().advance(dt_s)
        self._silent_s += dt_s
        if self._silent_s > self._silence_s:
            self._half.clear()

    def _take(self) -> Request | None:
        length = frame_length(bytes(self._half))
        if length is None or length > len(self._half):
            return None
        frame = bytes(self._half[:length])
        if crc16(frame) != 0:
            self._half.clear()
            return None
        del self._half[:length]
        return Request(frame[0], frame[1:-2])

    def _frame(self, request: Request, pdu: bytes) -> bytes:
        frame = bytes([request.unit]) + pdu
        return frame + crc16(frame).to_bytes(2, "little")


class TcpPort(ModbusLine):
    """Frames with the header of Modbus/TCP: the port of a gateway, or with *any_unit* of one device.

    A gateway answers exception 0x0B for a unit that it cannot reach. One device does not look at the unit.
    Bytes that are no header, which leave no way to find the next one, are forgotten up to the last that came.
    """

    def __init__(self, units: Mapping[int, RegisterDevice], *, any_unit: bool = False) -> None:
        super().__init__(units)
        self._any_unit = any_unit

    def _device(self, unit: int) -> RegisterDevice | None:
        return next(iter(self.units.values()), None) if self._any_unit else super()._device(unit)

    def _nobody(self, request: Request) -> bytes | None:
        return exception(request.pdu[0], GATEWAY_TARGET_SILENT)

    def _take(self) -> Request | None:
        if len(self._half) < 7:
            return None
        transaction, protocol, length, unit = struct.unpack(">HHHB", self._half[:7])
        if protocol != 0 or not 2 <= length <= 1 + LONGEST_PDU:
            self._half.clear()
            return None
        if len(self._half) < 6 + length:
            return None
        pdu = bytes(self._half[7 : 6 + length])
        del self._half[: 6 + length]
        return Request(unit, pdu, transaction)

    def _frame(self, request: Request, pdu: bytes) -> bytes:
        return struct.pack(">HHHB", request.transaction, 0, 1 + len(pdu), request.unit) + pdu


def crc16(frame: bytes) -> int:
    """The checksum of a frame, sent low byte first; 0 over a frame with its own behind it.

    >>> crc16(bytes.fromhex("02 07")).to_bytes(2, "little").hex(" ")      # Serial Line V1.02, appendix B
    '41 12'
    """
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def frame_length(begun: bytes) -> int | None:
    """How long the RTU request is that begins so, None while that cannot be told.

    A function that this protocol side does not know has a length that it does not know either: all that came
    is one frame as soon as its checksum holds, and longer than any frame when it is.
    """
    if len(begun) < 4:
        return None
    function = begun[1]
    if 1 <= function <= 6 or function == 8:
        return 8
    if function in (15, 16):
        return 9 + begun[6] if len(begun) > 6 else None
    if function == 22:
        return 10
    whole = crc16(begun) == 0 or len(begun) > LONGEST_RTU
    return len(begun) if whole else None
