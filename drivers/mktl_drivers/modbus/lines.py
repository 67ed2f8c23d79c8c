"""A Modbus line: one request, its answer, and never another's."""

from __future__ import annotations

import logging
from abc import abstractmethod

from mktl.errors import DeviceReplyError, DeviceTimeoutError

from ..line import Line
from ..wording import quoted
from .frames import Frame
from .pdu import Request

log = logging.getLogger("mktl.drivers.modbus")

#: The unit that is everybody.
BROADCAST = 0


class ModbusLine(Line):
    """One request at a time to one of the units on a port."""

    def transact(self, unit: int, request: Request, timeout_s: float | None = None) -> list[int]:
        """Send *request* and return the registers or bits that the answer brings.

        Args:
            unit: Whom it is for; everybody does it, and nobody answers, when it is 0.
            request: What is asked.
            timeout_s: To the answer; the link's when None.

        Raises:
            ExceptionReply: The unit says no.
            DeviceTimeoutError: No answer.
            DeviceReplyError: Something else came.
            LinkDownError: The port is gone; :attr:`sent` tells whether anything had left.
        """
        self.sent = False
        self.asked_timeout_s = self.spec.reply_timeout_s if timeout_s is None else timeout_s
        return self._transact(unit, request, self.asked_timeout_s)

    def pause(self, wait_s: float) -> None:
        """Let time pass; a link that is closed meanwhile ends it."""
        self._wait(wait_s)

    @abstractmethod
    def _transact(self, unit: int, request: Request, timeout_s: float) -> list[int]: ...

    @abstractmethod
    def _first(self) -> Frame | None:
        """The frame that has come first.

        Raises:
            ValueError: What has come is none.
        """

    def _transmit(self, frame: bytes) -> None:
        self._write(frame)
        self.counts.exchanges += 1
        self.catch_up()

    def _next(self, sent: bytes, until_s: float) -> Frame | None:
        """The next frame; None when none begins by then, or it breaks off.

        Raises:
            DeviceReplyError: What comes is no frame.
        """
        try:
            while (frame := self._first()) is None:
                data = self._read(max(0.0, until_s - self.clock()))
                if not data:
                    return None
                self._framer.feed(data)
                until_s = max(until_s, self.clock() + self.spec.gap_timeout_s)
        except ValueError as error:
            got = self._framer.clear()
            raise DeviceReplyError(self.title, sent=sent, got=got, expected=str(error)) from None
        self._framer.drop(frame.length)
        self._heard()
        return frame

    def _words(self, sent: bytes, request: Request, frame: Frame) -> list[int]:
        try:
            words = request.words(frame.pdu)
        except ValueError as error:
            raise DeviceReplyError(self.title, sent=sent, got=frame.pdu, expected=str(error)) from None
        if request.reads:
            self.taps.took(frame.pdu, None)
        return words

    def _late(self, frame: Frame) -> None:
        self.counts.late_replies += 1
        log.debug("%s: unit %d answers late: %s", self.name, frame.unit, quoted(frame.pdu))

    def _silence(self, unit: int, request: Request, timeout_s: float) -> DeviceTimeoutError:
        """Note that no answer came; the error that says so."""
        self.counts.timeouts += 1
        came = self._framer.clear()
        said = f"its answer broke off after {quoted(came)}" if came else f"no answer within {timeout_s:g} s"
        return DeviceTimeoutError(f"{self.title}: asked unit {unit} for {request}: {said}")
