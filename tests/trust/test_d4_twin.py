"""D4: a second daemon of the same store and name does not start, and does the first no harm."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import wait_for
from tests.trust.nursery import Child, Nursery
from tests.trust.rawwire import RawWire, raw_wire

SOAK = [pytest.mark.soak, pytest.mark.timeout(600)]
EXIT_S = 2.0
ITEMS = {"kept": {"type": "numeric", "persist": True, "initial": 1}, "slow": {"type": "numeric"}}
OTHER_ITEMS = {"other": {"type": "numeric", "initial": 5}}
OWN = """
import threading
import mktl

class Slow(mktl.Item):
    def req_set(self, request):
        threading.Event().wait(0.05)

class Daemon(mktl.Daemon):
    def setup(self):
        self.add_item(Slow, "slow")
"""


@contextmanager
def idle(first: Child, wire: RawWire) -> Iterator[None]:
    yield


@contextmanager
def busy(first: Child, wire: RawWire) -> Iterator[None]:
    """Everything that it has been asked for is still to be answered."""
    waiting = {wire.send("SET", "lab.slow", value=number) for number in range(2)}
    waiting |= {wire.send("SET", "lab.kept", value=1) for _ in range(500)}
    yield
    while waiting:
        answer = wire.next_rep(10)
        assert answer is not None
        assert "error" not in answer[1]
        waiting.remove(answer[0])


@contextmanager
def stopped(first: Child, wire: RawWire) -> Iterator[None]:
    first.send(signal.SIGSTOP)
    state = Path(f"/proc/{first.pid}/stat")
    wait_for(lambda: state.read_text().rpartition(")")[2].split()[0] == "T")
    yield
    first.send(signal.SIGCONT)


Doing = Callable[[Child, RawWire], "Iterator[None]"]


@pytest.mark.parametrize("starts", [20, pytest.param(300, marks=SOAK)])
def test_d4_a_twin_says_where_the_first_one_runs_and_leaves_it_alone(
    starts: int, nursery: Nursery, tmp_path: Path
) -> None:
    file, other_file = tmp_path / "items.json", tmp_path / "other.json"
    file.write_text(json.dumps(ITEMS))
    other_file.write_text(json.dumps(OTHER_ITEMS))
    first = nursery.markd("lab", "one", "-c", file, "-m", "own", module=OWN)
    ports = first.ports
    with raw_wire(ports[0]) as wire:
        block = wire.ask("GET", "lab._onecat")["value"]
        for start in range(starts):
            with (idle, busy, stopped)[start % 3](first, wire):
                begun_s = time.monotonic()
                twin = nursery.markd("lab", "one", *(("-c", other_file) if start % 2 else ()))
                assert twin.wait() == 1
                assert time.monotonic() - begun_s < EXIT_S
            (line,) = twin.said.splitlines()
            assert line.startswith(f"markd: lab one runs already: pid {first.pid} on ")
            assert line.endswith(f", ports {ports[0]} and {ports[1]}")
            assert wire.ask("GET", "lab.kept")["value"] == 1
            assert wire.ask("GET", "lab._onecat")["value"] == block
    first.stop()
    assert first.code == 0
    again = nursery.markd("lab", "one", "-m", "own")
    assert again.ports == ports
    with raw_wire(ports[0]) as wire:
        assert wire.ask("GET", "lab.kept")["value"] == 1


def test_d4_a_twin_with_a_home_of_its_own_is_found_by_calling(nursery: Nursery, tmp_path: Path) -> None:
    file = tmp_path / "items.json"
    file.write_text(json.dumps(ITEMS))
    first = nursery.markd("lab", "one", "-c", file)
    ports = first.ports
    twin = nursery.markd("lab", "one", "-c", file, home=tmp_path / "elsewhere")
    assert twin.wait() == 1
    assert f":{ports[0]} (found by calling the network)" in twin.said
    with raw_wire(ports[0]) as wire:
        assert wire.ask("GET", "lab.kept")["value"] == 1


def test_d4_a_twin_that_comes_while_the_first_one_starts_is_refused_with_its_pid(
    nursery: Nursery, tmp_path: Path
) -> None:
    file = tmp_path / "items.json"
    file.write_text(json.dumps(ITEMS))
    module = "import mktl\nclass Daemon(mktl.Daemon):\n    def setup(self):\n" + (
        "        print('setting up', flush=True)\n        __import__('threading').Event().wait(0.5)\n"
    )
    first = nursery.markd("lab", "one", "-c", file, "-m", "own", module=module)
    wait_for(lambda: "setting up" in first.said)
    twin = nursery.markd("lab", "one")
    assert twin.wait() == 1
    assert f"runs already: pid {first.pid} on " in twin.said
    assert "which is starting" in twin.said
    assert first.ports
