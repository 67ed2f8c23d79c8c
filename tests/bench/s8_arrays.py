"""S8: arrays of 16 MiB, fetched one after the other, and published to one callback."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import zmq

import mktl
from tests.bench.bare import BareClient, BareServer, BareSubscriber, Frames
from tests.bench.child import Child
from tests.bench.effort import Effort
from tests.bench.frames import broadcast_of, replies_to, request_of
from tests.bench.ours import SETTLE_S, OurClient, OurDaemon, item_of
from tests.bench.published import Side
from tests.bench.row import AtLeast, Row

ITEMS = {"IMAGE": {"type": "bulk"}}
SHAPE, DTYPE = (2048, 4096), "uint16"
GETS, PUBLISHED = 6, 10


class Camera(OurDaemon):
    """A daemon with an array for clients to fetch, and new ones to publish."""

    def __init__(self, rows: int) -> None:
        super().__init__(ITEMS)
        self._images = [np.full((rows, SHAPE[1]), number, DTYPE) for number in range(2)]
        self.publish("image", 1)

    def publish(self, key: str, count: int, period_s: float = 0.0) -> list[float]:
        """Publish two arrays by turns; when each went out."""
        sent = []
        for _ in range(count):
            self._images.reverse()
            sent.append(time.monotonic())
            self.daemon.items[key].publish(self._images[0])
        return sent


class Viewer(OurClient):
    """A client that fetches arrays, or is called back with them."""

    def fetch(self, count: int) -> float:
        """Arrays per second."""
        item, begun_s = item_of(self.key, subscribe=False), time.perf_counter()
        for _ in range(count):
            _check(item.get())
        return count / (time.perf_counter() - begun_s)

    def _called_back(self, item: mktl.Item, value: Any, timestamp: float) -> None:
        _check(value)
        self.heard.append((len(self.heard), time.monotonic()))


class BareCamera(BareServer):
    """The same frames; the array is handed to ZeroMQ without a copy."""

    def _serve(self, replies: Sequence[Frames]) -> None:
        version, _, *tail = replies[-1]
        while True:
            route, _, id, *_ = self._router.recv_multipart()
            self._router.send_multipart([route, version, id, *tail], copy=False)

    def publish(self, frames: Frames, count: int, period_s: float = 0.0) -> list[float]:
        sent = []
        for _ in range(count):
            sent.append(time.monotonic())
            self._pub.send_multipart(frames, copy=False)
        return sent


class BareViewer(BareClient):
    """An array of each reply, in the memory that ZeroMQ received it in."""

    def fetch(self, count: int) -> float:
        begun_s = time.perf_counter()
        for _ in range(count):
            self._socket.send_multipart(self._request)
            while (parts := self._socket.recv_multipart(copy=False))[2].bytes != b"REP":
                pass
            _check(_array(parts))
        return count / (time.perf_counter() - begun_s)


class BareListener(BareSubscriber):
    """An array of each broadcast, likewise."""

    def _listen(self) -> None:
        while True:
            _check(_array(self._socket.recv_multipart(copy=False)))
            self.heard.append(([], time.monotonic()))


def _array(parts: list[zmq.Frame]) -> Any:
    return np.frombuffer(parts[-1].buffer, DTYPE).reshape(-1, SHAPE[1])


def _check(array: Any) -> None:
    """Look at its ends, as somebody does who has it whole."""
    if array.shape[1] != SHAPE[1] or array[0, 0] != array[-1, -1]:
        raise AssertionError(f"an array of shape {array.shape} from {array[0, 0]} to {array[-1, -1]}")


def measure(effort: Effort) -> list[Row]:
    """Gigabytes per second, against the same frames that nobody copies on purpose."""
    rows = effort.count(SHAPE[0], least=2)
    gigabytes = rows * SHAPE[1] * np.dtype(DTYPE).itemsize / 1e9
    gets, count = effort.count(GETS), effort.count(PUBLISHED)
    with ExitStack() as stack:
        enter = stack.enter_context
        daemon, viewer = enter(Child(Camera, rows)), enter(Child(Viewer, "image"))
        request, broadcast = request_of("image", "get"), broadcast_of(daemon, "image")
        server = enter(Child(BareCamera, replies_to(daemon.ask("addresses")[0], request)))
        bare_rep, bare_pub = server.ask("addresses")
        bare = enter(Child(BareViewer, bare_rep, request))
        fetched = effort.interleave(
            bare=lambda: gigabytes * bare.ask("fetch", gets),
            ours=lambda: gigabytes * viewer.ask("fetch", gets),
        )
        viewer.ask("register")
        listener = enter(Child(BareListener, bare_pub, broadcast[0]))
        time.sleep(SETTLE_S)
        ours_side, bare_side = Side(daemon, viewer, "image"), Side(server, listener, broadcast)
        published = effort.times(3).interleave(
            bare=lambda: gigabytes * bare_side.rate(count), ours=lambda: gigabytes * ours_side.rate(count)
        )
    work, unit, target = f"array of {gigabytes * 1e9 / 2**20:.0f} MiB", "GB/s", AtLeast(0.85)
    faults = [*ours_side.faults, *bare_side.faults]
    return [
        Row("S8", f"{work}, GET", unit, target, fetched["ours"], fetched["bare"]),
        Row("S8", f"{work}, published", unit, target, published["ours"], published["bare"], faults=faults),
    ]
