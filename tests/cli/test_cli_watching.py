from __future__ import annotations

import os
import queue
import time

import pytest

from mktl.cli import viewing, watching
from mktl.cli.values import Reading
from mktl.cli.watching import Lines, until


def reading(value: float, time: float = 100.0, **trust: str) -> Reading:
    return Reading("lab.temp", value, str(value), time=time, **trust)


def queued(*readings: Reading) -> queue.SimpleQueue[Reading]:
    updates: queue.SimpleQueue[Reading] = queue.SimpleQueue()
    for one in readings:
        updates.put(one)
    return updates


def test_a_watch_ends_after_so_many_updates_and_counts_each_once() -> None:
    first, second, third = reading(1.0), reading(2.0, 101.0), reading(3.0, 102.0)
    stream = until(queued(first, first, second, third), count=2, ends_s=None, idle_s=1.0)
    assert list(stream) == [first, second]


def test_a_watch_ends_by_the_clock_with_nothing_to_say() -> None:
    assert set(until(queued(), count=None, ends_s=time.monotonic() + 0.05, idle_s=0.01)) == {None}


def test_a_new_status_alone_is_an_update() -> None:
    good, stale = reading(1.0), reading(1.0, status="stale", severity="invalid")
    assert list(until(queued(good, stale), count=2, ends_s=None, idle_s=1.0)) == [good, stale]


def test_a_line_has_the_time_of_the_value_but_a_new_status_the_time_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(viewing, "timestamp", lambda time: f"<{time:.0f}>")
    monkeypatch.setattr(time, "time", lambda: 250.0)
    lines = Lines()
    assert lines.line_of(reading(1.0, 100.0)) == "<100> lab.temp = 1.0"
    assert lines.line_of(reading(2.0, 101.0)) == "<101> lab.temp = 2.0"
    assert lines.line_of(reading(2.0, 101.0, status="stale")) == "<250> lab.temp = 2.0 (stale)"


def test_a_reader_that_has_gone_is_noticed_without_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        assert not watching.reader_is_gone()
        os.close(read)
        assert watching.reader_is_gone()
