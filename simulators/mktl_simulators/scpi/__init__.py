"""What instruments that speak SCPI share: IEEE 488.2-1992 and SCPI-1999, volume 1 (syntax and style)."""

from .device import Command, ScpiDevice
from .errors import ErrorQueue, ScpiError

__all__ = ["Command", "ErrorQueue", "ScpiDevice", "ScpiError"]
