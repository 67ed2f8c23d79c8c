"""Daemons: the authority for the items of one configuration."""

from .daemon import Daemon

__all__ = ["Daemon"]
