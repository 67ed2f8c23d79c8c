"""The values that items start with: stored ones, initial ones, and what becomes of those that are lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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


def go_on(replaced: Mapping[Item, Item | None], doubtful: Collection[str], persistence: Persistence) -> None:
    """Give items that took the places of others, or of none, the values that they have from now on.

    One of a device is read anew, unless its value means what it meant; nothing that was stored is written to
    a device. Any other keeps its value as long as it takes it.

    Args:
        replaced: Each new item and the one before.
        doubtful: Keys of those whose value may mean something else now.
        persistence: Of the daemon.
    """
    fresh = {item.key: item for item, before in replaced.items() if before is None}
    begin({key: item for key, item in fresh.items() if not _has_device(item)}, persistence)
    for item, before in replaced.items():
        if before is not None:
            is_bound = _has_device(item)
            if item.key not in doubtful if is_bound else _takes(item, before.reading.value):
                item.take_over(before.reading)
            if item.status == "unset" and item.config.get("initial") is not None:
                _publish_initial(item)
        if _is_persistent(item) and item._persist is None:
            item._persist = partial(persistence.save, item.key)
            persistence.save(item.key, item.reading)


def _has_device(item: Item) -> bool:
    return hasattr(item, "link")


def _takes(item: Item, value: object) -> bool:
    try:
        item.validate_type(value)
    except Exception:  # of a subclass, maybe
        return False
    return True


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
