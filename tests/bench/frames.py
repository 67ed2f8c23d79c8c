"""What mktl puts on the wire, written down as it goes by, so that the bare side sends the same bytes."""

from __future__ import annotations

import time
from typing import Any

import zmq

import mktl
from mktl.protocol import dealer
from tests.bench.bare import BareClient, BareSubscriber
from tests.bench.child import Child
from tests.bench.ours import SETTLE_S, STORE, item_of

Frames = list[bytes]


class _Overheard:
    """A client whose sends are written down."""

    def __init__(self, key: str) -> None:
        self._item = item_of(key, subscribe=False)
        self._sent: list[Frames] = []
        before = dealer.send

        def send(socket: zmq.Socket[bytes], parts: Any, flags: int = 0) -> None:
            self._sent.append([bytes(part) for part in parts])
            before(socket, parts, flags)

        dealer.send = send

    def get(self) -> Frames:
        self._item.get()
        return self._last(b"GET")

    def set(self, value: Any) -> Frames:
        self._item.set(value)
        return self._last(b"SET")

    def _last(self, type: bytes) -> Frames:
        return [parts for parts in self._sent if len(parts) > 2 and parts[2] == type][-1]

    def close(self) -> None:
        mktl.close()


def request_of(key: str, method: str, *args: Any) -> Frames:
    """The frames of a client's GET or SET of *key*."""
    with Child(_Overheard, key) as client:
        frames: Frames = client.ask(method, *args)
        return frames


def replies_to(address: str, request: Frames) -> list[Frames]:
    """The frames that the daemon at *address* answers *request* with: an ACK and a REP, or a REP."""
    with Child(BareClient, address, request) as client:
        replies: list[Frames] = client.ask("replies")
        return replies


def describe(replies: list[Frames]) -> str:
    """Such as ``ACK+REP``."""
    return "+".join(reply[2].decode() for reply in replies)


def acknowledged(replies: list[Frames]) -> list[Frames]:
    """The same with an ACK before the REP."""
    version, id = replies[-1][:2]
    return [[version, id, b"ACK", b"", b"", b""], replies[-1]]


def broadcast_of(daemon: Child, key: str) -> Frames:
    """The frames of a broadcast of *key*, in the version of the wire that a client has of *daemon*."""
    version = request_of(key, "get")[0]
    topic = f"{STORE}.{key}.".encode()
    if version != b"a":
        topic = version + b":" + topic
    with Child(BareSubscriber, daemon.ask("addresses")[1], topic) as subscriber:
        time.sleep(SETTLE_S)
        daemon.ask("publish", key, 1)
        ((frames, _),) = subscriber.ask("wait_for", 1)
        return list(frames)
