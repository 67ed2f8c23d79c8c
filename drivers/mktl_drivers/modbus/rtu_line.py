"""Modbus RTU: nothing in an answer but its unit and its function tells which request it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mktl.devicefile import LinkSpec
from mktl.errors import DeviceError, DeviceReplyError

from ..sync import latest_s
from ..transport import Transport
from ..wording import quoted
from .frames import Frame, first_rtu_frame, rtu_frame
from .lines import BROADCAST, ModbusLine, log
from .pdu import DIAGNOSE, NO, ExceptionReply, Request, loopback

#: After a request to everybody, who do not answer, the line is left alone (Serial Line V1.02, section 2.4.1).
TURNAROUND_S = 0.1


@dataclass(slots=True)
class _Debt:
    """A unit owes an answer."""

    #: Nothing is sent to it before.
    until_s: float = 0.0
    #: Vain attempts to find out that it owes none any more.
    attempts: int = 0


class RtuLine(ModbusLine):
    """Frames with a checksum, each from a unit, and nothing that tells which request is answered.

    After no answer, or a broken one, the unit may still send what it was asked for, and that could be taken
    for the answer to the next request. So first the line is left silent for as long as answers were ever
    late. Then the unit is asked to say a number again (function 8). It answers in order, and nothing else is
    answered like that, not even by a unit that does not know the function: what was asked before has been
    answered or never will be. A unit that is silent to function 8 is asked anything that it has answered
    before, and given that silence once more. Other units are asked meanwhile, for an answer names its unit.

    Args:
        uses_loopback: Function 8 may be used.
    """

    def __init__(
        self,
        name: str,
        transport: Transport,
        spec: LinkSpec,
        clock: Callable[[], float],
        *,
        uses_loopback: bool = True,
    ) -> None:
        super().__init__(name, transport, spec, clock)
        self._uses_loopback = uses_loopback
        self._debts: dict[int, _Debt] = {}
        #: The last read that each unit has answered.
        self._known: dict[int, Request] = {}
        #: Units that have answered function 8 …
        self._echoing: set[int] = set()
        #: … and those that have not, and have answered something else instead.
        self._deaf: set[int] = set()
        self._number = 0
        #: How the answer begins that is waited for, good or bad.
        self._heads: tuple[bytes, ...] = ()

    def _transact(self, unit: int, request: Request, timeout_s: float) -> list[int]:
        if unit in self._debts:
            self._settle_with(unit)
        words = self._exchange(unit, request, timeout_s)
        if not request.writes:
            self._known[unit] = request
        return words

    def _exchange(self, unit: int, request: Request, timeout_s: float) -> list[int]:
        self.sent = False
        self.settle()
        sent = rtu_frame(unit, request.pdu)
        try:
            self._transmit(sent)
            if self.spec.echo == "bytes":
                self._take_echo(sent, b"")
            if unit == BROADCAST:
                self._quiet_from_s += TURNAROUND_S
                return []
            return self._answer_of(unit, request, sent, timeout_s)
        except DeviceError as error:
            if self.sent:
                self._owes(unit, error)
            raise

    def _answer_of(self, unit: int, request: Request, sent: bytes, timeout_s: float) -> list[int]:
        self._heads = bytes([unit, request.function]), bytes([unit, request.function | NO])
        until_s = max(self._quiet_from_s, self.sent_s) + timeout_s  # once the request is through
        while (frame := self._next(sent, until_s)) or self._skip_noise():
            if frame is None:
                continue
            if frame.unit == unit and _may_answer(frame, request):
                return self._words(sent, request, frame)
            self._late(frame)
        raise self._silence(unit, request, timeout_s)

    def _owes(self, unit: int, error: DeviceError) -> None:
        debt = self._debts.setdefault(unit, _Debt())
        # Something came, if a broken one: only its rest is waited for.
        came = isinstance(error, DeviceReplyError)
        silence_s = self.spec.gap_timeout_s if came else latest_s(self)
        debt.until_s = self.clock() + silence_s * min(2**debt.attempts, 4)

    def _settle_with(self, unit: int) -> None:
        """Make sure that *unit* owes no answer.

        Raises:
            DeviceError: It may still; nothing else was sent.
        """
        debt = self._debts[unit]
        left_s = debt.until_s - self.clock()
        if left_s > 0 and not self.await_silence(left_s, self.on_wait):
            raise DeviceError(f"{self.title}: does not fall silent for {left_s:.1f} s")
        try:
            if self._uses_loopback and unit not in self._deaf and debt.attempts % 3 < 2:
                self._echo(unit)
            else:
                self._call_on(unit)
        except DeviceError:
            debt.attempts += 1
            self.sent = False
            raise
        del self._debts[unit]

    def _echo(self, unit: int) -> None:
        self._number = self._number + 1 & 0xFFFF
        try:
            self._exchange(unit, loopback(self._number), self.spec.reply_timeout_s)
        except ExceptionReply:  # it does not know the function, and says so
            pass
        self._echoing.add(unit)

    def _call_on(self, unit: int) -> None:
        """Whatever comes when it is asked what it has answered before: by then all that was late is out."""
        known = self._known.get(unit)
        if known is None:
            return
        try:
            self._exchange(unit, known, self.spec.reply_timeout_s)
        except (ExceptionReply, DeviceReplyError):
            pass
        if not self.await_silence(latest_s(self), self.on_wait):
            raise DeviceError(f"{self.title}: does not fall silent")
        if unit not in self._echoing:
            self._deaf.add(unit)

    def _first(self) -> Frame | None:
        while True:
            try:
                return first_rtu_frame(self._framer.rest)
            except ValueError:
                if not self._skip_noise():
                    raise

    def _skip_noise(self) -> bool:
        """Pass over what stands before the beginning of an answer, as adapters leave it that switch late.

        The answer's checksum is none the weaker for that.
        """
        rest = self._framer.rest
        at = min((at for head in self._heads if (at := rest.find(head, 1)) > 0), default=0)
        if at:
            log.debug("%s: passes over %s", self.name, quoted(rest[:at]))
            self._framer.drop(at)
        return at > 0


def _may_answer(frame: Frame, request: Request) -> bool:
    """False for what answers, or asks for, the other kind of question: a loopback is told from all others."""
    function = frame.pdu[0] & ~NO
    if request.function != DIAGNOSE:
        return function != DIAGNOSE
    return function == DIAGNOSE and (frame.pdu[0] & NO != 0 or frame.pdu == request.answer)
