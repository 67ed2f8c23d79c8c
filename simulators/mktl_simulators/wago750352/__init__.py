"""WAGO 750-352 fieldbus coupler (Modbus/TCP): its manual, chapters on process image and registers."""

from .coupler import Wago750352

__all__ = ["Wago750352"]
