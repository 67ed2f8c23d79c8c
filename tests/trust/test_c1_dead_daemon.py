"""C1: a daemon that is dead, or stands still, shows on the items of its clients."""

from __future__ import annotations

import json
import signal
import time

import pytest

import mktl
from tests.conftest import wait_for
from tests.trust.nursery import Child, Nursery

KEYS = [f"n{n}" for n in range(50)]


@pytest.fixture
def child(nursery: Nursery, tmp_path) -> Child:
    file = tmp_path / "items.json"
    file.write_text(json.dumps({key: {"type": "numeric", "initial": 4.2} for key in KEYS}))
    child = nursery.markd("lab", "one", "-c", file)
    assert child.ports
    return child


@pytest.mark.parametrize(("number", "within_s"), [(signal.SIGKILL, 1.0), (signal.SIGSTOP, 3.0)])
def test_c1_all_items_of_a_client_are_stale_soon_after_their_daemon_was_killed_or_stopped(
    child, number, within_s
) -> None:
    items = [mktl.get(f"lab.{key}") for key in KEYS]
    assert {(item.value, item.status) for item in items} == {(4.2, "ok")}
    before = [item.reading for item in items]
    child.send(number)
    begun_s = time.monotonic()
    wait_for(lambda: all(item.status == "stale" for item in items))
    assert time.monotonic() - begun_s <= within_s
    for item, was in zip(items, before, strict=True):
        assert (item.value, item.time, item.sampled) == (was.value, was.time, was.sampled)
        assert item.severity == "invalid"
        assert "no connection to the daemon at tcp://" in item.reason
    if number == signal.SIGSTOP:
        child.send(signal.SIGCONT)
        wait_for(lambda: all(item.status == "ok" for item in items))
