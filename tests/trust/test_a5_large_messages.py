"""A5: what is too large, and who never reads."""

from __future__ import annotations

import json
import signal
from statistics import median

import numpy as np
import pytest

import mktl
from tests.conftest import wait_for
from tests.trust.conftest import get, quantile, timed_get
from tests.trust.served import peak_mb, rss_mb

MB = 2**20


@pytest.mark.parametrize(("count", "size_mb"), [(3, 70), pytest.param(3, 200, marks=pytest.mark.soak)])
def test_a5_frames_that_are_too_large_cost_the_daemon_nothing(serve, wire, count, size_mb) -> None:
    served = serve()
    address = mktl.get("lab.temp").store.address("temp")
    before = rss_mb(served.pid)
    took_s = []
    for _ in range(count):
        sender = wire(address)
        sender.send(b"a", b"1", b"SET", b"lab.temp", b"", bytes(size_mb * MB))
        value, second = timed_get(address)
        assert value == 4.2
        took_s.append(second)
    assert median(took_s) < 0.1  # one may meet a hiccup of a busy machine
    assert max(took_s) < 1.0
    assert rss_mb(served.pid) < before + 80


@pytest.mark.parametrize("count", [150, pytest.param(600, marks=pytest.mark.soak)])
def test_a5_who_asks_for_much_and_never_reads_is_told_so_and_costs_little(serve, wire, count) -> None:
    served = serve()
    image = mktl.get("lab.image")
    image.set(np.zeros(MB, np.uint8))
    address = image.store.address("temp")
    before = rss_mb(served.pid)
    greedy = wire(address, rcvhwm=1, rcvbuf=4096)
    took_s = []
    for n in range(count):
        greedy.send(*get("lab.image", b"%d" % n))
        if n % 10 == 0:  # each answer would have bytes of its own
            image.set(np.full(MB, n % 256, np.uint8))
            took_s.append(timed_get(address)[1])
    assert quantile(took_s, 0.9) < 0.1
    assert max(took_s) < 1.0
    assert rss_mb(served.pid) < before + 100
    answers = [greedy.receive(10) for _ in range(count)]
    refused = [json.loads(answer[5])["error"] for answer in answers if b"error" in answer[5]]
    assert {answer[1] for answer in answers} == {b"%d" % n for n in range(count)}  # each got its one answer
    assert len(refused) >= count - 64 - 20  # what is on its way in buffers does not wait here
    assert refused[0]["type"] == "BusyError"
    assert "MKTL_MAX_ANSWERS_MB" in refused[0]["text"]
    greedy.send(*get("lab.image", b"again"))
    assert len(greedy.receive()[6]) == MB


def test_a5_many_small_answers_to_one_who_never_reads_are_limited_in_bytes_as_well(serve, wire) -> None:
    few = {"MKTL_MAX_ANSWERS_MB": "8"}
    served = serve({"temp": {"initial": 4.2}, "note": {"initial": "x" * 30_000}}, environment=few)
    address = mktl.get("lab.temp").store.address("temp")
    before = rss_mb(served.pid)
    greedy = wire(address, rcvhwm=1, rcvbuf=4096)
    count = 1500  # 45 MB, and fewer than may wait by their number
    for n in range(count):
        greedy.send(*get("lab.note", b"%d" % n))
    wait_for(lambda: timed_get(address)[1] < 0.1)
    answers = [greedy.receive(10) for _ in range(count)]
    assert peak_mb(served.pid) < before + 30
    assert {answer[1] for answer in answers} == {b"%d" % n for n in range(count)}
    assert [answer for answer in answers if b"MKTL_MAX_ANSWERS_MB" in answer[5]]
    greedy.send(*get("lab.note", b"again"))
    assert len(greedy.receive()[5]) > 30_000


def test_a5_answers_to_one_who_never_reads_are_limited_in_number_too(serve, wire) -> None:
    served = serve(environment={"MKTL_MAX_ANSWERS": "100"})
    address = mktl.get("lab.temp").store.address("temp")
    greedy = wire(address, rcvhwm=1, rcvbuf=4096)
    for n in range(30_000):
        greedy.send(*get("lab.temp", b"%d" % n))
    assert timed_get(address)[0] == 4.2
    wait_for(lambda: timed_get(address)[1] < 0.1)
    assert "100 answers wait for a client that reads none" in served.end(signal.SIGTERM)
