"""The device file: one page that says what a controller speaks and which items it comes to.

:func:`load` reads one into a :class:`Device`. Templates need none of that machinery, so it is imported only
when ``load`` is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .device import Device, ItemSpec, LinkSpec, Motion, SimulateSpec
from .exchanges import Check, Command, Counted, Framing, Identity, Otherwise, Query, Step
from .register import Place, Register
from .template import Template
from .values import Alarms, Conversion, Done, Fast, PairConversion, Sentinel

if TYPE_CHECKING:
    from .reader import load

__all__ = [
    "Alarms",
    "Check",
    "Command",
    "Conversion",
    "Counted",
    "Device",
    "Done",
    "Fast",
    "Framing",
    "Identity",
    "ItemSpec",
    "LinkSpec",
    "Motion",
    "Otherwise",
    "PairConversion",
    "Place",
    "Query",
    "Register",
    "Sentinel",
    "SimulateSpec",
    "Step",
    "Template",
    "load",
]


def __getattr__(name: str) -> Any:
    """Bring in the reader, and pydantic with it, on first use."""
    if name == "load":
        from .reader import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
