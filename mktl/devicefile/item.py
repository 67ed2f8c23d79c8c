"""From ``[items.KEY]`` to an :class:`~mktl.devicefile.device.ItemSpec`."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

from .device import ItemSpec
from .entry import Entry
from .exchange import compiled_query, misfit, missing_field, never_equal
from .exchanges import Command, Query, Step
from .keys import Scalar
from .manners import alarms, conversion, done, fast, python, register, sentinels
from .metadata import metadata
from .model import ItemTable
from .names import Names
from .problems import instead, shown
from .query import SENDS
from .steps import Ground, check_answers, check_sends, one_step, step_list
from .template import VALUE

#: Queries by name; None for one with a mistake, about whose reply nothing can be said.
Queries = MutableMapping[str, Query | None]

_READING = ("get", "from", "register", "python")
_WRITING = ("set", "register", "python")
_DEVICE = ("link", "get", "from", "set", "register")
_NOTHING_TO_READ = 'the item has nothing to read: no "get" and no "from"'
_NO_NUMBER = "there is no number of a device to convert"
_NO_EXCHANGE = 'there is no "get" and no "set" that it could be a manner of'
# A key → the keys of which it needs one, and what to say when there is none.
_NEEDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "set_reply": (("set",), 'there is no "set" that it could be the answer to'),
    "check": (("set",), 'there is no "set" to check after'),
    "repeatable": (_WRITING, 'there is no "set" to repeat'),
    "done": (_WRITING, 'there is no "set" that could be done'),
    "poll_s": (_READING, _NOTHING_TO_READ),
    "fast": (_READING, _NOTHING_TO_READ),
    "good_when": (_READING, _NOTHING_TO_READ),
    "disabled_when": (_READING, _NOTHING_TO_READ),
    "sentinels": (_READING, _NOTHING_TO_READ),
    "retries": (("get",), 'there is no "get" to try again'),
    "reply_timeout_s": (("get", "set"), 'there is no "get" and no "set" whose answer could be late'),
    **dict.fromkeys(
        ("reply_end", "reply_length", "reply_lines", "reply_until"), (("get", "set"), _NO_EXCHANGE)
    ),
    **dict.fromkeys(("send_end", "otherwise", "ignore_reply"), (("get", "set"), _NO_EXCHANGE)),
    **dict.fromkeys(("scale", "offset", "table", "bit"), (_DEVICE[1:], _NO_NUMBER)),
    "link": ((*_DEVICE[1:], "python"), 'nothing goes over the link: no "get", no "set" and no "from"'),
}


def item_spec(entry: Entry[ItemTable], names: Names, queries: Queries) -> ItemSpec | None:
    """The item, bound to its query and command.

    Args:
        entry: The table; takes what is wrong.
        names: The links and items of the file.
        queries: All named queries; the item's own, of its ``get``, is added as ``item:KEY``.
    """
    table = entry.table
    if table is None:
        return None
    _check_keys_go_together(entry, table)
    link = _link(entry, table, names, queries)
    query, field = _source(entry, table, queries)
    own = _own_query(entry, table, link, names) if entry.says("get", "reply") else None
    if entry.says("get"):
        query, field = f"item:{entry.name}", VALUE
        queries[query] = own
    known = queries.get(query) if query is not None else None
    if known is not None:
        _check_reading(entry, table, known, field)
    is_read = query is not None or entry.says("register")
    return ItemSpec(
        key=entry.name,
        metadata=metadata(entry, table, bound=entry.says(*_DEVICE)),
        link=link,
        query=query,
        field=field,
        command=_command(entry, table, names.ground_of(link)),
        conversion=conversion(entry, table),
        poll_s=table.poll_s,
        read_back=is_read if table.read_back is None else table.read_back,
        good_when=table.good_when or {},
        disabled_when=table.disabled_when or {},
        sentinels=sentinels(table),
        bit=None if entry.says("register") else table.bit,
        alarms=alarms(entry, table),
        deadband=table.deadband or 0.0,
        done=done(entry, table, names.ground_of(link)),
        fast=fast(entry, table, names.items),
        restore=table.restore,
        python=python(entry, table),
        register=register(entry, table),
    )


def _check_keys_go_together(entry: Entry[ItemTable], table: ItemTable) -> None:
    if entry.says("get") and isinstance(table.get, str) and not entry.says("reply"):
        entry.report("get", message="needs a \"reply\", the form of the answer: reply = '{:f}'")
    if isinstance(table.get, list) and entry.says("reply"):
        entry.report("reply", message='the steps of "get" have their own replies')
    if isinstance(table.set, list) and entry.says("set_reply"):
        entry.report("set_reply", message='the steps of "set" have their own replies')
    for key, (others, message) in _NEEDS.items():
        if entry.says(key) and not entry.says(*others):
            entry.report(key, message=message)
    if table.read_back and not entry.says(*_READING):
        entry.report("read_back", message=_NOTHING_TO_READ)
    if entry.says("get") and entry.says("from"):
        entry.report("from", message='either "get" and "reply" or "from", not both')
    elif entry.says("reply") and entry.says("from"):
        entry.report("reply", message='either "get" and "reply" or "from", whose query has a reply')
    elif entry.says("reply") and not entry.says("get"):
        advice = '; the answer to "set" is "set_reply"' if entry.says("set") else ""
        entry.report("reply", message=f'there is no "get" that it could be the answer to{advice}')


def _link(entry: Entry[ItemTable], table: ItemTable, names: Names, queries: Queries) -> str | None:
    """The link that the item is on: its query's, or its own; None for an item without a device."""
    feeding = queries.get((table.from_ or "").partition(".")[0])
    if feeding is None:
        has_link = entry.says("link", "get", "register") or (entry.says("set") and not entry.says("from"))
        return names.link_of(entry) if has_link else None
    if table.link is not None and names.link_of(entry) not in (None, feeding.link):
        message = f'"{table.link}", but the query "{feeding.name}" is on "{feeding.link}"'
        entry.report("link", message=message)
    return feeding.link


