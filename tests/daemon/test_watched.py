"""An item in trouble: what it showed in good times tells when it is back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mktl.daemon.watched import Watched
from mktl.item.reading import Reading


class Shown:
    """An item in the hand of a test."""

    key = "temp"

    def __init__(self, poll_s: float | None = 10.0, *, unsolicited: bool = False) -> None:
        self.spec = SimpleNamespace(poll_s=poll_s)
        self.source = SimpleNamespace(query=SimpleNamespace(unsolicited=unsolicited))
        self.reading = Reading()
        self.polled: list[float | None] = []
        self._callbacks: list[Any] = []
        self._sampled = 0.0

    @property
    def status(self) -> str:
        return self.reading.status

    def register(self, callback: Any) -> None:
        self._callbacks.append(callback)

    def poll(self, period: float | None) -> None:
        self.polled.append(period)

    def show(self, value: Any, status: str = "ok", reason: str = "") -> None:
        self._sampled += 1.0
        self.reading = Reading(value, self._sampled, self._sampled, status, "none", reason)
        self._tell()

    def flag(self, status: str, reason: str = "") -> None:
        self.reading = self.reading.flagged(status, "invalid", reason)
        self._tell()

    def _tell(self) -> None:
        for callback in self._callbacks:
            callback(self, self.reading.value, self.reading.time)


def known(*values: Any, **of_item: Any) -> tuple[Shown, Watched]:
    """An item that has shown these while all was well."""
    item = Shown(**of_item)
    watched = Watched(item, 2.0)
    for value in values:
        item.show(value)
    watched.learned()
    watched.begin()
    return item, watched


def test_the_first_wrong_reply_is_remembered_until_the_next_fault() -> None:
    _, watched = known(1)
    watched.accuse("2")
    watched.accuse("3")
    assert watched.wrong == "2"
    watched.begin()
    assert watched.wrong is None


def test_the_first_trouble_is_told_and_the_last_one_counts_for_the_time() -> None:
    item, watched = known(1)
    item.flag("timeout", "no reply")
    first_s = watched.troubled_s
    item.flag("disconnected", "the port is gone")
    assert watched.trouble is not None
    assert (watched.trouble.status, watched.trouble.reason) == ("timeout", "no reply")
    assert watched.troubled_s >= first_s > 0
    assert not watched.is_back(since=0.0)


def test_an_item_is_back_when_it_has_been_read_anew() -> None:
    item, watched = known(1)
    item.flag("timeout")
    item.reading = item.reading.flagged("ok", "none", "")
    assert not watched.is_back(since=item.reading.sampled)
    item.show(1)
    assert watched.is_back(since=item.reading.sampled - 0.5)


def test_a_channel_that_is_off_in_good_times_is_back_when_it_is_off() -> None:
    item = Shown()
    watched = Watched(item, 2.0)
    item.show(None, "disabled")
    assert watched.is_read
    watched.learned()
    assert watched.is_back(since=99.0)
    item.flag("timeout")
    assert not watched.is_back(since=99.0)


@pytest.mark.parametrize(("asked_s", "polled"), [(60.0, [2.0]), (0.5, []), (None, [])])
def test_what_is_polled_seldom_is_polled_often_enough_to_be_seen(asked_s, polled) -> None:
    item = Shown(poll_s=asked_s)
    Watched(item, 2.0)
    assert item.polled == polled


def test_what_was_never_read_is_not_read() -> None:
    item = Shown(poll_s=None)
    watched = Watched(item, 2.0)
    item.flag("timeout")
    assert not watched.is_read
    item.show(1)
    assert watched.is_read


def test_a_line_that_comes_unasked_need_not_come_again() -> None:
    item, watched = known(poll_s=None, unsolicited=True)
    assert watched.is_read
    item.flag("stale", "nothing has come")
    assert watched.is_back(since=99.0)
    item.flag("disconnected")
    assert not watched.is_back(since=99.0)
