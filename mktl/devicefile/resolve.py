"""Puts the tables of a device file together: names become what they name, templates are compiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel

from .device import Device, SimulateSpec
from .entry import read_entry
from .item import Queries, item_spec
from .link import link_spec
from .model import ItemTable, LinkTable, QueryTable, SimulateTable
from .names import Names
from .problems import Problems
from .query import extend, query
from .replicate import RawTable
from .sharing import shared
from .simulate import simulate_spec


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
    raw_links = shared(by_section["links"], problems)
    links = {raw.name: read_entry(LinkTable, raw, problems) for raw in raw_links}
    items = {raw.name: read_entry(ItemTable, raw, problems) for raw in by_section["items"]}
    resolved_links = {name: link_spec(entry, drivers, items.keys()) for name, entry in links.items()}
    framings = {name: link.framing for name, link in resolved_links.items() if link}
    names = Names(links, items.keys(), framings)
    queries: Queries = {}
    for raw in by_section["queries"]:
        queries[raw.name] = query(read_entry(QueryTable, raw, problems), names)
    resolved_items = {key: item_spec(entry, names, queries) for key, entry in items.items()}
    extend(queries, resolved_items, items)
    simulate = SimulateSpec()
    for raw in by_section["simulate"]:
        simulate = simulate_spec(read_entry(SimulateTable, raw, problems), items)
    return Device(
        path=path,
        links={name: link for name, link in resolved_links.items() if link},
        queries={name: query for name, query in queries.items() if query},
        items={key: item for key, item in resolved_items.items() if item},
        simulate=simulate,
    )
