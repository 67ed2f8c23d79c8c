"""An item whose value is in the registers of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..bound import BoundItem
from .setting import RegisterWriter

if TYPE_CHECKING:
    from .units import ModbusUnit


class RegisterItem(BoundItem):
    """Reads with its neighbours, sets alone; see :class:`~mktl_drivers.bound.BoundItem`."""

    link: ModbusUnit

    def _make_writer(self) -> RegisterWriter | None:
        if not self.spec.metadata.get("settable"):
            return None
        writer = RegisterWriter(self)
        self.link.writers.append(writer)
        return writer
