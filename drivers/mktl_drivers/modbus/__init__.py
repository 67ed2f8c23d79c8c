"""Modbus devices on TCP, on a serial line (RTU), and on a serial line behind a TCP port."""

from __future__ import annotations

from .item import RegisterItem
from .link import ModbusLink
from .planning import plan_text

__all__ = ["ModbusLink", "RegisterItem", "plan_text"]
