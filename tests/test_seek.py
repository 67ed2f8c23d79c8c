"""Looking for daemons that were lost."""

from __future__ import annotations

import threading

import pytest

from mktl.seek import Seeker
from tests.conftest import wait_for


class Lost:
    """A store whose items have no news until it is told otherwise."""

    name = "lab"

    def __init__(self) -> None:
        self.on_lost: object = "somebody"
        self.followed = 0
        self.is_stale = True

    def follow(self) -> bool:
        self.followed += 1
        return self.is_stale


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mktl.seek.PERIOD_S", 0.01)
    monkeypatch.setattr("mktl.seek.AGAIN_S", 0.01)
    lost = Lost()
    yield lost
    lost.is_stale, lost.on_lost = False, None


def test_it_is_looked_for_until_all_items_have_news(lost) -> None:
    looks: list[int] = []
    Seeker(lost, lambda: looks.append(1)).start(lost)
    wait_for(lambda: len(looks) > 3)
    lost.is_stale = False
    wait_for(lambda: lost.followed > len(looks))


def test_where_it_should_be_is_asked_again_while_it_is_still_looked_for_elsewhere(lost) -> None:
    looks, found = threading.Event(), threading.Event()
    seeker = Seeker(lost, lambda: (looks.set(), found.wait(10)))
    seeker.start(lost)
    assert looks.wait(5)
    before = lost.followed
    for _ in range(3):  # somebody was there and did not say who it is
        seeker.start(lost)
        wait_for(lambda before=before: lost.followed > before)
        before = lost.followed
    lost.is_stale = False
    found.set()


def test_a_client_that_was_closed_looks_no_more(lost) -> None:
    seeker = Seeker(lost, lambda: None)
    lost.on_lost = None
    seeker.start(lost)
    seeker.start(lost)
    assert lost.followed == 0
