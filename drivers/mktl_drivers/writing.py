"""A set, from the item's value to the device's word on it; run by the link's thread."""

from __future__ import annotations

from typing import Any

from mktl.devicefile import Command
from mktl.errors import (
    DeviceError,
    DeviceRefusedError,
    DeviceReplyError,
    DeviceTimeoutError,
    MktlError,
    OutcomeUnknownError,
    UnclearReplyError,
)

from .others import sources_of, values_of
from .roles import Written
from .turns import frames_of, turns_of
from .wording import quoted

Frames = tuple[bytes | None, ...]


class Writer:
    """Sends one item's command.

    Args:
        item: What is set.
        command: How.
    """

    def __init__(self, item: Written, command: Command) -> None:
        self._item = item
        self._command = command
        self._turns = turns_of(command.steps, item.link.spec)
        done = item.spec.done
        self._done = done if done is not None and done.send is not None else None

    def write(self, value: Any) -> None:
        """Send *value*, and publish what came of it.

        Raises:
            ItemValueError, ItemTypeError: The command cannot be written so; nothing was sent.
            LinkDownError: Nothing was sent.
            DeviceRefusedError: The device said no.
            OutcomeUnknownError: The command left, and nothing tells whether it was carried out.
            UnclearReplyError: The same, where something came that is no answer.
        """
        item = self._item
        check = item.link.check if self._command.check else None
        try:
            raw = item.spec.conversion.to_device(value, whole=self._command.takes_whole)
            values = {"": raw, **self._others()}
            frames = frames_of(self._command.steps, values)
            if check is not None:
                check.empty()
        except DeviceError as error:
            raise unsent(error) from None
        self._send(frames)
        try:
            if check is not None:
                check.verify(_told(frames))
            self._await_word()
        except DeviceRefusedError:
            raise
        except DeviceError as error:
            raise self._unknown(frames, error) from None
        self._read_back(value, frames, is_sure=check is not None or self._command.is_answered)

    def _send(self, frames: Frames) -> None:
        link = self._item.link
        left = max(1, link.spec.retries) if self._command.repeatable else 0
        while True:
            try:
                link.line.converse(self._turns, frames)
                return
            except DeviceRefusedError:
                raise
            except DeviceReplyError as error:
                raise _unclear(error) from None
            except DeviceError as error:
                if not link.line.sent:
                    raise unsent(error) from None
                if left <= 0 or not isinstance(error, DeviceTimeoutError):
                    raise self._unknown(frames, error) from None
            left -= 1
            link.regain()

    def _await_word(self) -> None:
        """Ask the device whether it is done, where it answers that only then."""
        done = self._done
        if done is not None and done.send is not None:
            self._item.link.line.exchange(done.send.format({}), done.reply, done.timeout_s)

    def _read_back(self, value: Any, frames: Frames, *, is_sure: bool) -> None:
        item = self._item
        if item.source is None or item.source.query.unsolicited or not item.spec.read_back:
            item.publish(value)
            return
        try:
            item.source.read()
        except DeviceError as error:
            # The items say so by now. The set has failed only if nothing else tells that it was carried out.
            if not is_sure:
                raise self._unknown(frames, error) from None

    def _others(self) -> dict[str, Any]:
        """Other items' values for the command, in the device's numbers and as the device has them now.

        They are read first: what somebody has changed at the front panel must not be written back to what
        it was.
        """
        item, keys = self._item, self._command.item_references
        for source in sources_of(item.store, keys, item.link):
            if not source.query.unsolicited:
                source.read()
        return values_of(item.store, keys)

    def _unknown(self, frames: Frames, error: DeviceError) -> OutcomeUnknownError:
        title = self._item.link.line.title
        return OutcomeUnknownError(
            f"{quoted(_told(frames))} was written to {title} and may have been carried out: {error}"
        )


def _told(frames: Frames) -> bytes:
    """The command of several steps by what it sends first."""
    return next(filter(None, frames), b"")


def _unclear(error: DeviceReplyError) -> UnclearReplyError:
    expected = f"{error.expected}; it may have been carried out"
    return UnclearReplyError(error.key, sent=error.sent, got=error.got, expected=expected)


def unsent(error: DeviceError) -> MktlError:
    """What kept a set from being sent, saying that nothing was."""
    text = f"{error}; nothing was sent"
    if isinstance(error, DeviceReplyError):  # of a read before the set
        return DeviceError(text)
    return type(error)(text)
