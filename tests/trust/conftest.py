"""What the rows of the table of trust have in common: a daemon in another process, and raw frames."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from mktl.protocol.client import client
from mktl.protocol.message import Request
from tests.trust.nursery import Nursery, nursery_in
from tests.trust.served import Served

ITEMS: dict[str, Any] = {
    "temp": {"type": "numeric", "initial": 4.2},
    "image": {"type": "bulk"},
    "kept": {"type": "numeric", "persist": True},
}


@pytest.fixture
def serve(home: Path, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start a daemon in a process of its own; it is killed at the end."""
    made: list[Served] = []

    def start(items: Any = None, **kwargs: Any) -> Served:
        made.append(Served(tmp_path, ITEMS if items is None else items, **kwargs))
        return made[-1].start()

    yield start
    for served in made:
        served.close()


@pytest.fixture
def nursery(home: Path, tmp_path: Path) -> Iterator[Nursery]:
    """Forks ``markd`` processes; those that are left are killed at the end."""
    with nursery_in(tmp_path) as nursery:
        yield nursery


class Wire:
    """A DEALER with nothing of ours in between."""

    def __init__(self, address: str, **options: Any) -> None:
        self._context = zmq.Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.set_hwm(0)
        for name, value in options.items():
            setattr(self.socket, name, value)
        self.socket.connect(address)

    def send(self, *parts: bytes) -> None:
        self.socket.send_multipart(parts)

    def receive(self, within_s: float = 5.0) -> list[bytes]:
        assert self.socket.poll(int(within_s * 1000)), f"nothing within {within_s:g} s"
        return self.socket.recv_multipart()

    def drain(self) -> int:
        """Throw away what has come; how many messages that were."""
        count = 0
        while self.socket.poll(0):
            self.socket.recv_multipart()
            count += 1
        return count

    def close(self) -> None:
        self.socket.close()
        self._context.term()


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    """Connect to an address, with raw frames."""
    with contextlib.ExitStack() as open_wires:

        def connect(address: str, **options: Any) -> Wire:
            wire = Wire(address, **options)
            open_wires.callback(wire.close)
            return wire

        yield connect


def get(target: str, id: bytes = b"1") -> list[bytes]:
    return [b"a", id, b"GET", target.encode(), b"", b""]


def put(target: str, value: Any, id: bytes = b"2") -> list[bytes]:
    return [b"a", id, b"SET", target.encode(), b"", json.dumps({"value": value}).encode()]


def timed_get(address: str, target: str = "lab.temp", timeout_s: float = 5.0) -> tuple[Any, float]:
    """The value of an item as its daemon has it, and the seconds it took to come."""
    began_s = time.monotonic()
    answer = client().request(address, Request("GET", target), timeout_s, timeout_s)
    return answer.value, time.monotonic() - began_s


def quantile(values: Iterable[float], share: float) -> float:
    """The value that *share* of *values* do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
