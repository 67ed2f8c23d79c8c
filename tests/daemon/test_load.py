"""Many at once: items, requests, hooks that hang, and what is no message."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time

import pytest
import zmq

import mktl
from mktl.protocol.client import client
from mktl.protocol.message import Payload, Request
from tests.conftest import wait_for

MANY_THREADS = 20


class Counter(mktl.Item):
    """Another value with each poll."""

    def req_refresh(self):
        return {"value": (self.value or 0) + 1, "time": time.time()}


class Polled(mktl.Daemon):
    def setup(self) -> None:
        for key in self.arguments:
            self.add_item(Counter, key).poll(1.0)


CLIENT = """
import json, threading, mktl
store = mktl.get("lab")
keys = [key for key in store.keys() if key.startswith("n")]
updated, everything = set(), threading.Event()
def changed(item, value, time):
    updated.add(item.key)
    if len(updated) == len(keys):
        everything.set()
for key in keys:
    store[key].register(changed)
assert everything.wait(60), len(updated)
print(json.dumps({"items": len(keys), "threads": threading.active_count()}))
mktl.close()
"""


def watched_and_polled(make_daemon, count: int) -> None:
    keys = [f"n{n}" for n in range(count)]
    make_daemon(items={key: {"type": "numeric"} for key in keys}, daemon_class=Polled, arguments=keys)
    done = subprocess.run([sys.executable, "-c", CLIENT], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["items"] == count
    assert report["threads"] < MANY_THREADS
    assert threading.active_count() < MANY_THREADS


def test_two_thousand_items_polled_and_watched_need_few_threads(make_daemon) -> None:
    watched_and_polled(make_daemon, 2_000)


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_ten_thousand_items_polled_and_watched_need_few_threads(make_daemon) -> None:
    watched_and_polled(make_daemon, 10_000)


def test_with_every_hook_blocked_and_a_thousand_sets_waiting_acks_and_cached_gets_come_at_once(
    make_daemon,
) -> None:
    release = threading.Event()

    class Blocked(mktl.Item):
        def req_set(self, request):
            release.wait(30)

        def req_refresh(self):
            release.wait(30)

    class Only(mktl.Daemon):
        def setup(self) -> None:
            for n in range(50):
                self.add_item(Blocked, f"b{n}").poll(1.0)

    items = {**{f"b{n}": {"initial": n} for n in range(50)}, "plain": {"initial": "here"}}
    daemon = make_daemon(items=items, daemon_class=Only)
    address = f"tcp://127.0.0.1:{daemon.rep}"
    sets = [Request("SET", f"lab.b{n % 50}", Payload(n)) for n in range(1000)]
    try:
        for request in sets:
            client().send(address, request)
        took_s = []
        for n in range(300):
            begun_s = time.monotonic()
            answer = client().request(address, Request("GET", f"lab.b{n % 50}"), 5.0)
            took_s.append(time.monotonic() - begun_s)
            assert answer.value == n % 50
        # The middle one: a busy machine's hiccup is not the daemon's.
        assert sorted(took_s)[len(took_s) // 2] < 0.02
        assert not any(request.poll() for request in sets)  # all acknowledged, none given up, none answered
    finally:
        release.set()
    assert all(request.wait(10) is not None for request in sets)


def test_two_thousand_requests_in_flight_on_one_socket_are_all_answered(make_daemon) -> None:
    daemon = make_daemon()
    address = f"tcp://127.0.0.1:{daemon.rep}"
    for _ in range(3):
        requests = []
        for n in range(1000):
            requests.append(Request("SET", "lab.target", Payload(n % 300)))
            requests.append(Request("GET", "lab.temp"))
        for request in requests:
            client().send(address, request)
        answers = [request.wait(20) for request in requests]
        assert all(answer is not None for answer in answers)
        assert {answer.payload.value for answer in answers[1::2]} == {4.2}


def random_messages(random_: random.Random, count: int):
    """Multipart messages that are mKTL to a varying degree."""
    heads = [b"a", b"m", b"a", b"z", b""]
    types = [b"GET", b"SET", b"ACK", b"REP", b"HASH", b"CONFIG", b"PUB", b"\xff"]
    targets = [
        b"lab.temp",
        b"lab.image",
        b"lab._catalog",
        b"_hash",
        b"lab.",
        b".",
        b"../x",
        b"\xff\xfe",
        b"x" * 300,
    ]
    payloads = [
        b"",
        b"{}",
        b'{"value": 1}',
        b'{"value": NaN}',
        b"{",
        b"[1]",
        b'{"shape": [9], "dtype": "O"}',
        b"\x81",
    ]
    for _ in range(count):
        parts = [
            random_.choice(heads),
            random_.randbytes(random_.choice((0, 4, 8))),
            random_.choice(types),
            random_.choice(targets),
            random_.choice([b"", b"\x00", b"\x01", b"\x03", b"\xff" * 9, b"{}"]),
            random_.choice(payloads),
            random_.randbytes(random_.choice((0, 5, 100))),
        ]
        yield parts[: random_.choice((1, 2, 3, 5, 6, 6, 6, 7, 7))]


def bombard(make_daemon, count: int) -> None:
    daemon = make_daemon()
    threads = threading.active_count()
    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.set_hwm(0)
    socket.connect(f"tcp://127.0.0.1:{daemon.rep}")
    try:
        for n, parts in enumerate(random_messages(random.Random(20), count)):
            socket.send_multipart(parts)
            while n % 50 == 49 and socket.poll(0):
                socket.recv_multipart()
        began_s = time.monotonic()
        assert (
            client().request(f"tcp://127.0.0.1:{daemon.rep}", Request("GET", "lab.temp"), 30, 30) is not None
        )
        wait_for(lambda: client().request(f"tcp://127.0.0.1:{daemon.rep}", Request("GET", "lab.temp"), 5))
        assert time.monotonic() - began_s < 30
    finally:
        socket.close()
        context.term()
    assert threading.active_count() <= threads + 5  # callbacks' and items' workers, which end by themselves


def test_ten_thousand_random_messages_harm_nobody(make_daemon) -> None:
    bombard(make_daemon, 10_000)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_million_random_messages_harm_nobody(make_daemon) -> None:
    bombard(make_daemon, 1_000_000)
