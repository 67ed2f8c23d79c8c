"""Modbus/TCP: each request has a number that its answer repeats."""

from __future__ import annotations

from mktl.errors import DeviceReplyError

from .frames import Frame, first_tcp_frame, tcp_frame
from .lines import BROADCAST, ModbusLine
from .pdu import Request

#: A connection on which so many requests in a row got no answer from anybody is made anew.
UNANSWERED = 3


class TcpLine(ModbusLine):
    """Frames with the number of their request: an answer that is late is known as such, and dropped."""

    _transaction = 0
    _unanswered = 0

    def _transact(self, unit: int, request: Request, timeout_s: float) -> list[int]:
        self.keep_quiet()
        self._transaction = self._transaction + 1 & 0xFFFF
        sent = tcp_frame(self._transaction, unit, request.pdu)
        self._transmit(sent)
        if unit == BROADCAST:
            return []
        until_s = self.sent_s + timeout_s
        while frame := self._next_or_reopen(sent, until_s):
            self._unanswered = 0
            if frame.transaction == self._transaction:
                return self._words(sent, request, frame)
            self._late(frame)
        self._unanswered += 1
        if len(self._framer) or self._unanswered >= UNANSWERED:
            # Half an answer hides where the next one begins; a connection may have no far side any more.
            self.in_step, self._unanswered = False, 0
        raise self._silence(unit, request, timeout_s)

    def _next_or_reopen(self, sent: bytes, until_s: float) -> Frame | None:
        try:
            return self._next(sent, until_s)
        except DeviceReplyError:  # nobody knows where the next frame begins
            self.in_step = False
            raise

    def _first(self) -> Frame | None:
        return first_tcp_frame(self._framer.rest)
