"""A daemon's items may be described otherwise while it runs: hearing of that, and asking how."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from .config.block import Block, check_block
from .errors import MktlError
from .protocol.client import client
from .protocol.message import Request
from .wire.frames import topic
from .wire.payload import Bulk, Payload

log = logging.getLogger(__name__)


def catalog_key(block: Block) -> str:
    """The built-in key under which a daemon tells of its items, and broadcasts their new hash."""
    return f"{block['store']}._{block['alias'].lower()}cat"


class Describing:
    """Listens to one daemon for a change of its block.

    Args:
        block: As it is known.
        rep: Where its requests go; *pub*, where its broadcasts come from.
        pub: See *rep*.
        version: Of the wire.
        take: Called with the new block, on the client's thread.
    """

    def __init__(
        self, block: Block, rep: str, pub: str, version: bytes, take: Callable[[Block], object]
    ) -> None:
        self.where = rep, pub
        self._block = block
        self._topic = topic(catalog_key(block), version)
        self._take = take

    def start(self) -> None:
        """Listen from now on."""
        client().subscribe(self.where[1], self._topic, self, wait_s=0.0)

    def stop(self) -> None:
        """Listen no more."""
        client().unsubscribe(self.where[1], self._topic, self)

    def compare(self, number: object) -> None:
        """The daemon says that its hash is *number*: when that is news, ask for its block."""
        if number == self._block.get("hash"):
            return
        request = Request("GET", catalog_key(self._block))
        request.then = self._answered
        client().send(self.where[0], request)

    def _answered(self, payload: Payload) -> None:
        try:
            block = check_block(payload.value, self._block["store"])
        except MktlError as error:
            log.debug("%s: no block: %s", catalog_key(self._block), error)
            return
        if block["uuid"] == self._block["uuid"]:
            self._block = block
            self._take(block)

    # -- as a listener

    def _heard(self, fields: dict[str, Any], bulk: Bulk) -> None:  # noqa: ARG002
        self.compare(fields.get("value"))

    def _lost(self, reason: str) -> None:
        """Its items say so."""

    def _found(self) -> None:
        """Its items ask who it is, and what its hash is."""
