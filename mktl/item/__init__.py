"""Items: a key, its value, and how far that can be trusted."""

from .item import Item

__all__ = ["Item"]
