"""C2: clients are up to date soon after their daemon, or the way to it, is back."""

from __future__ import annotations

import contextlib
import copy
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import mktl
from mktl.config import local
from mktl.store import Store
from tests.conftest import free_port, wait_for
from tests.trust.cable import Cable
from tests.trust.nursery import Child, Nursery
from tests.trust.rawwire import raw_wire

SOAK = [pytest.mark.soak, pytest.mark.timeout(600)]
KEYS = [f"n{n}" for n in range(20)]
CUT_S = 0.15


class Generations:
    """The daemon `lab.one`, which is killed and started again with other values each time."""

    def __init__(self, nursery: Nursery, directory: Path) -> None:
        self._nursery = nursery
        self._file = directory / "items.json"
        self._child: Child | None = None
        self.value = 0
        self.move()

    def move(self) -> None:
        """Have the next one take other ports."""
        uuid = local.daemon_uuid("lab", "one")
        local.save_ports("lab", uuid, free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM))

    def next(self) -> tuple[int, int]:
        """The ports of one more."""
        if self._child is not None:
            self._child.stop(signal.SIGKILL)
        self.value += 1
        items = {key: {"type": "numeric", "initial": self.value} for key in KEYS}
        self._file.write_text(json.dumps(items))
        self._child = self._nursery.markd("lab", "one", "-c", self._file)
        return self._child.ports


@pytest.fixture
def daemons(nursery: Nursery, tmp_path) -> Generations:
    return Generations(nursery, tmp_path)


def assert_current(items: list[mktl.Item], value: float, within_s: float) -> None:
    begun_s = time.monotonic()
    wait_for(lambda: all((item.value, item.status) == (value, "ok") for item in items))
    assert time.monotonic() - begun_s < within_s


@pytest.mark.parametrize("times", [3, pytest.param(20, marks=SOAK)])
def test_c2_no_item_has_an_old_value_two_seconds_after_a_restart_on_the_same_ports(daemons, times) -> None:
    ports = daemons.next()
    items = [mktl.get(f"lab.{key}") for key in KEYS]
    for _ in range(times):
        assert daemons.next() == ports
        assert_current(items, daemons.value, within_s=2.0)


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=SOAK)])
def test_c2_items_follow_their_daemon_to_other_ports_within_five_seconds(daemons, times) -> None:
    ports = daemons.next()
    items = [mktl.get(f"lab.{key}") for key in KEYS]
    for _ in range(times):
        daemons.move()
        former, ports = ports, daemons.next()
        assert ports != former
        assert_current(items, daemons.value, within_s=5.0)


@pytest.mark.parametrize("times", [5, pytest.param(20, marks=SOAK)])
def test_c2_a_change_while_the_link_is_cut_for_a_moment_is_known_two_seconds_later(daemons, times) -> None:
    ports = daemons.next()
    with contextlib.ExitStack() as stack:
        cables = [Cable(port) for port in ports]
        for cable in cables:
            stack.callback(cable.close)
        stack.callback(mktl.close)
        store = reached_by(cables)
        items = [store[key] for key in KEYS]
        wire = stack.enter_context(raw_wire(ports[0]))
        for n in range(1, times + 1):
            for cable in cables:
                cable.cut()
            for key in KEYS:
                wire.ask("SET", f"lab.{key}", value=1000 * n)
            time.sleep(CUT_S)
            for cable in cables:
                cable.mend()
            assert_current(items, 1000 * n, within_s=2.0)


class Slow(mktl.Item):
    """A set begins, and ends when it is told to."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.begun, self.go_on = threading.Event(), threading.Event()

    def req_set(self, request) -> None:
        self.begun.set()
        assert self.go_on.wait(10)
        self.publish(request.payload["value"])


class Slowly(mktl.Daemon):
    def setup(self) -> None:
        self.add_item(Slow, "target")


class Cabled:
    """A daemon of this process, and an item of it at the far end of two cables, which is up to date."""

    def __init__(self, daemon: mktl.Daemon, stack: contextlib.ExitStack) -> None:
        self.of_daemon = daemon.items["target"]
        self.requests, self.broadcasts = cables = [Cable(port) for port in (daemon.rep, daemon.pub)]
        for cable in cables:
            stack.callback(cable.close)
        stack.callback(mktl.close)
        self.item = reached_by(cables)["target"]
        self.of_daemon.publish(1.0)
        wait_for(lambda: (self.item.value, self.item.status) == (1.0, "ok"))

    def lose(self, *cables: Cable) -> None:
        for cable in cables:
            cable.cut()
        wait_for(lambda: self.item.status == "stale")


@pytest.fixture
def cabled(make_daemon) -> Iterator[Cabled]:
    with contextlib.ExitStack() as stack:
        yield Cabled(make_daemon(daemon_class=Slowly), stack)


def test_c2_what_is_answered_before_broadcasts_can_come_is_good_once_and_then_read_again(cabled) -> None:
    cabled.lose(cabled.requests, cabled.broadcasts)
    cabled.of_daemon.publish(2.0)
    cabled.requests.mend()
    assert cabled.item.get(refresh=True, stale="raise") == 2.0
    assert cabled.item.status == "stale"  # nobody would say that it has changed
    cabled.of_daemon.publish(3.0)
    cabled.broadcasts.mend()
    assert_current([cabled.item], 3.0, within_s=2.0)


def test_c2_the_answer_to_a_set_that_outlives_the_way_for_broadcasts_ends_no_suspicion(cabled) -> None:
    with ThreadPoolExecutor(1) as other:
        setting = other.submit(cabled.item.set, 2.0)
        assert cabled.of_daemon.begun.wait(10)
        cabled.lose(cabled.broadcasts)
        cabled.of_daemon.go_on.set()
        setting.result(10)
    assert (cabled.item.value, cabled.item.status) == (2.0, "stale")
    cabled.of_daemon.publish(3.0)
    cabled.broadcasts.mend()
    assert_current([cabled.item], 3.0, within_s=2.0)


def reached_by(cables: list[Cable]) -> Store:
    """The store of the daemon at the far end of its *cables*."""
    [block] = mktl.get("lab").blocks.values()
    moved = copy.deepcopy(dict(block))
    moved["provenance"][0].update(hostname="127.0.0.1", rep=cables[0].port, pub=cables[1].port)
    store = Store("lab")
    store.add_block(moved)
    return store
