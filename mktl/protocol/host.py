"""Names of this host, as others may use them."""

from __future__ import annotations

import socket
from functools import cache

LOOPBACK = "127.0.0.1"


@cache
def own_hostname() -> str:
    """The name under which clients reach this host; one that does not resolve is of no use to them."""
    for name in (socket.getfqdn(), socket.gethostname()):
        try:
            socket.getaddrinfo(name, None, socket.AF_INET)
        except OSError:
            continue
        return name
    return LOOPBACK


@cache
def reachable(hostname: str) -> str:
    """The address for *hostname*; loopback for this host itself, which needs no route and no resolver."""
    if hostname in (own_hostname(), socket.gethostname(), "localhost", LOOPBACK):
        return LOOPBACK
    return hostname
