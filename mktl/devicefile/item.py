"""From ``[items.KEY]`` to an :class:`~mktl.devicefile.device.ItemSpec`."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

from .device import Command, Conversion, ItemSpec, Query
from .entry import Entry
from .exchange import compiled, compiled_query, misfit, missing_field, never_equal
from .metadata import metadata
from .model import ItemTable, Scalar
from .names import Names
from .problems import instead, shown
from .template import VALUE, Template

#: Queries by name; None for one with a mistake, about whose reply nothing can be said.
Queries = MutableMapping[str, Query | None]

_READING = ("get", "from")
_NOTHING_TO_READ = 'the item has nothing to read: no "get" and no "from"'
# A key → the keys of which it needs one, and what to say when there is none.
_NEEDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "get": (("reply",), "needs a \"reply\", the form of the answer: reply = '{:f}'"),
    "set_reply": (("set",), 'there is no "set" that it could be the answer to'),
    "check": (("set",), 'there is no "set" to check after'),
    "poll_s": (_READING, _NOTHING_TO_READ),
    "good_when": (_READING, _NOTHING_TO_READ),
    "disabled_when": (_READING, _NOTHING_TO_READ),
    "reply_timeout_s": (("get", "set"), 'there is no "get" and no "set" whose answer could be late'),
    "scale": (("get", "from", "set"), "there is no number of a device to convert"),
    "offset": (("get", "from", "set"), "there is no number of a device to convert"),
    "link": (("get", "from", "set"), 'nothing goes over the link: no "get", no "set" and no "from"'),
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
    encoding = names.encoding_of(link)
    query, field = _source(entry, table, queries)
    own = _own_query(entry, table, link, names) if entry.says("get", "reply") else None
    if entry.says("get"):
        query, field = f"item:{entry.name}", VALUE
        queries[query] = own
    known = queries.get(query) if query is not None else None
    if known is not None:
        _check_reading(entry, table, known.reply, field)
    return ItemSpec(
        key=entry.name,
        metadata=metadata(entry, table, bound=entry.says("link", "get", "from", "set")),
        link=link,
        query=query,
        field=field,
        command=_command(entry, table, encoding, names),
        conversion=_conversion(entry, table),
        poll_s=table.poll_s,
        read_back=query is not None if table.read_back is None else table.read_back,
        good_when=table.good_when or {},
        disabled_when=table.disabled_when or {},
    )


def _check_keys_go_together(entry: Entry[ItemTable], table: ItemTable) -> None:
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
        has_link = entry.says("link", "get") or (entry.says("set") and not entry.says("from"))
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
    lacking = missing_field(query.reply, field, whose=f'the reply of query "{name}"') if query else None
    if lacking:
        entry.report("from", message=lacking)
    return name, field


def _own_query(entry: Entry[ItemTable], table: ItemTable, link: str | None, names: Names) -> Query | None:
    """The query of the item's own ``get`` and ``reply``, whose value is the field without a name."""
    encoding = names.encoding_of(link)
    pair = compiled_query(entry, keys=("get", "reply"), table=table, encoding=encoding, items=names.items)
    if pair is None:
        return None
    lacking = missing_field(pair[1], VALUE, whose="the reply")
    if lacking:
        entry.report("reply", message=f"{lacking}; the item's value is the field without a name")
    return Query(f"item:{entry.name}", link or "", *pair, reply_timeout_s=table.reply_timeout_s)


def _check_reading(entry: Entry[ItemTable], table: ItemTable, reply: Template, field: str) -> None:
    """Report a field that cannot be the item's value, and conditions on it that cannot be met."""
    wrong = misfit(table.type, reply, field) if field in reply.names else None
    if wrong:
        entry.report("reply" if entry.says("reply") else "from", message=wrong)
    for key, conditions in (("good_when", table.good_when), ("disabled_when", table.disabled_when)):
        for name, values in (conditions or {}).items():
            message = _wrong_condition(reply, name, values)
            if message:
                entry.report(key, name, message=message)


def _wrong_condition(reply: Template, name: str, values: tuple[Scalar, ...]) -> str | None:
    return missing_field(reply, name, whose="the reply") or never_equal(reply, name, values)


def _command(entry: Entry[ItemTable], table: ItemTable, encoding: str, names: Names) -> Command | None:
    if table.set is None:
        return None
    send = compiled(entry, "set", source=table.set, encoding=encoding, items=names.items)
    reply = None
    if table.set_reply is not None:
        reply = compiled(entry, "set_reply", source=table.set_reply, encoding=encoding, items=names.items)
    if send is None:
        return None
    for name in send.names:
        if name != VALUE:
            message = f"{{{name}:…}} has no value here; the item's is {{:…}}, another item's {{item.x}}"
            entry.report("set", message=message)
    wrong = misfit(table.type, send, VALUE) if VALUE in send.names else None
    if wrong:
        entry.report("set", message=wrong)
    return Command(send, reply, check=table.check is not False, reply_timeout_s=table.reply_timeout_s)


def _conversion(entry: Entry[ItemTable], table: ItemTable) -> Conversion:
    given = next((key for key in ("scale", "offset") if entry.says(key)), None)
    if given and table.type not in ("numeric", "numeric array", None) and "type" not in entry.broken:
        entry.report(given, message=f"only numbers are converted; the item's type is {shown(table.type)}")
    if table.scale == 0:
        entry.report("scale", message="0 would make every value the same; for no scaling leave it out")
        return Conversion()
    scale = 1.0 if table.scale is None else table.scale
    return Conversion(scale, 0.0 if table.offset is None else table.offset)
