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
from typing import Any

import pytest
import serial
from mktl_drivers import SerialLink, TcpLink, TextLink
from mktl_drivers.jobs import Priority

from tests.conftest import wait_for

ROUNDS, EXCHANGES = 5, 3000
ITEMS = {
    "one": {"get": "KRDG? A", "reply": "{:f}"},
    "two": {"get": "KRDG? B", "reply": "{:f}"},
}


@pytest.fixture(params=["pty", "tcp"])
def line(request) -> Iterator[tuple[str, str]]:
    """The kind of a line and where it is; the device is in a process of its own."""
    command = [sys.executable, str(Path(__file__).parent / "quick_device.py"), request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield request.param, process.stdout.readline().strip()
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
    begun_s = time.perf_counter()
    for _ in range(EXCHANGES):
        exchange()
    return EXCHANGES / (time.perf_counter() - begun_s)


def rate_of_polls(link: Any, items: dict[str, Any]) -> float:
    """Two queries, each asked as soon as the other has been answered, parsed and published."""
    one, two = (items[key].source for key in ITEMS)
    done, end = threading.Event(), link.exchanges + EXCHANGES
    takes = {}

    def go_on(item: Any, other: Any) -> None:
        take = takes[item.key] = item.take

        def taking(reading: Any) -> None:
            take(reading)
            done.set() if link.exchanges >= end else other.tick()

        item.take = taking

    go_on(items["one"], two)
    go_on(items["two"], one)
    begun_s = time.perf_counter()
    one.tick()
    assert done.wait(60.0)
    rate = EXCHANGES / (time.perf_counter() - begun_s)
    for key, take in takes.items():
        items[key].take = take
    return rate


def link_to(kind: str, where: str) -> TextLink:
    if kind == "pty":
        return SerialLink.from_settings("dev", port=where, baudrate=57600, reply_end=b"\r\n", exclusive=False)
    return TcpLink.from_settings("dev", host="127.0.0.1", port=int(where), reply_end=b"\r\n")


@pytest.mark.bench
def test_exchanges_per_second_against_the_bare_line(line, serve) -> None:
    kind, where = line
    link = link_to(kind, where)
    items = serve(link, **ITEMS)
    wait_for(lambda: all(items[key].status == "ok" for key in ITEMS))
    source = items["one"].source
    rates: dict[str, list[float]] = {"bare": [], "polls": [], "refreshes": []}
    for _ in range(ROUNDS):
        exchange, end = bare(kind, where)
        rates["bare"].append(rate_of(exchange))
        end()
        rates["polls"].append(rate_of_polls(link, items))
        rates["refreshes"].append(
            rate_of(lambda: link.jobs.submit(source.read, Priority.REFRESH, source).result())
        )
    medians = {what: statistics.median(measured) for what, measured in rates.items()}
    for what, median in medians.items():
        print(f"{kind} {what:>9}: {median:8.0f} exchanges/s, {median / medians['bare']:.2f} of bare")
