"""How much of what a line itself allows comes through: `make bench`, or pytest -m bench -s."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial
from mktl_drivers import SerialLink, TcpLink, TextLink
from mktl_drivers.reading import Reading, Source

from tests.conftest import wait_for

ROUNDS, SECONDS = 5, 0.4
ITEMS = {
    "one": {"get": "KRDG? A", "reply": "{:f}"},
    "two": {"get": "KRDG? B", "reply": "{:f}"},
}


@pytest.fixture(params=["pty", "tcp"])
def kind(request) -> str:
    return str(request.param)


@pytest.fixture(params=[0.0, 0.001], ids=["at once", "after 1 ms"])
def where(request, kind) -> Iterator[str]:
    """Where a line of this kind is, to a device in a process of its own."""
    command = [sys.executable, str(Path(__file__).parent / "quick_device.py"), kind, str(request.param)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def bare(kind: str, where: str) -> tuple[Callable[[], object], Callable[[], None]]:
    """One exchange with nothing around it, and what ends it."""
    if kind == "pty":
        port = serial.Serial(where, 57600, timeout=1.0)

        def by_port() -> None:
            port.write(b"KRDG? A\n")
            got = b""
            while not got.endswith(b"\r\n"):
                got += port.read(port.in_waiting or 1)

        return by_port, port.close
    connection = socket.create_connection(("127.0.0.1", int(where)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def by_socket() -> None:
        connection.sendall(b"KRDG? A\n")
        got = b""
        while not got.endswith(b"\r\n"):
            got += connection.recv(4096)

    return by_socket, connection.close


def rate_of(exchange: Callable[[], object]) -> float:
    count, begun_s = 0, time.perf_counter()
    while time.perf_counter() < begun_s + SECONDS:
        exchange()
        count += 1
    return count / (time.perf_counter() - begun_s)


def rate_of_polls(link: TextLink, one: Source, two: Source) -> float:
    """Two queries, each due again as soon as the other has been answered; all answers are published."""
    done, end_s = threading.Event(), time.perf_counter() + SECONDS

    def then(ask: Callable[[], Reading], other: Source) -> Callable[[], Reading]:
        def asking() -> Reading:
            reading = ask()
            if time.perf_counter() < end_s:
                other.tick()
            else:
                done.set()
            return reading

        return asking

    one.ask, two.ask, asks = then(one.ask, two), then(two.ask, one), (one.ask, two.ask)
    before, begun_s = link.exchanges, time.perf_counter()
    one.tick()
    assert done.wait(10 * SECONDS)
    rate = (link.exchanges - before) / (time.perf_counter() - begun_s)
    one.ask, two.ask = asks
    return rate


def link_to(kind: str, where: str) -> TextLink:
    if kind == "pty":
        return SerialLink.from_settings("dev", port=where, baudrate=57600, reply_end=b"\r\n", exclusive=False)
    return TcpLink.from_settings("dev", host="127.0.0.1", port=int(where), reply_end=b"\r\n")


@pytest.mark.bench
def test_exchanges_per_second_against_the_bare_line(kind, where, serve) -> None:
    link = link_to(kind, where)
    items = serve(link, **ITEMS)
    wait_for(lambda: all(items[key].status == "ok" for key in ITEMS))
    one, two = (items[key].source for key in ITEMS)
    rates: dict[str, list[float]] = {"bare": [], "polls": [], "refreshes": []}
    for _ in range(ROUNDS):
        exchange, end = bare(kind, where)
        rates["bare"].append(rate_of(exchange))
        end()
        rates["polls"].append(rate_of_polls(link, one, two))
        rates["refreshes"].append(rate_of(one.refresh))
    medians = {what: statistics.median(measured) for what, measured in rates.items()}
    for what, median in medians.items():
        print(f"{kind} {what:>9}: {median:8.0f} exchanges/s, {median / medians['bare']:.2f} of bare")
