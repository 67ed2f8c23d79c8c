"""The values that items start with: stored ones, initial ones, and what becomes of those that are lost."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ..errors import ItemValueError, MktlError
from ..item import Item
from ..item.reading import Reading
from ..item.types import check_value
from ..persist import Loaded, Persistence


def begin(items: Mapping[str, Item], persistence: Persistence) -> None:
    """Give *items* the values that they start with, and have the persistent ones saved from now on.

    Nothing is written to a device. One whose stored value cannot be had is flagged, at later starts too,
    until it has a new one.

    Raises:
        ItemValueError: An initial value that its item does not take.
    """
    stored = persistence.load() if any(map(_is_persistent, items.values())) else Loaded()
    for key, item in items.items():
        flaw = _restore(item, stored) if _is_persistent(item) else ""
        if item.status == "unset" and item.config.get("initial") is not None:
            _publish_initial(item)
        if flaw:
            item.restore_failed(flaw)
        if _is_persistent(item):
            item._persist = partial(persistence.save, key)
            if flaw and item.status == "invalid":
                persistence.save(key, item.reading)


def kept(items: Mapping[str, Item]) -> dict[str, Reading]:
    """The readings that are to outlive the daemon, by key."""
    return {key: item.reading for key, item in items.items() if item._persist is not None}


def _is_persistent(item: Item) -> bool:
    return bool(item.config.get("persist"))


def _restore(item: Item, stored: Loaded) -> str:
    """Let *item* take on its stored value; why it has none, where there may have been one."""
    reading = stored.readings.get(item.key)
    if reading is None:
        return stored.flaw
    try:
        if reading.value is not None:
            item.validate_type(reading.value)
    except Exception as error:  # of a subclass, maybe
        return f"the stored value is none of this item any more: {error}"
    item.restore(reading)
    return ""


def _publish_initial(item: Item) -> None:
    try:
        item.publish(check_value(item.full_key, item.config, item.config["initial"]))
    except MktlError as error:
        raise ItemValueError(f"the initial value of {error}") from None
