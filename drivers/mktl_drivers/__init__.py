"""Drivers: links to devices, and the items bound to them.

A device file names a link's driver, and ``markd`` does the rest. From Python, make a link with
``SerialLink.from_settings`` or ``TcpLink.from_settings`` and hand it to :class:`TextItem`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bound import BoundItem
    from .link import TextLink
    from .modbus import ModbusLink, RegisterItem
    from .serial import SerialLink
    from .tcp import TcpLink
    from .textitem import TextItem
    from .transport import Transport, WriteError
    from .udp import UdpLink
    from .visa import VisaLink

__all__ = [
    "BoundItem",
    "ModbusLink",
    "RegisterItem",
    "SerialLink",
    "TcpLink",
    "TextItem",
    "TextLink",
    "Transport",
    "UdpLink",
    "VisaLink",
    "WriteError",
]

_WHERE = {
    "BoundItem": "bound",
    "ModbusLink": "modbus",
    "RegisterItem": "modbus",
    "SerialLink": "serial",
    "TcpLink": "tcp",
    "TextItem": "textitem",
    "TextLink": "link",
    "Transport": "transport",
    "UdpLink": "udp",
    "VisaLink": "visa",
    "WriteError": "transport",
}


def __getattr__(name: str) -> Any:
    """Bring in what is used, and no other port's library."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    return value
