"""A set, from the item's value to the device's word on it; run by the link's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mktl.devicefile import Command
from mktl.errors import (
    DeviceError,
    DeviceRefusedError,
    DeviceReplyError,
    MktlError,
    OutcomeUnknownError,
)

from .others import sources_of, values_of
from .wording import quoted

if TYPE_CHECKING:
    from .bound import BoundItem


def write(item: BoundItem, command: Command, value: Any) -> None:
    """Send *command* with *value*, and publish what came of it.

    Raises:
        ItemValueError, ItemTypeError: The command cannot be written so; nothing was sent.
        LinkDownError: Nothing was sent.
        DeviceRefusedError, DeviceReplyError: The device said no, or something else.
        OutcomeUnknownError: The command left, and nothing tells whether it was carried out.
    """
    link = item.link
    check = link.check if command.check else None
    try:
        values = {"": item.spec.conversion.to_device(value), **_others(item, command)}
        frame = command.steps[0].send.format(values)
        if check is not None:
            check.empty()
    except DeviceError as error:
        raise _unsent(error) from None
    _send(item, command, frame)
    try:
        if check is not None:
            check.verify(frame)
    except DeviceRefusedError:
        raise
    except DeviceError as error:
        raise _unknown(item, frame, error) from None
    if item.source is None or not item.spec.read_back:
        item.publish(value)
        return
    try:
        item.source.read()
    except DeviceError as error:
        # The items say so by now. The set has failed only if nothing else tells that it was carried out.
        if check is None and not command.is_answered:
            raise _unknown(item, frame, error) from None


def _send(item: BoundItem, command: Command, frame: bytes) -> None:
    line = item.link.line
    try:
        step = command.steps[0]
        line.exchange(frame, step.reply, step.reply_timeout_s)
    except DeviceReplyError:
        raise
    except DeviceError as error:
        raise (_unknown(item, frame, error) if line.sent else _unsent(error)) from None


def _unknown(item: BoundItem, frame: bytes, error: DeviceError) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"{quoted(frame)} was written to {item.link.line.title} and may have been carried out: {error}"
    )


def _unsent(error: DeviceError) -> MktlError:
    """What kept a set from being sent, saying that nothing was."""
    text = f"{error}; nothing was sent"
    if isinstance(error, DeviceReplyError):  # of a read before the set
        return DeviceError(text)
    return type(error)(text)


def _others(item: BoundItem, command: Command) -> dict[str, Any]:
    """Other items' values for the command, in the device's numbers and as the device has them now.

    They are read first: what somebody has changed at the front panel must not be written back to what it was.
    """
    keys = command.item_references
    for source in sources_of(item.store, keys, item.link):
        source.read()
    return values_of(item.store, keys)
