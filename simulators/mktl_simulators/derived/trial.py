"""Whether the device made from a file could say what the file has it say; found out before anybody asks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mktl.devicefile import Query, Step
from mktl.errors import ItemTypeError, ItemValueError, MktlError

from .framing import why_not_whole
from .phrases import Exchange
from .replies import Writer, can_write, fields_of, filled, plausible
from .values import Values

#: Elements of an array whose number only the length of the reply tells.
LONGEST_ARRAY = 256


def check_reading(path: Path, queries: Iterable[Query], values: Values, writer: Writer) -> None:
    """Answer every query once; what nobody gave a starting value may get another one by that.

    A line that comes unasked need not come before it has something to say.

    Raises:
        MktlError: One cannot be answered; the text says why.
    """
    for query in queries:
        why = _why_not_read(query, values, writer)
        if why and not query.unsolicited:
            raise MktlError(
                f"{path}: cannot simulate the reply of {query.name}: {why}; "
                "[simulate] initial may say what its items start with"
            )


def check_saying(path: Path, exchanges: Iterable[Exchange], writer: Writer) -> None:
    """Answer everything else once.

    Raises:
        MktlError: An answer cannot be given; the text says why.
    """
    for exchange in exchanges:
        steps = () if exchange.reads else (step for turn in exchange.turns for step in turn.steps)
        for step in steps:
            why = _why_not_said(step, writer)
            if why:
                what = f"the set of {exchange.sets.key}" if exchange.sets else step_name(step)
                raise MktlError(f"{path}: cannot simulate the answer to {what}: {why}")


def replies_to(query: Query, values: Values, writer: Writer) -> list[bytes]:
    """The replies to a query.

    Raises:
        ItemValueError, ItemTypeError: One cannot be written with the present values.
    """
    known = values.reply_values(query)
    return [writer.reply(step, known) for step in query.steps if step.reply is not None]


def step_name(step: Step) -> str:
    """What is sent, or else what is said."""
    template = step.send or step.reply
    return "" if template is None else f"'{template.source}'"


def _why_not_read(query: Query, values: Values, writer: Writer) -> str | None:
    why = _why_not_now(query, values, writer)
    if why is not None:
        _use_plain_values(query, values)
        why = _why_not_now(query, values, writer)
    arrays = {name: raw for name, raw in values.reply_values(query).items() if isinstance(raw, list)}
    for count in range(2, LONGEST_ARRAY if why and arrays else 0):
        for name, raw in arrays.items():
            values.start_field(query, name, (raw * count)[:count])
        if _why_not_now(query, values, writer) is None:
            return None
    return why


def _use_plain_values(query: Query, values: Values) -> None:
    """Start each field that cannot be written with something that its form has a place for."""
    forms = [form for step in query.steps for form in step.replies()]
    for form in forms:
        fields = fields_of(form)
        plain = {name: field.plain for name, field in fields.items()}
        for name, field in fields.items():
            tried = (values.reply_values(query)[name], plausible(field), field.plain)
            fit = next((value for value in tried if can_write(form, {**plain, name: value})), None)
            if fit is not None:
                values.start_field(query, name, fit)


def _why_not_now(query: Query, values: Values, writer: Writer) -> str | None:
    try:
        replies = replies_to(query, values, writer)
    except (ItemTypeError, ItemValueError) as error:
        return str(error)
    steps = [step for step in query.steps if step.reply is not None]
    for step, reply in zip(steps, replies, strict=True):
        why = why_not_whole(reply, writer.framing(step), step.reply) if step.reply else None
        if why:
            return why
    return None


def _why_not_said(step: Step, writer: Writer) -> str | None:
    if step.reply is None:
        return None
    try:
        reply = writer.reply(step, filled(step.reply, {}))
    except (ItemTypeError, ItemValueError) as error:
        return str(error)
    return why_not_whole(reply, writer.framing(step), step.reply)
