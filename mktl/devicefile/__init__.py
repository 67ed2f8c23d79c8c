"""The device file: one page that says what a controller speaks and which items it comes to.

:func:`load` reads one into a :class:`Device`. Templates need none of that machinery, so it is imported only
when ``load`` is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .device import (
    Check,
    Command,
    Conversion,
    Device,
    Identity,
    ItemSpec,
    LinkSpec,
    Query,
    SimulateSpec,
)
from .template import Template

if TYPE_CHECKING:
    from .reader import load

__all__ = [
    "Check",
    "Command",
    "Conversion",
    "Device",
    "Identity",
    "ItemSpec",
    "LinkSpec",
    "Query",
    "SimulateSpec",
    "Template",
    "load",
]


def __getattr__(name: str) -> Any:
    """Bring in the reader, and pydantic with it, on first use."""
    if name == "load":
        from .reader import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
