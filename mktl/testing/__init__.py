"""Device files under test: a daemon, simulators in the place of the devices, and a client, in one object.

With pytest, take the fixture ``mktl_device``; anywhere else :func:`serve`, which is what the fixture does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .leaks import LeakError
    from .served import Served, serve

__all__ = ["LeakError", "Served", "serve"]

_WHERE = {"LeakError": "leaks", "Served": "served", "serve": "served"}


def __getattr__(name: str) -> Any:
    """Bring in what is used: pytest loads the plugin beside this in every run of anybody's tests."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    return value
