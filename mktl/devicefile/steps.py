"""From the tables of an exchange to its steps: what is sent, how the reply ends, and what else it may be."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ._fields.base import SpecError
from ._fields.escapes import unescape
from .entry import Entry
from .exchange import compiled, is_encoding, missing_field
from .exchanges import Counted, Framing, Otherwise, Step
from .model import CountedTable, ExchangeTable, OtherwiseTable, ReplyTable, StepTable
from .template import Template

Path = tuple[str | int, ...]

_WORD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SIZES = {"u8": (1, False), "u16": (2, False), "u16le": (2, True), "u32": (4, False), "u32le": (4, True)}


@dataclass(frozen=True, slots=True)
class Ground:
    """What the exchanges of one table stand on: the encoding and the framing of their link, and all items."""

    encoding: str
    framing: Framing
    items: Collection[str]

    def template(self, entry: Entry[Any], path: Path, source: str) -> Template | None:
        """The template at *path*, or None when it is none, which is reported."""
        return compiled(entry, *path, source=source, encoding=self.encoding, items=self.items)


def step_list(entry: Entry[Any], path: Path, tables: Sequence[StepTable], ground: Ground) -> tuple[Step, ...]:
    """The steps at *path*, each without what is wrong in it."""
    if not tables:
        entry.report(
            *path, message="no steps; expected at least one, such as { send = 'READ?', reply = '{:f}' }"
        )
    return tuple(_step(entry, (*path, number), table, ground) for number, table in enumerate(tables))


def one_step(
    entry: Entry[Any], send: Template | None, reply: Template | None, table: ExchangeTable, ground: Ground
) -> Step:
    """The only step of an exchange whose manners stand in its own table."""
    return Step(
        send,
        reply,
        otherwise=otherwise(entry, ("otherwise",), table.otherwise, ground),
        reply_timeout_s=table.reply_timeout_s,
        send_end=ending(entry, ("send_end",), table.send_end, ground.encoding),
        framing=framing(entry, (), table, ground),
        ignores_reply=bool(table.ignore_reply) and reply is None,
    )


def _step(entry: Entry[Any], path: Path, table: StepTable, ground: Ground) -> Step:
    send = reply = None
    if table.send is not None:
        send = ground.template(entry, (*path, "send"), table.send)
    if table.reply is not None:
        reply = ground.template(entry, (*path, "reply"), table.reply)
        if table.ignore_reply:
            entry.report(*path, "ignore_reply", message='either a "reply" or "ignore_reply", not both')
    if table.send is None and table.reply is None and not (table.wait_s or table.ignore_reply):
        entry.report(*path, message='a step has a "send", a "reply" or a "wait_s"')
    return Step(
        send,
        reply,
        otherwise=otherwise(entry, (*path, "otherwise"), table.otherwise, ground),
        reply_timeout_s=table.reply_timeout_s,
        wait_s=table.wait_s,
        send_end=ending(entry, (*path, "send_end"), table.send_end, ground.encoding),
        framing=framing(entry, path, table, ground),
        ignores_reply=bool(table.ignore_reply),
    )


def otherwise(
    entry: Entry[Any], path: Path, tables: Sequence[OtherwiseTable], ground: Ground
) -> tuple[Otherwise, ...]:
    """The other forms of a reply."""
    found = (_other(entry, (*path, number), table, ground) for number, table in enumerate(tables))
    return tuple(one for one in found if one is not None)


def _other(entry: Entry[Any], path: Path, table: OtherwiseTable, ground: Ground) -> Otherwise | None:
    given = [key for key in ("error", "status", "value") if getattr(table, key) is not None]
    if len(given) > 1:
        entry.report(*path, given[1], message=f'either "{given[0]}" or "{given[1]}", not both')
    if table.reason is not None and table.status is None:
        entry.report(*path, "reason", message='a reason goes with "status"; an "error" has its own words')
    reply = ground.template(entry, (*path, "reply"), table.reply)
    if reply is None:
        return None
    for key, words in (("error", table.error), ("reason", table.reason)):
        for name in _WORD.findall(words or ""):
            lacking = missing_field(reply.names, name, whose="the reply")
            if lacking:
                entry.report(*path, key, message=lacking)
    return Otherwise(reply, table.error, table.status, table.reason or "", table.value)


def framing(entry: Entry[Any], path: Path, table: ReplyTable, ground: Ground) -> Framing | None:
    """How the end of a reply is known where the table says so; None: as on the link."""
    if not table.model_fields_set & set(ReplyTable.model_fields):
        return None
    if table.reply_length is not None and (table.reply_lines or table.reply_until):
        message = 'a reply of a known length is cut there; "reply_lines" and "reply_until" have no meaning'
        entry.report(*path, "reply_length", message=message)
    end = ending(entry, (*path, "reply_end"), table.reply_end, ground.encoding)
    until = None
    if table.reply_until is not None:
        until = ground.template(entry, (*path, "reply_until"), table.reply_until)
    if not (ground.framing.end if end is None else end) and (until or table.reply_lines):
        key = "reply_until" if until else "reply_lines"
        entry.report(*path, key, message='lines need a "reply_end" that stands after each of them')
    length = table.reply_length
    return Framing(
        end=ground.framing.end if end is None else end,
        length=length if isinstance(length, int) else None,
        counted=_counted(length) if isinstance(length, CountedTable) else None,
        lines=table.reply_lines or 1,
        until=until,
    )


def _counted(table: CountedTable) -> Counted:
    size, little_endian = _SIZES[table.as_]
    return Counted(table.at, size, little_endian, table.plus)


def ending(entry: Entry[Any], path: Path, source: str | None, encoding: str) -> bytes | None:
    """The bytes that end a message; a brace is just a brace here. None when nothing is said."""
    if source is None:
        return None
    try:
        return unescape(source, encoding if is_encoding(encoding) else "utf-8")
    except SpecError as error:
        entry.report(*path, message=str(error))
        return b""


def check_sends(
    entry: Entry[Any], path: Path, steps: Sequence[Step], allowed: Collection[str], say: str
) -> None:
    """Report fields in what is sent that nothing gives a value.

    Args:
        entry: Where the steps stand.
        path: Of the steps, or of the only template.
        steps: To check.
        allowed: The fields that have a value.
        say: What would be right, for the message.
    """
    for number, step in enumerate(steps):
        for name in step.send.names if step.send is not None else ():
            if name not in allowed:
                where = path if len(steps) == 1 and len(path) == 1 else (*path, number, "send")
                entry.report(*where, message=f"{{{name}:…}} has no value here; {say}")


def check_answers(entry: Entry[Any], path: Path, steps: Sequence[Step]) -> None:
    """Report a field that two replies of one exchange give: only one of its values could be kept."""
    seen: dict[str, int] = {}
    for number, step in enumerate(steps):
        for name in {name for form in step.replies() for name in form.names}:
            if seen.setdefault(name, number) != number:
                what = f"the field '{name}'" if name else "the field without a name"
                message = f"{what} comes in step {seen[name] + 1} already; {{_…}} skips a value"
                entry.report(*path, number, "reply", message=message)
