"""What every socket of a client is told, so that a daemon that is gone is missed, whatever took it away."""

from __future__ import annotations

import zmq

#: A peer is called so often while nothing comes from it, and is missed when it has not answered for so long:
#: a process that stands still, or a host that is gone, is noticed within the sum of both.
HEARTBEAT_MS, SILENT_MS = 700, 1800
#: An attempt to connect is given up after this long and made anew. The system's own is two minutes, and on
#: a network that swallows packets the pauses between its attempts double.
CONNECT_MS = 1000


def connect(socket: zmq.Socket[bytes], address: str) -> None:
    """Connect *socket* to *address*, now and whenever the connection is lost."""
    socket.linger = 0
    socket.set(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
    socket.set(zmq.HEARTBEAT_TIMEOUT, SILENT_MS)
    socket.set(zmq.CONNECT_TIMEOUT, CONNECT_MS)
    socket.connect(address)


def connect_dealer(socket: zmq.Socket[bytes], address: str) -> None:
    """The same for requests, which are only taken while there is a connection.

    A request that waits for one would be delivered when the daemon is back, minutes after whoever sent it has
    been told that it failed.
    """
    socket.set_hwm(0)
    socket.set(zmq.IMMEDIATE, 1)
    connect(socket, address)


def reconnect(socket: zmq.Socket[bytes], address: str) -> None:
    """Begin anew.

    ZeroMQ tries again by itself after anything but one: where a socket of another kind has answered, as when
    somebody else has had the daemon's port for a moment, it never does.
    """
    socket.disconnect(address)
    socket.connect(address)
