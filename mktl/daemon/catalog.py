"""The blocks that a daemon or a registry knows, and the keys under which they are asked for."""

from __future__ import annotations

import threading
from typing import Any

from ..config.block import Block


class Catalog:
    """``{store: {uuid: block}}``, from any thread."""

    def __init__(self) -> None:
        self._stores: dict[str, dict[str, Block]] = {}
        self._lock = threading.Lock()

    def add(self, block: Block) -> None:
        """Take in a block; it replaces the one of the same uuid."""
        with self._lock:
            self._stores.setdefault(block["store"], {})[block["uuid"]] = block

    def remove(self, store: str, uuid: str) -> None:
        """Forget a block."""
        with self._lock:
            self._stores.get(store, {}).pop(uuid, None)

    def blocks(self, store: str) -> dict[str, Block]:
        """``{uuid: block}`` of one store; empty when it is not known."""
        with self._lock:
            return dict(self._stores.get(store, {}))

    def everything(self) -> list[Block]:
        """All blocks."""
        with self._lock:
            return [block for blocks in self._stores.values() for block in blocks.values()]

    def hashes(self, store: str | None = None) -> dict[str, dict[str, int]]:
        """``{store: {uuid: hash}}`` of one store or of all."""
        with self._lock:
            stores = self._stores if store is None else {store: self._stores.get(store, {})}
            return {
                name: {uuid: block["hash"] for uuid, block in blocks.items()}
                for name, blocks in stores.items()
                if blocks
            }

    def describe(self, target: str) -> Any:
        """What a GET of a built-in key answers; None when *target* is none, or of a store not known here.

        The keys are ``_hash``, ``store._hash``, ``store._catalog`` and ``store._<alias>cat``.
        """
        if target == "_hash":
            return self.hashes()
        store, _, key = target.partition(".")
        if key == "_hash":
            return self.hashes(store) or None
        if key == "_catalog":
            return self.blocks(store) or None
        for block in self.blocks(store).values():
            if key == f"_{block['alias'].lower()}cat":
                return block
        return None
