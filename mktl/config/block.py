"""A block: the description of all items of one daemon, as clients get it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from ..errors import WireError
from ..limits import Limits, raised_by
from ..wire.codec import JSON, MSGPACK, VERSIONS
from .names import check_key, check_store, is_uuid

Items = dict[str, dict[str, Any]]
Block = dict[str, Any]

#: The versions of the wire that a daemon of ours speaks, as its blocks have it.
ENCODINGS = tuple(version.decode() for version in VERSIONS)

_FALSE_TRUE = {"0": "False", "1": "True"}


def normalise(items: Mapping[str, Mapping[str, Any]]) -> Items:
    """Items as they go on the wire: keys in lower case, enumerators keyed by strings.

    The word for an empty mask keeps the spelling of its key, ``none`` or ``None``: other makes of client
    look for one of them. :func:`readable` gives the one that is looked for here.

    Raises:
        ItemValueError: A key that is no item name, or that stands there twice but for its case.

    >>> normalise({"SHUTTER": {"type": "boolean"}})
    {'shutter': {'type': 'boolean', 'enumerators': {'0': 'False', '1': 'True'}}}
    """
    normal: Items = {}
    for key, description in items.items():
        described = dict(description)
        enumerators = described.get("enumerators")
        if enumerators is not None:
            described["enumerators"] = {
                "none" if number is None else str(number): str(word) for number, word in enumerators.items()
            }
        elif described.get("type") == "boolean":
            described["enumerators"] = dict(_FALSE_TRUE)
        normal[check_key(key)] = described
    return normal


def readable(description: dict[str, Any]) -> dict[str, Any]:
    """A description off the wire as it is read here: the word for an empty mask under ``none``.

    >>> readable({"type": "mask", "enumerators": {"None": "fine", "0": "hot"}})["enumerators"]
    {'0': 'hot', 'none': 'fine'}
    """
    enumerators = description.get("enumerators")
    if not isinstance(enumerators, dict) or "None" not in enumerators:
        return description
    others = {number: word for number, word in enumerators.items() if number != "None"}
    return {**description, "enumerators": {**others, "none": enumerators["None"]}}


def items_hash(items: Items) -> int:
    """128 bits that differ when *items* do; to be compared for equality and nothing else."""
    canonical = json.dumps(items, sort_keys=True, separators=(",", ":"), default=str)
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:16], "big")


def make_block(
    store: str, alias: str, uuid: str, items: Items, *, hostname: str, rep: int, pub: int, time: float
) -> Block:
    """The block of an authoritative daemon."""
    return {
        "store": store,
        "alias": alias,
        "uuid": uuid,
        "time": time,
        "hash": items_hash(items),
        "provenance": [
            {"stratum": 0, "hostname": hostname, "rep": rep, "pub": pub, "encodings": list(ENCODINGS)}
        ],
        "items": items,
    }


def check_block(block: object, store: str | None = None) -> Block:
    """*block*, if it can be used; nothing in it is trusted before.

    Raises:
        WireError: What is wrong with it.
    """
    if not isinstance(block, dict):
        raise WireError(f"a block is an object, got {type(block).__name__}")
    if not is_uuid(block.get("uuid")):
        raise WireError("a block without a uuid")
    name = check_store(block.get("store", ""))
    if store is not None and name != store:
        raise WireError(f"asked for store {store!r}, got a block of {name!r}")
    items = block.get("items")
    if not isinstance(items, dict) or not all(isinstance(item, dict) for item in items.values()):
        raise WireError(f"the block of store {name!r} has no items")
    most = Limits.from_environment().items
    if len(items) > most:
        raise WireError(
            f"the block of store {name!r} has {len(items)} items, {most} at the most; {raised_by('items')}"
        )
    endpoint(block)
    return block


def endpoint(block: Block) -> tuple[str, int, int]:
    """Where requests and subscriptions of this block go: host, request port, broadcast port.

    Raises:
        WireError: No entry of its provenance has both ports.
    """
    entry = _serving_entry(block)
    return entry["hostname"], entry["rep"], entry["pub"]


def preferred_version(block: Block) -> bytes:
    """The version of the wire to talk to this block's daemon in; JSON unless it says that it speaks more.

    ``MKTL_ENCODING=a`` keeps to JSON, for somebody who wants to read along.
    """
    spoken = _serving_entry(block).get("encodings")
    if not isinstance(spoken, list) or "m" not in spoken or os.environ.get("MKTL_ENCODING") == "a":
        return JSON
    return MSGPACK


def _serving_entry(block: Block) -> dict[str, Any]:
    provenance = block.get("provenance")
    for entry in provenance if isinstance(provenance, list) else ():
        if not isinstance(entry, dict):
            continue
        host, rep, pub = entry.get("hostname"), entry.get("rep"), entry.get("pub")
        if isinstance(host, str) and isinstance(rep, int) and isinstance(pub, int):
            return entry
    raise WireError(f"nobody in the provenance of store {block.get('store')!r} takes subscriptions")
