"""JULABO circulators (F25, FP50, MAGIO, CORIO): operating manuals, chapter on remote control."""

from .dialect import Julabo

__all__ = ["Julabo"]
