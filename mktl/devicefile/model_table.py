"""Tables that several others are made with: exchanges and their manners."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from .keys import Answer, NotNegative, Seconds, Status, Whole


class Table(BaseModel):
    """What all tables share: nothing is guessed, and no key is overlooked."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class OtherwiseTable(Table):
    """Another form that a reply may have: an error, a status without a value, a value, or the fields in
    it."""

    reply: str
    """The form."""
    error: str | None = None
    """The exchange has failed, in these words; `{field}` is what the device said there."""
    status: Status | None = None
    """There is no value: `range`, `disabled` or `invalid`."""
    reason: str | None = None
    """What goes with the status; words as of `error`."""
    value: Answer | None = None
    """The value that this form stands for."""


class CountedTable(Table):
    """A reply that says how long it is."""

    at: Whole
    """The byte, from 0, at which the number begins."""
    as_: Literal["u8", "u16", "u16le", "u32", "u32le"] = Field(default="u8", alias="as")
    """What the number is."""
    plus: int = 0
    """What to add to it to have the length of the whole reply."""


class ReplyTable(Table):
    """How the end of a reply is known."""

    reply_end: str | None = None
    """The bytes after each line of a reply; `''`: silence ends it, or the length that its form fixes."""
    reply_length: Annotated[int, Field(ge=1)] | CountedTable | None = None
    """So many bytes, or `{ at, as, plus }` for a reply that says how many it has; the end is not looked
    for."""
    reply_lines: Annotated[int, Field(ge=1)] | None = None
    """So many lines; the ends between them are part of the reply."""
    reply_until: str | None = None
    """Lines up to the first of this form, which is part of the reply."""


class ExchangeTable(ReplyTable):
    """The manners of one exchange; what is left out is as on the link."""

    send_end: str | None = None
    """The bytes after the command."""
    reply_timeout_s: Seconds | None = None
    """Seconds to the first byte of the reply."""
    otherwise: list[OtherwiseTable] = []
    """Other forms of the reply: `[{ reply, error }]`, `{ reply, status, reason }`, `{ reply, value }`, `{
    reply }`."""
    ignore_reply: bool | None = None
    """One line may come in reply, or none; it is dropped."""


class StepTable(ExchangeTable):
    """One of several steps of an exchange, all carried out before anything else is sent."""

    send: str | None = None
    """What is sent; left out, the step only listens."""
    reply: str | None = None
    """The form of the reply; left out, none is waited for."""
    wait_s: NotNegative = 0.0
    """Seconds to let pass after all else."""
