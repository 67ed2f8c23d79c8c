"""How to talk to a daemon, as its block says."""

from __future__ import annotations

from typing import NamedTuple

from ..protocol.host import reachable
from .block import Block, endpoint, preferred_version


class Route(NamedTuple):
    """How to talk to the daemon of an item."""

    #: Where its requests go, ``tcp://host:port``.
    rep: str
    #: Where its broadcasts come from.
    pub: str
    #: The version of the wire.
    version: bytes

    @classmethod
    def of(cls, block: Block) -> Route:
        """The way to the daemon of *block*."""
        host, rep, pub = endpoint(block)
        where = reachable(host)
        return cls(f"tcp://{where}:{rep}", f"tcp://{where}:{pub}", preferred_version(block))
