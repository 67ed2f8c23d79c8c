"""Addresses to call when nobody near serves a store: written by hand, or remembered because they answered.

``client/registries`` and ``client/registries.cache``: one address to a line, ``#`` begins a comment.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from .home import home, write_atomically

log = logging.getLogger(__name__)

#: Addresses remembered, the latest first; each of them costs a datagram when a store is looked for.
MOST = 100
#: Bytes read of a file; what is beyond them was not written by a person.
LONGEST = 1_000_000

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\Z")


def is_address(text: str) -> bool:
    """True for what can be the name or the IPv4 address of a host.

    >>> is_address("chonk.keck.hawaii.edu"), is_address("192.168.1.255"), is_address("a..b"), is_address("")
    (True, True, False, False)
    """
    labels = text.removesuffix(".").split(".")
    return 0 < len(text) <= 253 and all(_LABEL.match(label) for label in labels)


def load() -> list[str]:
    """The addresses of both files, those written by hand first, each once; what is none is passed over."""
    return list(dict.fromkeys([*_read(_directory() / "registries"), *remembered()]))


def remembered() -> list[str]:
    """The addresses that have answered, the latest first."""
    return _read(_cache())


def save(addresses: Iterable[str]) -> None:
    """Remember *addresses*, before those that are remembered already.

    A file that cannot be written is no error: they are found again the way they were found now.
    """
    known = remembered()
    wanted = list(dict.fromkeys([*filter(is_address, addresses), *known]))[:MOST]
    if wanted == known:
        return
    try:
        write_atomically(_cache(), "".join(f"{address}\n" for address in wanted))
    except OSError as error:
        log.debug("addresses not remembered: %s", error)


def _directory() -> Path:
    return home() / "client"


def _cache() -> Path:
    return _directory() / "registries.cache"


def _read(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST).decode("utf-8", "replace")
    except OSError:
        return []
    addresses = []
    for line in text.splitlines():
        address = line.partition("#")[0].strip()
        if is_address(address):
            addresses.append(address)
        elif address:
            log.debug("%s: %r passed over: no address", path, address[:60])
    return list(dict.fromkeys(addresses))
