"""E3: ten devices, and something is the matter with one."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from mktl.testing import Served, serve
from tests.trust.files import LINES, TEXT

POLL_S = 0.05
DEVICES = 10


def ten(tmp_path: Path) -> Path:
    """A file with ten devices, each on a line of its own."""
    one = TEXT.format(line=LINES["tcp"])
    texts = [
        one.replace("links.box", f"links.box{n}")
        .replace("[items.temp]", f'[items.temp{n}]\nlink = "box{n}"')
        .replace("[items.name]", f'[items.name{n}]\nlink = "box{n}"')
        for n in range(DEVICES)
    ]
    path = tmp_path / "ten.toml"
    path.write_text("\n".join(texts))
    return path


class HalfOpen:
    """A port that is connected to and never read or answered, as that of a machine whose power went."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=8)

    def close(self) -> None:
        self._listener.close()


def mute(ten: Served) -> Callable[[], None]:
    ten.faults["box0"].mute()
    return ten.faults["box0"].unmute


def half_open(ten: Served) -> Callable[[], None]:
    server = ten.simulators["box0"].server
    server.unplug()
    nobody = HalfOpen(server.port)

    def end() -> None:
        nobody.close()
        server.plug()

    return end


def rebooting(ten: Served) -> Callable[[], None]:
    ten.faults["box0"].at_random({"reset": 1.0})
    return ten.faults["box0"].clear


def polls(ten: Served, seconds: float) -> tuple[list[int], list[float]]:
    """Exchanges of each of the nine in this time, and the jitter of their readings, seconds."""
    temps = [ten.daemon.items[f"temp{n}"] for n in range(1, DEVICES)]
    before = [len(ten.received(f"box{n}")) for n in range(1, DEVICES)]
    seen: list[list[float]] = [[] for _ in temps]
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        for times, item in zip(seen, temps, strict=True):
            if not times or item.sampled != times[-1]:
                times.append(item.sampled)
        time.sleep(0.002)
    counts = [len(ten.received(f"box{n}")) - was for n, was in zip(range(1, DEVICES), before, strict=True)]
    gaps = [abs(b - a - POLL_S) for times in seen for a, b in pairwise(times)]
    return counts, gaps


@pytest.mark.parametrize("trouble", [mute, half_open, rebooting])
@pytest.mark.parametrize("seconds", [1.0, pytest.param(30.0, marks=pytest.mark.soak)])
@pytest.mark.timeout(300)
def test_e3_nine_devices_go_on_as_if_nothing_were_the_matter_with_the_tenth(
    tmp_path: Path, trouble, seconds: float
) -> None:
    with serve(ten(tmp_path), speed=0.0) as served:
        served.wait_until_read()
        usual, _ = polls(served, seconds)
        end = trouble(served)
        try:
            served.wait_for(lambda: served["temp0"].status not in ("ok", "simulated"))
            meanwhile, jitter = polls(served, seconds)
            took_s = []
            for n in range(1, DEVICES):
                began_s = time.monotonic()
                served[f"name{n}"].set(f"n{n}")
                took_s.append(time.monotonic() - began_s)
                assert served[f"name{n}"].value == f"n{n}"
        finally:
            end()
        served.wait_for(lambda: served["temp0"].status in ("ok", "simulated"), 10)
    # A machine with other work delays a few; what one device does to nine would delay all.
    assert sum(meanwhile) >= 0.9 * sum(usual)
    assert statistics.median(took_s) < 0.05
    assert statistics.quantiles(jitter, n=20)[17] < 0.05
