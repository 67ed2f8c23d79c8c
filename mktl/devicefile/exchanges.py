"""What is said on a line: queries, commands and the steps that they are made of. Plain values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .template import VALUE, Template


@dataclass(frozen=True, slots=True)
class Counted:
    """A reply that says how long it is: a whole number of *size* bytes that begins at byte *at*, from 0."""

    at: int
    size: int = 1
    little_endian: bool = False
    #: What to add to the number to have the length of the whole reply.
    plus: int = 0


@dataclass(frozen=True, slots=True)
class Framing:
    """How it is known that a reply is whole.

    A *length* or *counted* bytes win over the *end*, which is then neither looked for nor cut off. A reply
    of several lines ends with the line number *lines*, or with the first that *until* parses, which is
    part of the reply; between lines the end stays, the last one is cut off.
    """

    #: What stands after each line; empty: only silence ends a reply.
    end: bytes = b"\n"
    length: int | None = None
    counted: Counted | None = None
    lines: int = 1
    until: Template | None = None


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Another form that a reply may have, and what it means.

    With an *error* the exchange has failed, in these words; with a *status* there is no value, and the items
    say why; with a *value* that is the value of the field without a name; with none of these the fields of
    *reply* are what was asked for.
    """

    reply: Template
    #: Words with the fields of *reply* in braces: ``"NAK {code}"``.
    error: str | None = None
    status: str | None = None
    #: What goes with *status*; words as of *error*.
    reason: str = ""
    value: Any = None

    @property
    def gives_fields(self) -> bool:
        """True when the fields of *reply* stand for the values that were asked for."""
        return self.error is None and self.status is None


@dataclass(frozen=True, slots=True)
class Step:
    """Send, then wait for a reply; either may be left out, and a pause may follow."""

    send: Template | None = None
    #: None where the device answers nothing.
    reply: Template | None = None
    otherwise: tuple[Otherwise, ...] = ()
    #: To the first byte of the reply; the link's when None.
    reply_timeout_s: float | None = None
    #: After all else.
    wait_s: float = 0.0
    #: The link's when None.
    send_end: bytes | None = None
    framing: Framing | None = None
    #: One line may come in reply, or none: whatever it says, it is dropped.
    ignores_reply: bool = False

    def replies(self) -> Iterator[Template]:
        """The forms of the reply that carry values."""
        if self.reply is not None:
            yield self.reply
        for other in self.otherwise:
            if other.gives_fields:
                yield other.reply


@dataclass(frozen=True, slots=True)
class Query:
    """One exchange that reads, feeding every item that names one of its fields."""

    name: str
    link: str
    steps: tuple[Step, ...]
    #: The device says it unasked: the only step has a reply and nothing to send.
    unsolicited: bool = False
    #: How often it is asked again after no or a broken reply; the link's when None.
    retries: int | None = None

    @classmethod
    def of(
        cls, name: str, link: str, send: Template, reply: Template, reply_timeout_s: float | None = None
    ) -> Query:
        """One command and its reply."""
        return cls(name, link, (Step(send, reply, reply_timeout_s=reply_timeout_s),))

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that carry a value, "" for the one without a name."""
        return tuple(
            dict.fromkeys(name for step in self.steps for form in step.replies() for name in form.names)
        )

    @property
    def item_references(self) -> tuple[str, ...]:
        """Keys of the items whose values are sent."""
        return _references(self.steps)

    def reply_with(self, field: str) -> Template | None:
        """The form of a reply that has this field; of several, the one that is usual."""
        forms = (form for step in self.steps for form in step.replies() if field in form.names)
        return next(forms, None)


@dataclass(frozen=True, slots=True)
class Command:
    """One exchange that writes; the value is the field without a name."""

    steps: tuple[Step, ...]
    #: Whether the link's ``check_after_set`` follows.
    check: bool = True
    #: True when to carry it out twice is the same as once, so that it may be sent again.
    repeatable: bool = False

    @classmethod
    def of(
        cls,
        send: Template,
        reply: Template | None = None,
        *,
        check: bool = True,
        reply_timeout_s: float | None = None,
    ) -> Command:
        """One command, and its reply where there is one."""
        return cls((Step(send, reply, reply_timeout_s=reply_timeout_s),), check)

    @property
    def item_references(self) -> tuple[str, ...]:
        """Keys of the other items whose values are sent."""
        return _references(self.steps)

    @property
    def takes_whole(self) -> bool:
        """True when the value is sent as a whole number."""
        sent = (field for step in self.steps if step.send is not None for field in step.send.fields)
        return any(field.name == VALUE and field.kind == "int" for field in sent)

    @property
    def is_answered(self) -> bool:
        """True when the device says something in return, which tells that it was there."""
        return any(step.reply is not None for step in self.steps)


@dataclass(frozen=True, slots=True)
class Check:
    """A query whose reply says whether the set before it was accepted, such as ``*ESR?``."""

    send: Template
    reply: Template
    #: The values of ``{:...}`` in *reply* with which all is well.
    good: tuple[Any, ...]
    #: Bit number of the answer → the device's words for it; empty when the answer is not a mask.
    bits: Mapping[int, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """A query that tells one device from another, asked on each connect."""

    send: Template
    reply: Template


def _references(steps: tuple[Step, ...]) -> tuple[str, ...]:
    sends = (step.send for step in steps if step.send is not None)
    return tuple(dict.fromkeys(key for send in sends for key in send.item_references))
