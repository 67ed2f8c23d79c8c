"""mKTL for instruments: a client's ``get``, and the classes that a daemon is made of."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import begin, config, errors, json, poll, protocol, weakref
    from .begin import close, discover, get
    from .config.home import home
    from .daemon import Daemon
    from .item import Item
    from .store import Store

__all__ = [
    "Daemon",
    "Item",
    "Store",
    "begin",
    "close",
    "config",
    "discover",
    "errors",
    "get",
    "home",
    "json",
    "poll",
    "protocol",
    "weakref",
]

__version__ = "0.1.0"

# Loaded when first used: `import mktl` in a script costs what the script needs.
_WHERE = {
    "get": "begin",
    "close": "begin",
    "discover": "begin",
    "home": "config.home",
    "Daemon": "daemon",
    "Item": "item",
    "Store": "store",
    "begin": "",
    "config": "",
    "errors": "",
    "json": "",
    "meta": "",
    "poll": "",
    "protocol": "",
    "weakref": "",
}

# What the published interface has come to call otherwise.
_RENAMED = {"meta": "config"}


def __getattr__(name: str) -> Any:
    try:
        module = _WHERE[name]
    except KeyError:
        raise AttributeError(f"module 'mktl' has no attribute {name!r}") from None
    if not module:
        return import_module(f"{__name__}.{_RENAMED.get(name, name)}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
    return value
