"""Hosts on a network: their addresses, and what the system says of them in words."""

from __future__ import annotations

import socket
from typing import Any

from mktl.errors import LinkDownError

#: Family, kind, protocol, canonical name, and the address as ``connect`` wants it.
Found = tuple[int, int, int, str, Any]


def addresses_of(host: str, port: int, kind: socket.SocketKind) -> list[Found]:
    """Every address of *host*, the best first; at least one.

    Raises:
        LinkDownError: There is none.
    """
    try:
        found: list[Found] = list(socket.getaddrinfo(host, port, type=kind))
    except OSError as error:
        raise LinkDownError(f"no address is known for the host {host!r}: {in_words(error)}") from None
    if not found:
        raise LinkDownError(f"no address is known for the host {host!r}")
    return found


def in_words(error: Exception) -> str:
    """What went wrong, without the number that the system has for it.

    >>> in_words(ConnectionRefusedError(111, "Connection refused"))
    'connection refused'
    """
    return (error.strerror or "").lower() if isinstance(error, OSError) else str(error)
