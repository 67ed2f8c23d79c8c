"""Multipart messages by the shortest way through pyzmq.

``send_multipart`` and ``recv_multipart`` spend most of their time on enumerations: flags are joined, and
options looked up, once for each frame. Here the flags are plain numbers, the methods those of the class below
``zmq.Socket``, and whether more frames come is asked of the frame. That is a third of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import zmq

NOBLOCK = int(zmq.NOBLOCK)
_MORE = int(zmq.SNDMORE)
_NOBLOCK_MORE = NOBLOCK | _MORE
_EVENTS = int(zmq.EVENTS)
_READABLE = int(zmq.POLLIN)
_RECEIVE_MORE = int(zmq.RCVMORE)

_send: Any = zmq.backend.Socket.send
_receive: Any = zmq.backend.Socket.recv
_get: Any = zmq.backend.Socket.get

#: In the payload of every message with an array.
_HAS_ARRAY = b"dtype"
#: Frames of a request or response, and of a broadcast, before the one with an array.
BEFORE_BULK, BEFORE_BROADCAST_BULK = 6, 3


def send(socket: zmq.Socket[bytes], parts: Sequence[bytes | memoryview], flags: int = 0) -> None:
    """Send *parts* as one message; each is copied.

    Raises:
        zmq.ZMQError: As ``send_multipart``.
    """
    *first, last = parts
    more = flags | _MORE
    for part in first:
        _send(socket, part, more)
    _send(socket, last, flags)


def try_send_broadcast(socket: zmq.Socket[bytes], topic: bytes, version: bytes, payload: bytes) -> bool:
    """Send a broadcast without bulk data; False when there is no room for it."""
    try:
        _send(socket, topic, _NOBLOCK_MORE)
        _send(socket, version, _NOBLOCK_MORE)
        _send(socket, payload, NOBLOCK)
    except zmq.Again:
        return False
    return True


def send_uncopied(socket: zmq.Socket[bytes], parts: Sequence[bytes | memoryview], flags: int = 0) -> None:
    """The same; what is large is not copied, and must stay as it is."""
    socket.send_multipart(parts, flags, copy=False)


def receive_from_any(socket: zmq.Socket[bytes]) -> list[Any]:
    """The next message of a ROUTER: frames as bytes, but a last one behind the payload as it came in memory.

    Raises:
        zmq.Again: There is none.
    """
    parts = [_receive(socket, NOBLOCK)]  # ZeroMQ's name of the peer, behind which there always is something
    frame = _receive(socket, NOBLOCK, False)
    while frame.more:
        parts.append(frame.bytes)
        frame = _receive(socket, NOBLOCK, False)
    parts.append(frame.bytes if len(parts) <= BEFORE_BULK else frame.buffer)
    return parts


def receive_from_one(socket: zmq.Socket[bytes], plain: int, flags: int = NOBLOCK) -> list[Any]:
    """The same from the only peer of *socket*, in half the time: frame *plain* alone is asked for more.

    A message of fewer frames, which is none of mKTL, runs into the one behind it, if there is one; that is
    whole at the end then, for :func:`last_of`. Peers that know nothing of each other must not be mixed up so.

    Raises:
        zmq.Again: There is none, with :data:`NOBLOCK` or a timeout.
    """
    parts = [_receive(socket, flags)]
    try:
        for _ in range(plain - 2):
            parts.append(_receive(socket, NOBLOCK))
        frame = _receive(socket, NOBLOCK, False)
    except zmq.Again:
        return parts
    parts.append(frame.bytes)
    while frame.more:
        frame = _receive(socket, NOBLOCK, False)
        parts.append(frame.buffer)
    return parts


def receive_broadcast(socket: zmq.Socket[bytes]) -> list[Any]:
    """The next broadcast from the only peer of *socket*, in a sixth of the time: no frame is asked for more.

    An array is looked for where the payload tells of one. A message of any other number of frames leaves some
    to the next one; :func:`rest_of` and :func:`last_of` put that right.

    Raises:
        zmq.Again: There is none.
    """
    parts = [_receive(socket, NOBLOCK)]
    try:
        parts.append(_receive(socket, NOBLOCK))
        parts.append(_receive(socket, NOBLOCK))
    except zmq.Again:
        return parts
    return [*parts, *rest_of(socket)] if _HAS_ARRAY in parts[2] else parts


def rest_of(socket: zmq.Socket[bytes]) -> list[memoryview]:
    """The frames of the present message that have not been taken yet."""
    rest = []
    while _get(socket, _RECEIVE_MORE):
        rest.append(_receive(socket, NOBLOCK, False).buffer)
    return rest


def last_of(parts: Sequence[bytes | memoryview], plain: int) -> list[list[bytes]]:
    """What the message may be into which others have run, without bulk data and with it."""
    return [[bytes(part) for part in parts[-count:]] for count in (plain, plain + 1) if count < len(parts)]


def events_of(socket: zmq.Socket[bytes]) -> int:
    """What can be done with *socket* now, of ``zmq.POLLIN`` and ``zmq.POLLOUT``."""
    events: int = _get(socket, _EVENTS)
    return events


def is_readable(socket: zmq.Socket[bytes]) -> bool:
    """True when a message waits; to ask costs a third of what it costs to be told that there is none."""
    return bool(_get(socket, _EVENTS) & _READABLE)
