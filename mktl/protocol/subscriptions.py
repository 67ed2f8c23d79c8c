"""The SUB socket to one daemon, and who listens to what."""

from __future__ import annotations

import logging
import struct
import threading
import time
from typing import Any, Protocol

import zmq

from ..errors import MktlError
from ..wire.codec import VERSIONS
from ..wire.frames import unpack_broadcast
from ..wire.payload import Bulk
from .liveness import connect, reconnect
from .quick import BEFORE_BROADCAST_BULK, is_readable, last_of, receive_broadcast, rest_of

log = logging.getLogger(__name__)

#: Broadcasts that wait in this process before ZeroMQ drops some; 0 would be without limit.
MOST_BROADCASTS = 200_000

#: So many are taken in before callbacks have their turn.
MOST_AT_ONCE = 100
#: From this many at a time on there are probably more.
SEVERAL = 3

#: How long after a connection that came to nothing the next attempt is made.
AGAIN_S = 0.5

_EVENTS = int(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
# What a monitor says: the event in 16 bits, its value in 32, in the order of the machine.
_EVENT = struct.Struct("=HI")


class Listener(Protocol):
    """Who subscribes; called on the client's thread, so nothing here may wait."""

    def _heard(self, fields: dict[str, Any], bulk: Bulk) -> None:
        """A broadcast has come, with these fields in its payload."""

    def _lost(self, reason: str) -> None:
        """The daemon is gone: what it said last may no longer hold."""

    def _found(self) -> None:
        """The daemon is there, for the first time or again: changes may have been missed."""


class Subscriptions:
    """What is subscribed to at one daemon; lives on the client's thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str) -> None:
        self.address = address
        self.connected = threading.Event()
        self.socket: zmq.Socket[bytes] = context.socket(zmq.SUB)
        self.socket.set_hwm(MOST_BROADCASTS)
        self.monitor = self.socket.get_monitor_socket(_EVENTS)
        connect(self.socket, address)
        self.listeners: dict[bytes, tuple[Listener, ...]] = {}
        #: Topics of which a broadcast came that could not be understood.
        self._unreadable: set[bytes] = set()
        #: When to connect anew, monotonic: ZeroMQ may not do it by itself.
        self._again_s: float | None = None

    def add(self, topic: bytes, listener: Listener) -> None:
        """Tell *listener* of every broadcast of *topic*."""
        if topic not in self.listeners:
            self.socket.subscribe(topic)
        self.listeners[topic] = (*self.listeners.get(topic, ()), listener)

    def remove(self, topic: bytes, listener: Listener) -> None:
        """Tell *listener* no more."""
        left = tuple(other for other in self.listeners.get(topic, ()) if other is not listener)
        if left:
            self.listeners[topic] = left
        elif self.listeners.pop(topic, None):
            self.socket.unsubscribe(topic)

    def receive(self, _events: int = 0, has_slept: bool = False) -> None:
        """Take in what has arrived; one only, after sleep: its callback comes before a look for more."""
        socket = self.socket
        try:
            if has_slept:
                self._dispatch(receive_broadcast(socket))
                return
            for count in range(MOST_AT_ONCE):
                # Not many mostly; of many it costs less to be told once that there are no more.
                if 0 < count < SEVERAL and not is_readable(socket):
                    return
                parts = receive_broadcast(socket)
                self._dispatch(parts)
                if len(parts) > BEFORE_BROADCAST_BULK:
                    return  # an array is to be used, and freed, before the next one comes
        except zmq.Again:
            pass

    def _dispatch(self, parts: list[bytes], is_last: bool = False) -> None:
        try:
            topic, fields, bulk = unpack_broadcast(parts)
        except MktlError as error:
            last = None if is_last else self._last_of(parts)
            if last is not None:
                self._dispatch(last, is_last=True)
            else:
                log.debug("a broadcast was dropped: %s", error)
            return
        for listener in self.listeners.get(topic, ()):
            try:
                listener._heard(fields, bulk)
            except MktlError as error:
                # Once: a daemon that sends one such may send thousands.
                level = logging.DEBUG if topic in self._unreadable else logging.WARNING
                self._unreadable.add(topic)
                log.log(level, "a broadcast of %r was dropped: %s", topic.decode(), error)
            except Exception:
                log.exception("a listener of %r raised", topic)

    def _last_of(self, parts: list[bytes]) -> list[bytes] | None:
        """The broadcast into which frames of other messages have run, if it is one."""
        for last in last_of([*parts, *rest_of(self.socket)], BEFORE_BROADCAST_BULK):
            if last[0] in self.listeners and last[1] in VERSIONS:
                return last
        return None

    def watch(self, _events: int = 0, _has_slept: bool = False) -> None:
        """Follow whether the daemon is there."""
        while self.monitor.poll(0):
            event, _ = _EVENT.unpack(self.monitor.recv_multipart()[0])
            if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self.connected.set()
                self._again_s = None
                log.debug("%s is there", self.address)
                for listener in self._everybody():
                    listener._found()
            elif event == zmq.EVENT_DISCONNECTED:
                if not self.connected.is_set():  # whoever had accepted it was no daemon
                    self._again_s = time.monotonic() + AGAIN_S
                self.connected.clear()
                log.info("%s is gone; what it served is stale until it is back", self.address)
                for listener in self._everybody():
                    listener._lost(f"no connection to the daemon at {self.address}")

    def next_due_s(self) -> float | None:
        """When :meth:`connect_again` has something to do, monotonic."""
        return self._again_s

    def connect_again(self, now_s: float) -> None:
        """Connect anew, if that is due."""
        if self._again_s is not None and now_s >= self._again_s:
            self._again_s = None
            reconnect(self.socket, self.address)

    def _everybody(self) -> list[Listener]:
        return [listener for listeners in self.listeners.values() for listener in listeners]

    def close(self) -> None:
        """Free the sockets."""
        self.socket.disable_monitor()
        self.monitor.close()
        self.socket.close()
