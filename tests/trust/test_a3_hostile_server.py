"""A3: a client whose daemon has gone mad."""

from __future__ import annotations

import json
import random
import threading
import time

import pytest
import zmq

import mktl
from mktl.config import cache
from mktl.config.block import items_hash, make_block
from mktl.errors import MktlError
from tests.conftest import wait_for

UUID = "0123456789abcdef0123456789abcdef"
ITEMS = {"temp": {"type": "numeric"}}


class Mad:
    """Serves the store's catalog as it should, and anything else as *answers* says."""

    def __init__(self) -> None:
        self.context = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.pub = self.context.socket(zmq.PUB)
        for socket in (self.router, self.pub):
            socket.linger = 0
            socket.set_hwm(0)
        self.rep = self.router.bind_to_random_port("tcp://127.0.0.1")
        port = self.pub.bind_to_random_port("tcp://127.0.0.1")
        self.block = make_block(
            "lab", "one", UUID, ITEMS, hostname="127.0.0.1", rep=self.rep, pub=port, time=1.0
        )
        del self.block["provenance"][0]["encodings"]  # it speaks JSON alone
        self.block["hash"] = items_hash(ITEMS)
        #: From the frames of a request to those of the answers.
        self.answers = sane
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        while not self.stop.is_set():
            if not self.router.poll(20):
                continue
            route, *parts = self.router.recv_multipart()
            for answer in self.catalog(parts) or self.answers(parts):
                self.router.send_multipart([route, *answer])

    def catalog(self, parts: list[bytes]) -> list[list[bytes]]:
        known = {b"lab._hash": {"lab": {UUID: self.block["hash"]}}, b"lab._catalog": {UUID: self.block}}
        if parts[3] not in known:
            return []
        return [[b"a", parts[1], b"REP", b"", b"", json.dumps({"value": known[parts[3]]}).encode()]]

    def broadcast(self, *parts: bytes) -> None:
        self.pub.send_multipart(parts)

    def close(self) -> None:
        self.stop.set()
        self.thread.join()
        self.context.destroy(0)


def sane(parts: list[bytes]) -> list[list[bytes]]:
    return [[b"a", parts[1], b"REP", b"", b"", b'{"value": 1.5, "time": 1.0}']]


@pytest.fixture
def mad(home):
    mad = Mad()
    cache.save(mad.block)
    yield mad
    mktl.close()
    mad.close()


BROADCASTS: list[list[bytes]] = [
    [],
    [b""],
    [b"a"],
    [b"a", b"{}", b"", b"", b""],
    [b"q", b'{"value": 2}'],
    [b"a", b"{"],
    [b"a", b"[]"],
    [b"a", b'{"time": "noon", "value": 3}'],
    [b"a", b'{"value": 3, "time": null, "status": 7, "severity": [], "reason": {}}'],
    [b"a", b'{"value": ' + b"[" * 2000 + b"]" * 2000 + b"}"],
    [b"a", b'{"shape": [3], "dtype": "nonsense"}', b"123"],
    [b"a", b'{"shape": [-3], "dtype": "f8"}', b"123"],
    [b"a", b'{"shape": "wide", "dtype": "f8"}', b"123"],
    [b"a", b'{"shape": [1000000000000], "dtype": "f8"}', b"123"],
    [b"m", b"\xc1"],
]


@pytest.mark.parametrize("count", [500, pytest.param(50_000, marks=pytest.mark.soak)])
def test_a3_the_receiving_thread_survives_what_is_no_broadcast(mad, caplog, count) -> None:
    item = mktl.get("lab.temp")
    heard: list[float] = []
    item.register(lambda item, value, timestamp: heard.append(value))
    choose = random.Random(3)
    for _ in range(count):
        mad.broadcast(b"lab.temp.", *choose.choice(BROADCASTS))
    mad.broadcast(b"lab.temp.", b"a", b'{"value": 76.0, "time": %f}' % time.time())
    wait_for(lambda: item.value == 76.0, deadline_s=10 + count / 500)  # those before it are taken apart first
    sent_s = time.monotonic()
    mad.broadcast(b"lab.temp.", b"a", b'{"value": 77.0, "time": %f}' % time.time())
    wait_for(lambda: item.value == 77.0)
    assert time.monotonic() - sent_s < 0.1
    wait_for(lambda: heard[-1] == 77.0)
    # Who reads the log learns of it, once.
    assert len([record for record in caplog.records if "was dropped" in record.getMessage()]) == 1


def replies(id: bytes) -> list[list[list[bytes]]]:
    return [
        [],
        [[b""]],
        [[b"a", id]],
        [[b"a", id, b"REP"]],
        [[b"a", id, b"PUB", b"", b"", b""]],
        [[b"q", id, b"REP", b"", b"", b"{}"]],
        [[b"a", b"another", b"REP", b"", b"", b'{"value": 9}']],
        [[b"a", id, b"REP", b"", b"", b"{"]],
        [[b"a", id, b"REP", b"", b"", b"[1]"]],
        [[b"a", id, b"REP", b"", b"", b'{"error": 5}']],
        [[b"a", id, b"REP", b"", b"", b'{"error": {"type": 5, "text": []}}']],
        [[b"a", id, b"REP", b"", b"", b'{"shape": [3], "dtype": "q9"}', b"1"]],
        [[b"a", id, b"ACK", b"", b"", b""]] * 3,
        [[b"m", id, b"REP", b"", b"", b"\xc1"]],
    ]


@pytest.mark.parametrize("rounds", [1, pytest.param(36, marks=pytest.mark.soak)])
@pytest.mark.timeout(600)
def test_a3_every_call_ends_by_its_timeout_and_the_next_good_answer_is_taken(mad, rounds) -> None:
    store = mktl.get("lab")
    item = store["temp"]
    address = store.address("temp")
    from mktl.protocol.client import client
    from mktl.protocol.message import Payload, Request

    for number in [*range(len(replies(b"")))] * rounds:
        mad.answers = lambda parts, number=number: replies(parts[1])[number]
        for kind in ("GET", "SET"):
            began_s = time.monotonic()
            request = Request(kind, "lab.temp", Payload(1.0) if kind == "SET" else Payload())
            try:
                client().request(address, request, 0.2, 0.1)
            except (MktlError, RuntimeError):
                pass
            assert time.monotonic() - began_s < 1.0, replies(b"1")[number]
            later = Request(kind, "lab.temp", Payload(1.0) if kind == "SET" else Payload())
            client().send(address, later)
            mad.answers = sane if number % 2 else mad.answers
    mad.answers = sane
    assert item.get(refresh=True) == 1.5
    answered = Request("GET", "lab.temp")
    client().send(address, answered)
    assert answered.wait(2).payload.value == 1.5
    # What was never answered is given up as overdue, and nothing of it is kept.
    pending = client()._asynchronous[address]._pending
    wait_for(lambda: not [request for request in pending.values() if not request.ack])