def _source(entry: Entry[ItemTable], table: ItemTable, queries: Queries) -> tuple[str | None, str]:
    """The query and the field that ``from`` names."""
    if table.from_ is None:
        return None, VALUE
    name, _, field = table.from_.partition(".")
    if name not in queries:
        known = [query for query in queries if not query.startswith("item:")]
        entry.report("from", message=f"no query {shown(name)}{instead(name, known, plural='queries')}")
        return None, VALUE
    query = queries[name]
    whose = f'the reply of query "{name}"'
    lacking = missing_field(query.names, field, whose=whose) if query else None
    if lacking:
        entry.report("from", message=lacking)
    return name, field


def _own_query(entry: Entry[ItemTable], table: ItemTable, link: str | None, names: Names) -> Query | None:
    """The query of the item's own ``get``, whose value is the field without a name."""
    ground = names.ground_of(link)
    if isinstance(table.get, list):
        steps = step_list(entry, ("get",), table.get, ground)
        check_sends(entry, ("get",), steps, (), SENDS)
        check_answers(entry, ("get",), steps)
        where = "get"
    else:
        pair = compiled_query(
            entry, keys=("get", "reply"), table=table, encoding=ground.encoding, items=ground.items
        )
        steps = () if pair is None else (one_step(entry, *pair, table, ground),)
        where = "reply"
    if not steps:
        return None
    query = Query(f"item:{entry.name}", link or "", steps, retries=table.retries)
    lacking = missing_field(query.names, VALUE, whose="the reply")
    if lacking:
        entry.report(where, message=f"{lacking}; the item's value is the field without a name")
    return query


def _check_reading(entry: Entry[ItemTable], table: ItemTable, query: Query, field: str) -> None:
    """Report a field that cannot be the item's value, and conditions on it that cannot be met."""
    reply = query.reply_with(field)
    wrong = misfit(_type_of_field(table), reply, field) if reply is not None else None
    if wrong:
        entry.report(next(key for key in ("reply", "get", "from") if entry.says(key)), message=wrong)
    for key, conditions in (("good_when", table.good_when), ("disabled_when", table.disabled_when)):
        for name, values in (conditions or {}).items():
            message = _wrong_condition(query, name, values)
            if message:
                entry.report(key, name, message=message)


def _type_of_field(table: ItemTable) -> str | None:
    """What the device must say for the item; a single bit of a number may be of any item."""
    if table.python is not None:  # whose business that is
        return None
    return "mask" if table.bit is not None else table.type


def _wrong_condition(query: Query, name: str, values: tuple[Scalar, ...]) -> str | None:
    reply = query.reply_with(name)
    if reply is None:
        return missing_field(query.names, name, whose="the reply")
    return never_equal(reply, name, values)


def _command(entry: Entry[ItemTable], table: ItemTable, ground: Ground) -> Command | None:
    if table.set is None:
        return None
    if isinstance(table.set, list):
        steps = step_list(entry, ("set",), table.set, ground)
    else:
        steps = _only_step(entry, table, table.set, ground)
    check_sends(entry, ("set",), steps, (VALUE,), "the item's is {:…}, another item's {item.x}")
    for number, step in enumerate(steps):
        if step.send is not None and VALUE in step.send.names:
            wrong = misfit(_type_of_field(table), step.send, VALUE)
            where: tuple[str | int, ...] = (
                ("set", number, "send") if isinstance(table.set, list) else ("set",)
            )
            if wrong:
                entry.report(*where, message=wrong)
    return Command(steps, table.check is not False, bool(table.repeatable)) if steps else None


def _only_step(entry: Entry[ItemTable], table: ItemTable, source: str, ground: Ground) -> tuple[Step, ...]:
    send = ground.template(entry, ("set",), source)
    reply = None
    if table.set_reply is not None:
        reply = ground.template(entry, ("set_reply",), table.set_reply)
    return () if send is None else (one_step(entry, send, reply, table, ground),)
