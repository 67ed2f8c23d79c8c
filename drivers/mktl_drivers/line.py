"""The talk on one port: a command goes out, its reply comes back; the link's thread alone uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mktl.devicefile import Step, Template
from mktl.errors import (
    DeviceRefusedError,
    DeviceReplyError,
    DeviceTimeoutError,
    TemplateMismatchError,
)

from .channel import Channel
from .framing import Cut, LengthCut
from .turns import Turn, turns_of
from .wording import quoted

#: A reply that is longer than this without an end has none.
LONGEST_REPLY = 4 * 1024 * 1024


class Line(Channel):
    """Exchanges on one port, one at a time."""

    def converse(self, turns: Sequence[Turn], frames: Sequence[bytes | None]) -> dict[str, Any]:
        """Carry out the turns of an exchange, and return the fields of all replies.

        Args:
            turns: In their order.
            frames: What each of them sends, without its end; None where it only listens or waits.

        Raises:
            DeviceTimeoutError: No reply, or one that broke off.
            DeviceReplyError: A reply of none of the forms that it may have.
            DeviceRefusedError: A reply that says no.
            LinkDownError: The port is gone; :attr:`sent` tells whether anything had left.
        """
        self.sent = False
        fields: dict[str, Any] = {}
        first = frames[0] or next((frame for frame in frames if frame is not None), None)
        for turn, frame in zip(turns, frames, strict=True):
            if frame is not None:
                self._send(frame, turn.send_end)
            if turn.step.reply is not None:
                fields.update(self._answer(turn, frame, first))
            elif turn.step.ignores_reply:
                self._drop_one(turn)
            if turn.step.wait_s:
                self._wait(turn.step.wait_s)
        return fields

    def exchange(
        self, send: bytes, reply: Template | None, timeout_s: float | None = None
    ) -> Mapping[str, Any]:
        """Send a command and parse the reply to it; ``{}`` when *reply* is None, for the device answers none.

        Args:
            send: The command without the link's ``send_end``.
            reply: The form of the answer.
            timeout_s: To its first byte; the link's when None.

        Raises:
            DeviceError: As :meth:`converse`.
        """
        return self.converse(turns_of([Step(None, reply, reply_timeout_s=timeout_s)], self.spec), [send])

    def send(self, command: bytes) -> None:
        """Write *command* and the link's end, once the line is quiet and empty."""
        self.sent = False
        self._send(command, self.spec.send_end)

    def _send(self, command: bytes, end: bytes) -> None:
        self.settle()
        self._write(command + end)
        self.counts.exchanges += 1
        self.catch_up()
        if self.spec.echo != "none":
            self._take_echo(command, end)

    def _take_echo(self, command: bytes, end: bytes) -> None:
        """Read away what the line says again of a command."""
        by_lines = self.spec.echo == "line"
        said = command.strip() if by_lines else command + end
        cut = self.cut if by_lines else LengthCut(len(said))
        until_s = self.clock() + self.spec.reply_timeout_s
        heard = self._whole(command, cut, self.spec.reply_timeout_s)
        while (heard.strip() if by_lines else heard) != said:
            if not (by_lines and self._heard_unasked(heard)):
                self.in_step = False
                raise DeviceReplyError(
                    self.title, sent=command, got=heard, expected=f"its echo {quoted(said)}"
                )
            heard = self._whole(command, cut, max(0.0, until_s - self.clock()))

    def _answer(self, turn: Turn, frame: bytes | None, first: bytes | None) -> Mapping[str, Any]:
        """The fields of the next reply that is no line that came unasked.

        What is refused is the *first* command of the exchange, wherever the device says so.
        """
        self.asked_timeout_s = turn.timeout_s
        command, until_s = frame or b"", self.clock() + turn.timeout_s
        got = self._whole(command, turn.cut, turn.timeout_s)
        while True:
            self.taps.replied(got, turn.cut, turn.step)
            try:
                fields = turn.understand(got, first)
            except DeviceRefusedError as error:
                raise DeviceRefusedError(f"{self.title}: {error}") from None
            except TemplateMismatchError as error:
                if not self._heard_unasked(got):
                    self.in_step = False
                    expected = f"{error.expected} at byte {error.at + 1}"
                    raise DeviceReplyError(self.title, sent=command, got=got, expected=expected) from None
            else:
                self.taps.took(got, turn.step)
                return fields
            if self.clock() >= until_s:  # it talks, but not about this
                self._framer.clear()
                self._at_silence(command, turn.cut, turn.timeout_s)
            got = self._whole(command, turn.cut, max(0.0, until_s - self.clock()))

    def _drop_one(self, turn: Turn) -> None:
        """Let one line come and go; none is as good."""
        own = turn.step.reply_timeout_s
        until_s = self.clock() + (self.spec.gap_timeout_s if own is None else own)
        while self._framer.take(turn.cut) is None and (wait_s := until_s - self.clock()) > 0:
            self._framer.feed(self._read(wait_s, wanted=True))

    def _wait(self, wait_s: float) -> None:
        """Let time pass; what comes meanwhile is kept for the next turn."""
        until_s = self.clock() + wait_s
        while (left_s := until_s - self.clock()) > 0:
            self._framer.feed(self._read(left_s))

    def ask(self, question: bytes, timeout_s: float) -> bytes:
        """Send a question as the link sends, and return whatever is the next reply.

        Raises:
            DeviceError: As :meth:`converse`.
        """
        self.send(question)
        return self.reply_to(question, timeout_s)

    def reply_to(self, command: bytes, timeout_s: float) -> bytes:
        """The next whole reply, as replies end on this link.

        Raises:
            DeviceTimeoutError: It did not begin in time, or broke off; the step is lost.
        """
        return self._whole(command, self.cut, timeout_s)

    def _whole(self, command: bytes, cut: Cut, timeout_s: float) -> bytes:
        framer = self._framer
        on_its_way_s = max(0.0, self._quiet_from_s - self.clock())  # the command, at the baud rate
        wait_s = on_its_way_s + timeout_s
        reply = framer.take(cut)
        while reply is None:
            data = self._read(wait_s, wanted=True)
            if not data:
                return self._at_silence(command, cut, timeout_s)
            framer.feed(data)
            reply = framer.take(cut)
            if reply is None and self._messages.ended:
                came = framer.clear()
                reply = cut.at_silence(came) or came  # behind a block without length stands the usual end
            if reply is None and len(framer) > LONGEST_REPLY:
                self.in_step = False
                start = framer.clear()[:40]
                raise DeviceReplyError(self.title, sent=command, got=start, expected=str(cut))
            wait_s = self.spec.gap_timeout_s
        self._heard()
        return reply

    def _at_silence(self, command: bytes, cut: Cut, timeout_s: float) -> bytes:
        """Nothing more comes: the end of a reply that has no other, or a failure."""
        came = self._framer.clear()
        whole = cut.at_silence(came)
        if whole is not None:
            self._heard()
            return whole
        self.in_step = False
        self.counts.timeouts += 1
        if not came:
            raise DeviceTimeoutError(f"{self.title}: no reply to {quoted(command)} within {timeout_s} s")
        raise DeviceTimeoutError(
            f"{self.title}: the reply to {quoted(command)} broke off after {quoted(came)}: nothing more "
            f"within {self.spec.gap_timeout_s} s, expected {cut}"
        )
