"""B5: polls that raise, block, or see the wall clock jump; none of them stops, and none is made up for."""

from __future__ import annotations

import random
import time

import pytest

import mktl
from tests.conftest import wait_for

SOAK = [pytest.mark.soak, pytest.mark.timeout(600)]
COUNT = 1000


class Polled(mktl.Item):
    """Notes when it is polled; raises one time in ten, and blocks when it is told to."""

    def __init__(self, *args, **kwargs) -> None:
        self.times_s: list[float] = []
        self.block_s = 0.0
        self.unblocked_s: float | None = None
        self._chance = random.Random(self.__class__.__name__)
        super().__init__(*args, **kwargs)

    def req_refresh(self):
        self.times_s.append(time.monotonic())
        block_s, self.block_s = self.block_s, 0.0
        if block_s:
            time.sleep(block_s)
            self.unblocked_s = time.monotonic()
        if self._chance.random() < 0.1:
            raise OSError("no reply")
        return {"value": len(self.times_s)}


class Bench(mktl.Daemon):
    def setup(self) -> None:
        self.polled = [self.add_item(Polled, f"n{n}") for n in range(COUNT)]

    def setup_final(self) -> None:
        for item in self.polled:
            item.poll(self.arguments)


@pytest.mark.parametrize(("period_s", "block_s"), [(0.4, 1.0), pytest.param(1.0, 3.0, marks=SOAK)])
def test_b5_polls_go_on_whatever_they_raise_however_they_block_and_wherever_the_wall_clock_is(
    make_daemon, monkeypatch, period_s, block_s
) -> None:
    items = {f"n{n}": {"type": "numeric"} for n in range(COUNT)}
    daemon = make_daemon(items=items, daemon_class=Bench, arguments=period_s)
    assert_all_are_polled(daemon.polled)
    blocked = daemon.polled[:20]
    for item in blocked:
        item.block_s = block_s
    wait_for(lambda: all(not item.block_s for item in blocked))
    true_time = time.time
    for jump_s in (60.0, -60.0):
        monkeypatch.setattr(time, "time", lambda jump_s=jump_s: true_time() + jump_s)
        assert_all_are_polled(daemon.polled[20:])
    wait_for(lambda: all(item.unblocked_s for item in blocked))
    assert_all_are_polled(daemon.polled)
    for item in blocked:
        assert calls_in(item, item.unblocked_s, period_s) <= 2  # the one that is due, and one extra


def assert_all_are_polled(items: list[Polled]) -> None:
    """Twice from now on, so that at least one poll was begun after that."""
    before = {item: len(item.times_s) for item in items}
    wait_for(lambda: all(len(item.times_s) >= count + 2 for item, count in before.items()))


def calls_in(item: Polled, begin_s: float, duration_s: float) -> int:
    return sum(begin_s <= time_s < begin_s + duration_s for time_s in item.times_s)
