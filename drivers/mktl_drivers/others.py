"""Other items' values in a command or a query: ``{item.other}``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import mktl
from mktl.errors import DeviceError

from .roles import Party, Readable

#: Statuses with which a value may go to a device.
_SOUND = frozenset({"ok", "simulated", "alarm"})


class Siblings(Protocol):
    """What has the items of one store; :class:`mktl.Store` is one."""

    def __getitem__(self, key: str, /) -> mktl.Item:
        """One of them."""


def sources_of(store: Siblings, keys: Iterable[str], link: Party) -> list[Readable]:
    """What reads these items, as far as they are on *link*; each once."""
    items = [store[key] for key in keys]
    own = [getattr(item, "source", None) for item in items if getattr(item, "link", None) is link]
    return [source for source in dict.fromkeys(own) if source is not None]


def values_of(store: Siblings, keys: Iterable[str]) -> dict[str, Any]:
    """The items' values in the device's numbers, by the names that they have in a template.

    Raises:
        DeviceError: One has no value, or none that can be trusted.
    """
    values = {}
    for key in keys:
        item = store[key]
        if item.value is None or item.status not in _SOUND:
            reason = item.reason or "it has no value yet"
            raise DeviceError(f"needs the value of {item.full_key}, which is {item.status}: {reason}")
        spec = getattr(item, "spec", None)
        values[f"item.{key}"] = item.value if spec is None else spec.conversion.to_device(item.value)
    return values
