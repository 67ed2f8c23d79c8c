"""Which ports a daemon listens on."""

from __future__ import annotations

import errno
from collections.abc import Collection

import zmq

from ..errors import MktlError

#: The ports of mKTL daemons: both ends included.
LOWEST, HIGHEST = 10079, 13679


class PortTakenError(MktlError, ConnectionError):
    """Somebody else listens on this port."""


def bind(socket: zmq.Socket[bytes], port: int) -> int:
    """Bind *socket* to *port* on all interfaces, and return it.

    Raises:
        PortTakenError: Another socket has it.
    """
    try:
        socket.bind(f"tcp://*:{port}")
    except zmq.ZMQError as error:
        if error.errno not in (zmq.EADDRINUSE, errno.EACCES):
            raise
        raise PortTakenError(f"port {port} cannot be had: {error.strerror}") from None
    return port


def bind_first_free(
    socket: zmq.Socket[bytes], preferred: int | None = None, avoid: Collection[int] = ()
) -> int:
    """Bind *socket* on all interfaces and return the port.

    Args:
        preferred: The port to try first, even one to avoid: the daemon's own from its last run.
        avoid: Ports that belong to other daemons of this host; used only when no other is free.

    Raises:
        MktlError: No port of the range is free.
    """
    rest = range(LOWEST, HIGHEST + 1)
    first = [preferred] if preferred else []
    taken = set(avoid)
    polite = [port for port in rest if port not in taken]
    impolite = [port for port in rest if port in taken]
    for port in (*first, *polite, *impolite):
        try:
            return bind(socket, port)
        except PortTakenError:
            continue
    raise MktlError(f"no free port in {LOWEST}..{HIGHEST}: all are in use on this host")
