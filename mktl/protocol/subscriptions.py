"""The SUB socket to one daemon, and who listens to what."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import zmq
import zmq.utils.monitor

from ..errors import MktlError
from ..wire.frames import unpack_broadcast
from .message import Payload

log = logging.getLogger(__name__)

#: Broadcasts that wait in this process before ZeroMQ drops some; 0 would be without limit.
MOST_BROADCASTS = 200_000

Listener = Callable[[Payload], None]


class Subscriptions:
    """What is subscribed to at one daemon; lives on the client's thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str) -> None:
        self.connected = threading.Event()
        self.socket: zmq.Socket[bytes] = context.socket(zmq.SUB)
        self.socket.linger = 0
        self.socket.set_hwm(MOST_BROADCASTS)
        self.monitor = self.socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        self.socket.connect(address)
        self.listeners: dict[bytes, tuple[Listener, ...]] = {}

    def add(self, topic: bytes, listener: Listener) -> None:
        """Call *listener* with every broadcast of *topic*."""
        if topic not in self.listeners:
            self.socket.subscribe(topic)
        self.listeners[topic] = (*self.listeners.get(topic, ()), listener)

    def receive(self, most: int = 1000) -> None:
        """Take in what has arrived."""
        for _ in range(most):
            try:
                parts = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._dispatch(parts)

    def _dispatch(self, parts: list[bytes]) -> None:
        try:
            topic, payload = unpack_broadcast(parts)
        except MktlError as error:
            log.debug("a broadcast was dropped: %s", error)
            return
        for listener in self.listeners.get(topic, ()):
            try:
                listener(payload)
            except Exception:
                log.exception("a listener of %r raised", topic)

    def watch(self) -> None:
        """Follow whether the daemon is there."""
        while self.monitor.poll(0):
            event = zmq.utils.monitor.recv_monitor_message(self.monitor)
            if event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self.connected.set()
            elif event["event"] == zmq.EVENT_DISCONNECTED:
                self.connected.clear()

    def close(self) -> None:
        """Free the sockets."""
        self.socket.disable_monitor()
        self.monitor.close()
        self.socket.close()
