"""What a device hears of its file: steps that send are commands, those that only listen are answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mktl.devicefile import ItemSpec, Query, Step, Template
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

    @property
    def is_answered(self) -> bool:
        """True when somebody waits for a reply."""
        return any(step.reply is not None for step in self.steps)


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


def turns_of(steps: Sequence[Step], send_end: bytes) -> tuple[Turn, ...]:
    """*steps* as the device sees them; those before the first command answer nothing and are left out.

    Args:
        steps: Of one exchange.
        send_end: Of the link.
    """
    starts = [number for number, step in enumerate(steps) if step.send is not None]
    ends = [*starts[1:], len(steps)][: len(starts)]
    return tuple(
        Turn(phrase, tuple(steps[start:end]))
        for start, end in zip(starts, ends, strict=True)
        if (phrase := _phrase(steps[start], send_end)) is not None
    )


def _phrase(step: Step, send_end: bytes) -> Phrase | None:
    if step.send is None:
        return None
    return Phrase(step.send, send_end if step.send_end is None else step.send_end)


class Memory:
    """Which exchange the device is in: a later step may be common to many, as ENQ is to all mnemonics."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        #: All that the device knows.
        self.exchanges = list(exchanges)
        self._constants: dict[tuple[bytes, bytes], list[tuple[Exchange, int]]] = {}
        self._others: list[tuple[Exchange, int]] = []
        for exchange in exchanges:
            for number, turn in enumerate(exchange.turns):
                constant = turn.phrase.constant
                if constant is None:
                    self._others.append((exchange, number))
                else:
                    self._constants.setdefault((constant, turn.phrase.end), []).append((exchange, number))
        self._here: set[tuple[Exchange, int]] = set()

    @property
    def phrases(self) -> Iterator[Phrase]:
        """All that it may hear, each once."""
        return iter(dict.fromkeys(turn.phrase for exchange in self.exchanges for turn in exchange.turns))

    def follow(self, command: bytes, end: bytes) -> list[Heard]:
        """What *command* means here and now, the most precise first; nothing when nobody knows.

        Of several meanings those count that go on with the exchange under way, then those that begin one,
        then those that say the last command again.
        """
        found = [heard for heard in self._meanings(command, end) if heard is not None]
        if not found:
            return []
        ranks = [self._rank(heard) for heard in found]
        best = min(ranks)
        meant = [heard for heard, rank in zip(found, ranks, strict=True) if rank == best]
        if best == _ANYWHERE and len({heard.turn for heard in meant}) > 1:
            return []
        meant.sort(key=_precision, reverse=True)
        self._here = {heard.place for heard in meant}
        return meant

    def forget(self) -> None:
        """No exchange is under way."""
        self._here = set()

    def _meanings(self, command: bytes, end: bytes) -> Iterator[Heard | None]:
        for place in self._constants.get((command, end), ()):
            yield Heard(*place)
        for exchange, number in self._others:
            phrase = exchange.turns[number].phrase
            given = phrase.parse(command) if phrase.end == end else None
            yield None if given is None else Heard(exchange, number, given)

    def _rank(self, heard: Heard) -> int:
        exchange, number = heard.place
        if number and (exchange, number - 1) in self._here:
            return _NEXT
        if number == 0:
            return _FIRST
        return _AGAIN if heard.place in self._here else _ANYWHERE


_NEXT, _FIRST, _AGAIN, _ANYWHERE = range(4)


def _precision(heard: Heard) -> tuple[bool, int, bool]:
    """Which of two commands is meant when both fit: the one that says more by itself."""
    phrase = heard.turn.phrase
    return phrase.constant is not None, phrase.literal_length, heard.exchange.sets is not None
