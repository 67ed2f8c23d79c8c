"""Keithley 2450 source-meter: reference manual 2450-901-01, section 6 (SCPI command reference)."""

from .dialect import Keithley2450

__all__ = ["Keithley2450"]
