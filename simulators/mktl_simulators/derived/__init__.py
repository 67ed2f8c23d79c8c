"""The device that a device file describes, made from the file alone."""

from __future__ import annotations

from .device import DerivedDevice
from .unit import DerivedUnit
from .values import Values

__all__ = ["DerivedDevice", "DerivedUnit", "Values"]
