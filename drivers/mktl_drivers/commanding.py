"""One SET on the line: what it depends on, the command, the check, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mktl.devicefile import Check, Command
from mktl.errors import (
    DeviceError,
    DeviceRefusedError,
    DeviceReplyError,
    DeviceTimeoutError,
    LinkDownError,
    OutcomeUnknownError,
)

from .bound import BoundItem
from .line import Line
from .source import Source
from .wording import quoted

if TYPE_CHECKING:
    from .link import TextLink


def carry_out(link: TextLink, item: BoundItem, value: Any) -> None:
    """Set *item* to *value*, on the link's thread, with the line for itself.

    Raises:
        DeviceRefusedError: The device said no.
        OutcomeUnknownError: It was sent, and nothing tells what became of it.
        DeviceError, ItemValueError: Nothing was sent.
    """
    command = item.spec.command
    assert command is not None
    values = {"": item.spec.conversion.to_device(value), **_others(link, item, command)}
    sent = command.send.format(values)
    _send(link.line, command, sent)
    check = link.spec.check_after_set if command.check else None
    if check is not None:
        _check(link.line, check, sent)
    if item.source is None or not item.spec.read_back:
        item.publish(value)
        return
    _read_back(item.source, sent, is_known=check is not None or command.reply is not None)


def _others(link: TextLink, item: BoundItem, command: Command) -> dict[str, Any]:
    """The values of the other items in the command, read now: what was set at the device stays."""
    others = {key: item.store[key] for key in command.send.item_references}
    bound = [other for other in others.values() if isinstance(other, BoundItem) and other.link is link]
    for source in {other.source for other in bound if other.source is not None}:
        source.read()
    values = {}
    for key, other in others.items():
        if other.value is None or other.severity == "invalid":
            reason = f": {other.reason}" if other.reason else ""
            raise DeviceError(
                f"needs {other.full_key}, which has no value to rely on{reason}; nothing was sent"
            )
        raw = other.spec.conversion.to_device(other.value) if isinstance(other, BoundItem) else other.value
        values[f"item.{key}"] = raw
    return values


def _send(line: Line, command: Command, sent: bytes) -> None:
    try:
        line.exchange(sent, command.reply, command.reply_timeout_s)
    except DeviceReplyError:
        raise  # it answered, in words that the client shall see
    except (LinkDownError, DeviceTimeoutError) as error:
        if not line.sent:
            raise type(error)(f"{error}; nothing was sent") from None
        raise _unknown(sent, error) from None


def _check(line: Line, check: Check, sent: bytes) -> None:
    try:
        answer = line.exchange(check.send.format({}), check.reply).get("")
    except DeviceError as error:
        raise _unknown(sent, error) from None
    if answer == check.good:
        return
    question = check.send.source
    raise DeviceRefusedError(
        f"{line.name} refused {quoted(sent)}: {question} answered {answer}{_in_words(check, answer)}"
    )


def _in_words(check: Check, answer: Any) -> str:
    if not isinstance(answer, int):
        return ""
    words = [word for bit, word in sorted(check.bits.items()) if answer >> bit & 1]
    return f" ({', '.join(words)})" if words else ""


def _read_back(source: Source, sent: bytes, *, is_known: bool) -> None:
    """Show what the device made of it; a failure is the set's only where nothing else confirmed that."""
    try:
        source.read()
    except DeviceError as error:
        if not is_known:
            raise _unknown(sent, error) from None


def _unknown(sent: bytes, error: DeviceError) -> OutcomeUnknownError:
    return OutcomeUnknownError(f"unknown whether {quoted(sent)} was carried out: it was sent, then {error}")
