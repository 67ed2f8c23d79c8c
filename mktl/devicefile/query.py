"""From ``[queries.NAME]`` to a :class:`~mktl.devicefile.exchanges.Query`."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import replace

from ..errors import TemplateError
from ._fields.words import number_or_text
from .device import ItemSpec
from .entry import Entry
from .exchange import compiled_query
from .exchanges import Query, Step
from .model import ItemTable, QueryTable
from .names import Names
from .steps import Ground, check_answers, check_sends, one_step, step_list

#: What a query may send, for messages.
SENDS = "a query may hold only other items' values, {item.x}"

_FORMS = ("send", "steps", "unsolicited")


def query(entry: Entry[QueryTable], names: Names) -> Query | None:
    """The query, or None when too much is wrong with it to say anything about its reply."""
    link = names.link_of(entry)
    table = entry.table
    if table is None or not _has_one_form(entry):
        return None
    ground = names.ground_of(link)
    steps: tuple[Step, ...] = ()
    if table.unsolicited is not None:
        line = ground.template(entry, ("unsolicited",), table.unsolicited)
        if line is not None:
            steps = (one_step(entry, None, line, table, ground),)
    elif table.steps is not None:
        steps = step_list(entry, ("steps",), table.steps, ground)
        check_sends(entry, ("steps",), steps, (), SENDS)
        check_answers(entry, ("steps",), steps)
    else:
        steps = _only_step(entry, table, ground)
    if not steps or link is None:
        return None
    return Query(entry.name, link, steps, table.unsolicited is not None, table.retries)


def _has_one_form(entry: Entry[QueryTable]) -> bool:
    given = [key for key in _FORMS if entry.says(key)]
    if not given:
        entry.report(message='missing key "send"; or "steps", or "unsolicited" for a line that comes unasked')
    elif len(given) > 1:
        entry.report(given[1], message=f'either "{given[0]}" or "{given[1]}", not both')
    elif given == ["send"] and not entry.says("reply"):
        entry.report(message='missing key "reply"')
    elif given != ["send"] and entry.says("reply"):
        entry.report("reply", message=f'a reply goes with "send"; "{given[0]}" has its own')
    return len(given) == 1


def _only_step(entry: Entry[QueryTable], table: QueryTable, ground: Ground) -> tuple[Step, ...]:
    pair = compiled_query(entry, table=table, encoding=ground.encoding, items=ground.items)
    return () if pair is None else (one_step(entry, *pair, table, ground),)


def extend(
    queries: MutableMapping[str, Query | None],
    items: Mapping[str, ItemSpec | None],
    entries: Mapping[str, Entry[ItemTable]],
) -> None:
    """Let each reply also take the words that its items know as no value: ``"---"`` where a number stands.

    Args:
        queries: Of the whole file; those with such items are replaced.
        items: By key.
        entries: The tables of the items, to report a word that the link's encoding does not have.
    """
    for key, spec in items.items():
        if spec is None or spec.query is None:
            continue
        # A printed "nan" is a word: no number's format reads it.
        words = [word for word in spec.sentinels if isinstance(number_or_text(word), str)]
        known = queries.get(spec.query)
        if not words or known is None:
            continue
        try:
            queries[spec.query] = _with_words(known, spec.field, words)
        except TemplateError as error:
            entries[key].report("sentinels", message=error.message)


def _with_words(query: Query, field: str, words: list[str]) -> Query:
    steps = tuple(
        replace(step, reply=step.reply.with_words(field, words))
        if step.reply is not None and field in step.reply.names
        else step
        for step in query.steps
    )
    return replace(query, steps=steps)
