"""D1: a SET that was answered survives kill -9 at any moment."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path

import pytest

from mktl.config.local import store_directory
from tests.trust.nursery import Nursery
from tests.trust.rawwire import RawWire, raw_wire

KEYS = [f"kept{number:02d}" for number in range(32)]
ITEMS = {key: {"type": "numeric", "persist": True, "initial": 0} for key in KEYS}
SOAK = [pytest.mark.soak, pytest.mark.timeout(1800)]
#: The longest time from the first answer to the kill.
LONGEST_S = 0.02


class Book:
    """What was sent, and what was answered, of each item."""

    def __init__(self) -> None:
        self.answered = dict.fromkeys(KEYS, 0)
        self.sent = dict.fromkeys(KEYS, 0)
        self._asked: dict[bytes, tuple[str, int]] = {}

    def send(self, wire: RawWire, key: str) -> None:
        """One more SET of *key*, of a value higher than any before."""
        self.sent[key] += 1
        self._asked[wire.send("SET", f"lab.{key}", value=self.sent[key])] = key, self.sent[key]

    def hear(self, number: bytes, payload: dict[str, object]) -> str:
        """The answer to one of them: the key."""
        assert "error" not in payload, payload
        key, value = self._asked.pop(number)
        self.answered[key] = value
        return key

    def check(self, wire: RawWire) -> None:
        """Whether the daemon has what was answered, or what was sent after that."""
        for key in KEYS:
            got = wire.ask("GET", f"lab.{key}")
            assert got.get("status", "ok") == "ok", got
            assert self.answered[key] <= got["value"] <= self.sent[key], (key, self.answered[key], got)
            self.answered[key] = got["value"]
        self._asked.clear()


@pytest.mark.parametrize("moments", [60, pytest.param(1000, marks=SOAK)])
def test_d1_no_answered_set_is_lost_when_the_daemon_is_killed_at_any_moment(
    moments: int, nursery: Nursery, tmp_path: Path
) -> None:
    file = tmp_path / "items.json"
    file.write_text(json.dumps(ITEMS))
    moment = random.Random(1)
    book = Book()
    for _ in range(moments):
        child = nursery.markd("lab", "one", "-c", file, "-o")
        with raw_wire(child.ports[0]) as wire:
            book.check(wire)
            for key in KEYS:
                book.send(wire, key)
            kill_s = float("inf")
            while (left_s := kill_s - time.monotonic()) > 0:
                answer = wire.next_rep(min(left_s, 10))
                if answer is None:
                    break
                if kill_s == float("inf"):
                    kill_s = time.monotonic() + moment.uniform(0, LONGEST_S)
                book.send(wire, book.hear(*answer))
            child.stop(signal.SIGKILL)
            while (answer := wire.next_rep(0)) is not None:
                book.hear(*answer)
    child = nursery.markd("lab", "one", "-c", file, "-o")
    with raw_wire(child.ports[0]) as wire:
        book.check(wire)
    assert sum(book.answered.values()) > moments * len(KEYS)
    assert not list(store_directory("lab").glob("*.damaged-*"))
