"""mKTL over sockets: the only package of the core that opens one."""

from . import message

__all__ = ["message"]
