"""Blocks that clients have seen: ``client/cache/<store>/<uuid>.json``."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from ..errors import MktlError
from .block import Block, check_block
from .home import home, write_atomically
from .names import check_store, is_uuid

log = logging.getLogger(__name__)


def _directory(store: str) -> Path:
    return home() / "client" / "cache" / check_store(store)


def load(store: str) -> dict[str, Block]:
    """``{uuid: block}`` of *store* as last seen; files that cannot be read are passed over."""
    blocks: dict[str, Block] = {}
    try:
        paths = sorted(_directory(store).glob("*.json"))
    except OSError:
        return blocks
    for path in paths:
        try:
            block = check_block(json.loads(path.read_text("utf-8")), store)
        except (OSError, ValueError, MktlError, RecursionError) as error:
            log.debug("%s passed over: %s", path, error)
            continue
        blocks[block["uuid"]] = block
    return blocks


def save(block: Block) -> None:
    """Keep *block*; a cache that cannot be written is only a slower start the next time."""
    try:
        path = _directory(block["store"]) / f"{block['uuid']}.json"
        write_atomically(path, json.dumps(block, indent=1))
    except OSError as error:
        log.debug("%s.%s not cached: %s", block["store"], block["alias"], error)


def forget(store: str, uuid: str) -> None:
    """Drop a block that no longer holds."""
    if is_uuid(uuid):
        try:
            (_directory(store) / f"{uuid}.json").unlink(missing_ok=True)
        except OSError as error:
            log.debug("%s of store %s not forgotten: %s", uuid, store, error)


def stores() -> list[str]:
    """Names of the stores that have a block here."""
    try:
        return sorted(
            path.name for path in (home() / "client" / "cache").iterdir() if any(path.glob("*.json"))
        )
    except OSError:
        return []
