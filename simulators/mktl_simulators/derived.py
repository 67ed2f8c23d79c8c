"""A device file run backwards: the device that it describes, without its physics.

Commands are parsed with the templates that a driver formats them with, and replies are formatted with those
that it parses. A set changes what the get returns; what the file does not name meets silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mktl.devicefile import Device, ItemSpec, LinkSpec, Query, Template
from mktl.errors import ItemTypeError, ItemValueError, MktlError, TemplateMismatchError

from .derived_errors import ErrorMemory
from .derived_values import Values, accepts, fields_of, plausible

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_ITEM = "item."

#: The longest command on a line without ends, where only its form tells that it is whole.
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One command that the device knows; *answer* gets the values in it."""

    send: Template
    answer: Callable[[dict[str, object]], bytes | None]
    #: The item that the command sets.
    sets: ItemSpec | None = None

    @property
    def precision(self) -> tuple[bool, int, bool]:
        """Which of two commands is meant when both fit: the one that says more by itself."""
        literal = len(_PLACEHOLDER.sub("", self.send.source))
        return self.send.is_constant, literal, self.sets is not None


class DerivedDevice:
    """What sits on one link of a device file.

    Items start with ``[simulate] initial``, else with their ``initial``, the middle of their range, their
    first word or 0. Sets out of an item's range or words are refused as unknown commands are: the device
    says nothing, and its answer to the link's ``check_after_set`` tells once.
    """

    def __init__(self, device: Device, link: str) -> None:
        try:
            self._link: LinkSpec = device.links[link]
        except KeyError:
            known = ", ".join(device.links) or "none"
            raise MktlError(f"{device.path}: no link '{link}'; there are: {known}") from None
        self.values = Values(device, link)
        self._errors = ErrorMemory(self._link.check_after_set)
        self._exchanges = sorted(self._known(device), key=lambda known: known.precision, reverse=True)
        self._half = bytearray()
        self._idle_s = 0.0
        self._try_replies(device)

    def receive(self, data: bytes) -> bytes:
        """Answer each command that *data* completes."""
        self._idle_s = 0.0
        self._half += data
        replies = (self._obey(command) for command in self._take())
        return b"".join(reply + self._link.reply_end for reply in replies if reply is not None)

    def advance(self, dt_s: float) -> None:
        """Where no bytes end a command, silence does: what it did not complete is forgotten."""
        self._idle_s += dt_s
        if not self._link.send_end and self._idle_s > self._link.gap_timeout_s:
            self._half.clear()

    def hang_up(self) -> None:
        """Forget half a command."""
        self._half.clear()

    # -- what the device knows -----------------------------------------------------------------------

    def _known(self, device: Device) -> list[_Exchange]:
        link = self._link
        queries = [query for query in device.queries.values() if query.link == link.name]
        known = []
        if link.check_after_set:
            known.append(_Exchange(link.check_after_set.send, lambda _: self._errors.answer()))
        if link.identity:
            identity = link.identity.reply
            known.append(_Exchange(link.identity.send, lambda _: self._identify(identity, queries)))
        known += [
            _Exchange(send, lambda _: None, sets=spec)
            for spec in device.items.values()
            if spec.link == link.name and spec.command and (send := spec.command.steps[0].send)
        ]
        known += [
            _Exchange(send, self._answering(query)) for query in queries if (send := query.steps[0].send)
        ]
        return known

    def _answering(self, query: Query) -> Callable[[dict[str, object]], bytes]:
        reply = query.steps[0].reply
        return lambda _: b"" if reply is None else reply.format(self.values.reply_values(query))

    def _identify(self, reply: Template, queries: list[Query]) -> bytes:
        """The identity, agreeing with what other queries with this command feed to items."""
        said: dict[str, object] = {}
        for query in queries:
            if self._link.identity and query.steps[0].send == self._link.identity.send:
                said.update(self.values.reply_values(query))
        values = {name: said.get(name, plausible(field)) for name, field in fields_of(reply).items()}
        return _format(reply, values)

    def _try_replies(self, device: Device) -> None:
        """Answer every query once, so that a file that cannot be simulated says so at the start."""
        for query in device.queries.values():
            if query.link != self._link.name:
                continue
            try:
                self._answering(query)({})
            except (ItemTypeError, ItemValueError) as error:
                raise MktlError(
                    f"{device.path}: cannot simulate the reply of {query.name}: {error}"
                ) from error

    # -- a command comes in --------------------------------------------------------------------------

    def _take(self) -> list[bytes]:
        """The commands that are whole by now."""
        end = self._link.send_end
        if end:
            *commands, rest = bytes(self._half).split(end)
            self._half = bytearray(rest)
            return [command for command in commands if command]
        # The longest that makes sense: a short form may be the beginning of a long one.
        for length in range(len(self._half), 0, -1):
            command = bytes(self._half[:length])
            if self._meant_by(command):
                del self._half[:length]
                return [command, *self._take()]
        del self._half[:-_LONGEST]
        return []

    def _meant_by(self, command: bytes) -> list[tuple[_Exchange, dict[str, object]]]:
        """The exchanges that this command fits, the most precise first."""
        found = []
        for known in self._exchanges:
            try:
                found.append((known, known.send.parse(command)))
            except TemplateMismatchError:
                continue
        return found

    def _obey(self, command: bytes) -> bytes | None:
        """The reply to one command; None for silence."""
        meant = self._meant_by(command)
        if not meant:
            self._errors.unknown()
            return None
        first, values = meant[0]
        if first.sets is None:
            return first.answer(values)
        # Several items may be set by one command, each giving another of its numbers.
        sets = [(known.sets, given) for known, given in meant if known.sets is not None]
        changes = [change for spec, given in sets for change in self._changes(spec, given)]
        if not all(accepts(spec, raw) for spec, raw in changes):
            self._errors.refused()
            return None
        for spec, raw in changes:
            self.values.put_raw(spec, raw)
        reply = first.sets.command.steps[0].reply if first.sets.command else None
        return None if reply is None else _acknowledge(reply, values)

    def _changes(self, spec: ItemSpec, given: dict[str, object]) -> list[tuple[ItemSpec, Any]]:
        """What the values in a set come to: the item's own, and those of others that stand beside it."""
        changes = [(spec, given[""])] if "" in given else []
        for name, value in given.items():
            key = name.removeprefix(_ITEM)
            if key != name and self.values.has(key):
                changes.append(self.values.as_raw(key, value))
        return changes


def _acknowledge(reply: Template, given: dict[str, object]) -> bytes:
    """The answer to a set: what the command said, where the answer repeats it."""
    return _format(
        reply, {name: given.get(name, plausible(field)) for name, field in fields_of(reply).items()}
    )


def _format(reply: Template, values: dict[str, object]) -> bytes:
    """*reply* with these values, or with something plain of their kinds where they do not fit."""
    try:
        return reply.format(values)
    except (ItemTypeError, ItemValueError):
        return reply.format({field.name: field.plain for field in reply.fields if field.name in values})
