"""What a device hears of its file: steps that send are commands, those that only listen are answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mktl.devicefile import Device, ItemSpec, LinkSpec, Query, Step, Template
from mktl.errors import TemplateMismatchError

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
#: Fields of raw bytes, among which those that end a command elsewhere may come.
_RAW = re.compile(r"[ui]\d|f(32|64)|b(ytes|cd|its|lock)|(sum|xor|lrc|crc)\d*(?!.*hex)")


@dataclass(frozen=True)
class Phrase:
    """One command that the device knows, and the bytes that end it."""

    send: Template
    end: bytes

    @cached_property
    def constant(self) -> bytes | None:
        """The command, where it is always the same."""
        return self.send.format({}) if self.send.is_constant else None

    @cached_property
    def is_raw(self) -> bool:
        """True when the bytes of its end may stand within it."""
        return any(_RAW.match(one.spec) for one in self.send.fields)

    @cached_property
    def literal_length(self) -> int:
        """How much of it is said by itself, which tells it from others."""
        return len(_PLACEHOLDER.sub("", self.send.source))

    def parse(self, command: bytes) -> dict[str, object] | None:
        """The values in *command*; None when it is another one."""
        try:
            return self.send.parse(command)
        except TemplateMismatchError:
            return None

    def likeness(self, command: bytes) -> int:
        """How many bytes of *command* are as those of this one."""
        try:
            self.send.parse(command)
        except TemplateMismatchError as error:
            return error.at
        return len(command)


@dataclass(frozen=True, slots=True)
class Turn:
    """One command and the steps that answer it: its own, and those after it that send nothing."""

    phrase: Phrase
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """An exchange of the file from the device's side; one that neither reads nor sets is just answered."""

    turns: tuple[Turn, ...]
    reads: Query | None = None
    sets: ItemSpec | None = None
    #: It asks for the errors of the sets before.
    is_check: bool = False
    #: It asks whether the last set of this item is complete, and is answered only then.
    finishes: ItemSpec | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A command, understood as one turn of an exchange, with the values in it."""

    exchange: Exchange
    number: int
    given: dict[str, object] = field(default_factory=dict)

    @property
    def turn(self) -> Turn:
        """What was heard."""
        return self.exchange.turns[self.number]

    @property
    def place(self) -> tuple[Exchange, int]:
        """Where in which exchange that is."""
        return self.exchange, self.number


def exchanges_of(device: Device, link: LinkSpec) -> Iterator[Exchange]:
    """All that the device on *link* can be told; where several begin alike the first ones lead."""
    end = link.send_end
    items = [spec for spec in device.items.values() if spec.link == link.name]
    if link.check_after_set:
        check = link.check_after_set
        yield Exchange(_turns_of([Step(check.send, check.reply)], end), is_check=True)
    for spec in items:
        if spec.done and spec.done.send:
            yield Exchange(_turns_of([Step(spec.done.send, spec.done.reply)], end), finishes=spec)
    if link.identity:
        yield Exchange(_turns_of([Step(link.identity.send, link.identity.reply)], end))
    for spec in items:
        if spec.command:
            yield Exchange(_turns_of(spec.command.steps, end), sets=spec)
    for query in device.queries.values():
        if query.link == link.name:
            yield Exchange(_turns_of(query.steps, end), reads=query)
    yield Exchange(_turns_of(link.init, end))


def _turns_of(steps: Sequence[Step], send_end: bytes) -> tuple[Turn, ...]:
    """*steps* as the device sees them; those before the first command answer nothing and are left out."""
    turns: list[Turn] = []
    for step in steps:
        if step.send is not None:
            phrase = Phrase(step.send, send_end if step.send_end is None else step.send_end)
            turns.append(Turn(phrase, (step,)))
        elif turns:
            turns[-1] = Turn(turns[-1].phrase, (*turns[-1].steps, step))
    return tuple(turns)
