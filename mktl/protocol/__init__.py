"""mKTL over sockets: the only package of the core that opens one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import message

if TYPE_CHECKING:
    from . import discover, publish, request

__all__ = ["discover", "message", "publish", "request"]


def __getattr__(name: str) -> Any:
    # Loaded when first used: what `mktl.get` needs of this package is less.
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
