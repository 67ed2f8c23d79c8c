"""Bare pyzmq's side: one thread with blocking sockets, sending the very frames that mktl sends."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import zmq

from tests.bench.child import Child
from tests.bench.ours import wait_for

Frames = Sequence[bytes]

#: Without a limit, nothing is lost: how fast it can be is asked, not how it is made safe.
UNLIMITED = 0


class BareServer:
    """A ROUTER that answers every request with *replies*, and a PUB."""

    def __init__(self, replies: Sequence[Frames] = ()) -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._router = context.socket(zmq.ROUTER)
        self._pub = context.socket(zmq.PUB)
        for socket in (self._router, self._pub):
            socket.set_hwm(UNLIMITED)
        ports = [socket.bind_to_random_port("tcp://127.0.0.1") for socket in (self._router, self._pub)]
        self._addresses = tuple(f"tcp://127.0.0.1:{port}" for port in ports)
        # The main thread hears what it is told to do; this one is the side's.
        if replies:
            threading.Thread(target=self._serve, args=(replies,), daemon=True).start()

    def addresses(self) -> tuple[str, ...]:
        return self._addresses

    def _serve(self, replies: Sequence[Frames]) -> None:
        receive, send = self._router.recv_multipart, self._router.send_multipart
        # What follows the id is the same in every answer.
        tails = [(reply[0], reply[2:]) for reply in replies]
        while True:
            route, _, id, *_ = receive()
            for version, tail in tails:
                send([route, version, id, *tail])

    def publish(self, frames: Frames, count: int, period_s: float = 0.0) -> list[float]:
        """Send *frames* *count* times, as fast as may be or one each *period_s*; when each went out."""
        sent, send = [], self._pub.send_multipart
        for _ in range(count):
            if period_s:
                time.sleep(period_s)
            sent.append(time.monotonic())
            send(frames)
        return sent


class BareClient:
    """A DEALER that sends *request*, and waits for all of its replies."""

    def __init__(self, address: str, request: Frames) -> None:
        self._request = request
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.set_hwm(UNLIMITED)
        self._socket.connect(address)

    def blocking(self, duration_s: float) -> float:
        """Exchanges per second, one after the other."""
        send, receive, request = self._socket.send_multipart, self._socket.recv_multipart, self._request
        count, begun_s = 0, time.perf_counter()
        while time.perf_counter() - begun_s < duration_s:
            send(request)
            while receive()[2] != b"REP":
                pass
            count += 1
        return count / (time.perf_counter() - begun_s)

    def in_flight(self, duration_s: float, depth: int) -> float:
        """Exchanges per second, *depth* of them under way at a time."""
        send, receive, request = self._socket.send_multipart, self._socket.recv_multipart, self._request
        count, begun_s = 0, time.perf_counter()
        while time.perf_counter() - begun_s < duration_s:
            for _ in range(depth):
                send(request)
            for _ in range(depth):
                while receive()[2] != b"REP":
                    pass
            count += depth
        return count / (time.perf_counter() - begun_s)

    def replies(self) -> list[list[bytes]]:
        """The frames that one request is answered with."""
        self._socket.send_multipart(self._request)
        replies = [self._socket.recv_multipart()]
        while replies[-1][2] != b"REP":
            replies.append(self._socket.recv_multipart())
        return replies


class BareSubscriber:
    """A SUB on one thread, and when each message came."""

    def __init__(self, address: str, *topics: bytes) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self._socket.set_hwm(UNLIMITED)
        for topic in topics:
            self._socket.subscribe(topic)
        self._socket.connect(address)
        self.heard: list[tuple[list[bytes], float]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        receive, heard = self._socket.recv_multipart, self.heard
        while True:
            heard.append((receive(), time.monotonic()))

    def forget(self) -> None:
        self.heard.clear()

    def wait_for(self, count: int) -> list[tuple[Any, float]]:
        return wait_for(self.heard, count)


@contextlib.contextmanager
def bare_pair(request: Frames, replies: Sequence[Frames]) -> Iterator[tuple[Child, Child]]:
    """A client that sends *request*, and the server that answers with *replies*."""
    with (
        Child(BareServer, replies) as server,
        Child(BareClient, server.ask("addresses")[0], request) as client,
    ):
        yield client, server
