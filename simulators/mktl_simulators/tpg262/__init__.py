"""Pfeiffer TPG 262 DualGauge: operating manual BG 5195 BEN of the TPG 261 and its sister, chapter 5."""

from .dialect import Tpg262

__all__ = ["Tpg262"]
