"""Eurotherm 3216 temperature controller: 3200 series engineering manual HA028651, section 15 (Modbus)."""

from .registers import Eurotherm3216

__all__ = ["Eurotherm3216"]
