"""Keysight (Agilent, HP) E3631A triple supply: user's guide E3631-90002, chapter 4 (remote interface)."""

from .dialect import E3631A

__all__ = ["E3631A"]
