"""From ``[simulate]`` to how the simulator made from the file behaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import ItemTypeError, ItemValueError
from .device import Motion, SimulateSpec
from .entry import Entry
from .metadata import starting_value
from .model import ItemTable, MotionTable, SimulateTable
from .problems import instead, shown

_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def simulate_spec(entry: Entry[SimulateTable], items: Mapping[str, Entry[ItemTable]]) -> SimulateSpec:
    """The simulator that the table asks for."""
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
    motions = {key: motion for key, one in table.items.items() if (motion := _motion(entry, key, one, items))}
    return SimulateSpec(table.model, initial, motions, table.delay_s, table.seed)


def _motion(
    entry: Entry[SimulateTable], key: str, table: MotionTable, items: Mapping[str, Entry[ItemTable]]
) -> Motion | None:
    for name, path in ((key, ()), (table.follow, ("follow",))):
        if name is not None and name not in items:
            message = f"no item {shown(name)}{instead(name, items, plural='items')}"
            entry.report("items", key, *path, message=message)
            return None
    if table.follow is None and (table.rate_per_s or table.tau_s):
        given = "rate_per_s" if table.rate_per_s else "tau_s"
        entry.report(
            "items", key, given, message='it goes nowhere without "follow", the item that it goes after'
        )
    if table.follow is not None and table.drift_per_s:
        entry.report("items", key, "drift_per_s", message='either "follow" or "drift_per_s", not both')
    return Motion(table.noise, table.follow, table.rate_per_s, table.tau_s, table.drift_per_s)


def _start(entry: Entry[SimulateTable], key: str, item: ItemTable, value: Any) -> Any:
    """The value that the simulator starts *key* with; it may be out of the range that a client has."""
    try:
        return starting_value(item, value)
    except (ItemTypeError, ItemValueError) as error:
        entry.report("initial", key, message=str(error))
        return value
