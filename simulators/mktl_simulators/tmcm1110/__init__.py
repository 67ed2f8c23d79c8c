"""Trinamic TMCM-1110 stepper module: TMCL firmware manual V1.09, rev. 1.04."""

from .dialect import Tmcm1110

__all__ = ["Tmcm1110"]
