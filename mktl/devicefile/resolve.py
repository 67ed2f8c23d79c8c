"""Puts the tables of a device file together: names become what they name, templates are compiled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ..errors import ItemTypeError, ItemValueError
from .device import Device, Query, SimulateSpec
from .entry import Entry, read_entry
from .exchange import compiled_query
from .item import Queries, item_spec
from .link import link_spec
from .metadata import starting_value
from .model import ItemTable, LinkTable, QueryTable, SimulateTable
from .names import Names
from .problems import Problems, instead, shown
from .replicate import RawTable

_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def resolve(
    path: Path,
    tables: Iterable[RawTable],
    problems: Problems,
    drivers: Mapping[str, type[BaseModel]] | None,
) -> Device:
    """The device that *tables* describe.

    Args:
        path: Of the file.
        tables: All of them, in the order that items shall have.
        problems: Takes what is wrong; with any in it, the device returned is not to be used.
        drivers: The model of each driver's settings, or None to leave the settings as they are.
    """
    by_section: dict[str, list[RawTable]] = {"links": [], "queries": [], "items": [], "simulate": []}
    for table in tables:
        by_section[table.section].append(table)
    links = {raw.name: read_entry(LinkTable, raw, problems) for raw in by_section["links"]}
    items = {raw.name: read_entry(ItemTable, raw, problems) for raw in by_section["items"]}
    names = Names(links, items.keys())

    resolved_links = {name: link_spec(entry, drivers, items.keys()) for name, entry in links.items()}
    queries: Queries = {}
    for raw in by_section["queries"]:
        queries[raw.name] = _query(read_entry(QueryTable, raw, problems), names)
    resolved_items = {key: item_spec(entry, names, queries) for key, entry in items.items()}
    simulate = SimulateSpec()
    for raw in by_section["simulate"]:
        simulate = _simulate(read_entry(SimulateTable, raw, problems), items)
    return Device(
        path=path,
        links={name: link for name, link in resolved_links.items() if link},
        queries={name: query for name, query in queries.items() if query},
        items={key: item for key, item in resolved_items.items() if item},
        simulate=simulate,
    )


def _query(entry: Entry[QueryTable], names: Names) -> Query | None:
    link = names.link_of(entry)
    if entry.table is None:
        return None
    pair = compiled_query(entry, table=entry.table, encoding=names.encoding_of(link), items=names.items)
    if pair is None or link is None:
        return None
    return Query(entry.name, link, *pair, reply_timeout_s=entry.table.reply_timeout_s)


def _simulate(entry: Entry[SimulateTable], items: Mapping[str, Entry[ItemTable]]) -> SimulateSpec:
    table = entry.table
    if table is None:
        return SimulateSpec()
    if table.model is not None and not _CLASS.fullmatch(table.model):
        entry.report("model", message=f'expected "package.module:Class", got {shown(table.model)}')
    initial: dict[str, Any] = {}
    for key, value in table.initial.items():
        item = items[key].table if key in items else None
        if key not in items:
            message = f"no item {shown(key)}{instead(key, items, plural='items')}"
            entry.report("initial", key, message=message)
        elif item is not None:
            initial[key] = _start(entry, key, item, value)
    return SimulateSpec(table.model, initial)


def _start(entry: Entry[SimulateTable], key: str, item: ItemTable, value: Any) -> Any:
    """The value that the simulator starts *key* with; it may be out of the range that a client has."""
    try:
        return starting_value(item, value)
    except (ItemTypeError, ItemValueError) as error:
        entry.report("initial", key, message=str(error))
        return value
