"""A4: what arrives on the UDP ports by mistake, or not by mistake."""

from __future__ import annotations

import random
import socket
import threading
import time

import pytest

import mktl
from mktl.protocol.discover import ANSWER, call, udp_ports


def datagrams(count: int):
    choose = random.Random(4)
    for _ in range(count):
        head = choose.choice([b"", b"I heard it", ANSWER, ANSWER[:5], b"E komo mai", b"\xff\xfe"])
        yield head + choose.randbytes(choose.choice((0, 1, 5, 200, 1400)))


@pytest.mark.parametrize("count", [500, pytest.param(5000, marks=pytest.mark.soak)])
def test_a4_garbage_calls_and_answers_harm_neither_a_daemon_nor_a_search(make_daemon, caplog, count) -> None:
    daemon = make_daemon()
    stop = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        liar.bind(("127.0.0.1", udp_ports()[0]))  # where a search asks for registries
        for datagram in datagrams(count):
            liar.sendto(datagram, ("127.0.0.1", udp_ports()[1]))
        liar.settimeout(5.0)

        def lie() -> None:
            try:
                _, whom = liar.recvfrom(2000)
                for datagram in datagrams(count):
                    if stop.is_set():
                        return
                    liar.sendto(datagram, whom)
            except OSError:
                pass

        thread = threading.Thread(target=lie)
        thread.start()
        try:
            began_s = time.monotonic()
            call([udp_ports()[0]], 1.0, ["127.0.0.1"], enough=1000)
            assert time.monotonic() - began_s <= 1.2
        finally:
            stop.set()
            thread.join()
    assert call([udp_ports()[1]], 5.0, enough=1) == [("127.0.0.1", daemon.rep)]
    assert mktl.get("lab.temp").value == 4.2
    assert not [record for record in caplog.records if record.exc_info]
