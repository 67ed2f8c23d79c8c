"""Other items' values in a command or a query: ``{item.other}``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import mktl
from mktl.errors import DeviceError

#: Statuses with which a value may go to a device.
_SOUND = frozenset({"ok", "simulated", "alarm"})


def values_of(store: mktl.Store, keys: Iterable[str]) -> dict[str, Any]:
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
