"""Broadcasts without items: from any daemon by its address, and for programs that send some.

:func:`mktl.get` and :class:`mktl.Daemon` do more for less; these are the names under which the published
interface has what lies beneath them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any

import zmq

from ..wire.frames import topic as topic_of
from ..wire.payload import Bulk, Payload
from .broadcaster import Broadcaster
from .client import client as connections
from .host import reachable
from .message import Broadcast
from .singletons import Singletons

log = logging.getLogger(__name__)

Callback = Callable[[Broadcast], object]


class Client:
    """Hears broadcasts of one daemon; there is one for each address and port.

    Args:
        address: The daemon's host.
        port: Its broadcast port.

    Raises:
        ConnectedAlreadyError: There is one; :func:`client` gives it. It is a ConnectionError.
    """

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self.port = int(port)
        self._where = f"tcp://{reachable(address)}:{self.port}"
        self._callbacks: dict[tuple[bytes, Callback], _Listener] = {}
        _clients.enter(address, self.port, self)

    def subscribe(self, topic: object) -> None:
        """Have broadcasts of *topic* sent here: bytes as they stand, anything else as text."""
        raw = topic if isinstance(topic, bytes) else str(topic).encode()
        self._listen(raw, _ignore)

    def register(self, callback: Callback, topic: str) -> None:
        """Call *callback* with each :class:`Broadcast` of *topic*, ``store.key``; keep it short.

        Raises:
            TypeError: It cannot be called.
        """
        if not callable(callback):
            raise TypeError(f"{callback!r} cannot be called back")
        self._listen(topic_of(topic.strip()), callback)

    def unregister(self, callback: Callback, topic: str) -> None:
        """Call *callback* no more with broadcasts of *topic*."""
        raw = topic_of(topic.strip())
        listener = self._callbacks.pop((raw, callback), None)
        if listener is not None:
            connections().unsubscribe(self._where, raw, listener)

    def _listen(self, topic: bytes, callback: Callback) -> None:
        if (topic, callback) not in self._callbacks:
            listener = self._callbacks[topic, callback] = _Listener(topic, callback)
            connections().subscribe(self._where, topic, listener)


class _Listener:
    """Makes a callback's message of what has arrived."""

    def __init__(self, topic: bytes, callback: Callback) -> None:
        self._topic = topic
        self._callback = callback

    def _heard(self, fields: dict[str, Any], bulk: Bulk) -> None:
        self._callback(Broadcast("PUB", self._topic, Payload.of(fields, bulk)))

    def _lost(self, reason: str) -> None:
        log.debug("%r: %s", self._topic, reason)

    def _found(self) -> None:
        log.debug("%r: the daemon is there", self._topic)


def _ignore(broadcast: Broadcast) -> None:
    """Subscribed to, and nobody to be called."""


_clients: Singletons[Client] = Singletons()


def client(address: str, port: int) -> Client:
    """The client of this address and port."""
    return _clients.get(Client, address, int(port))


def shutdown() -> None:
    """Forget every client; the next use makes new ones."""
    _clients.clear()


class Server:
    """Sends broadcasts from when it is made until :meth:`close`.

    Args:
        port: The port to listen on for subscribers; the first free one of mKTL's when left out.
        avoid: Ports not to take by oneself.

    Raises:
        PortTakenError: Somebody else has *port*; it is a ConnectionError.
    """

    def __init__(self, port: int | None = None, avoid: Collection[int] = ()) -> None:
        self._context: zmq.Context[Any] = zmq.Context()
        try:
            self._broadcaster = Broadcaster(self._context, port, avoid=avoid)
        except BaseException:
            self._context.term()
            raise
        self.port = self._broadcaster.port

    def publish(self, message: Broadcast) -> None:
        """Send *message* to whoever subscribes to it; from any thread."""
        self._broadcaster.send(list(message))

    def close(self) -> None:
        """Stop listening for subscribers."""
        self._broadcaster.close()
        self._context.term()
