"""How old a value is, and getting none rather than one that cannot be trusted."""

from __future__ import annotations

import pytest

import mktl
from mktl.errors import StaleError
from tests.conftest import wait_for

NOW_S = 1_700_000_000.0


@pytest.fixture
def temp(make_daemon, monkeypatch) -> mktl.Item:
    monkeypatch.setattr("time.time", lambda: NOW_S)
    return make_daemon(items={"temp": {"type": "numeric"}}).items["temp"]


def test_the_age_is_counted_from_the_last_good_reading(temp, monkeypatch) -> None:
    assert temp.age is None
    temp.publish(4.2)
    assert temp.age == 0.0
    monkeypatch.setattr("time.time", lambda: NOW_S + 12.5)
    temp.flag("timeout", "silent")
    assert temp.age == 12.5


def test_an_age_is_never_negative_though_the_clock_was_set_back(temp, monkeypatch) -> None:
    temp.publish(4.2)
    monkeypatch.setattr("time.time", lambda: NOW_S - 60)
    assert temp.age == 0.0


def test_a_value_that_cannot_be_trusted_is_raised_where_that_is_wanted(temp, monkeypatch) -> None:
    temp.publish(4.2)
    assert temp.get(stale="raise") == 4.2
    monkeypatch.setattr("time.time", lambda: NOW_S + 2)
    temp.flag("disconnected", "the cable is out")
    assert temp.get() == 4.2
    with pytest.raises(
        StaleError, match=r"lab\.temp: disconnected, last read 2\.0 s ago: the cable is out"
    ) as told:
        temp.get(stale="raise")
    assert isinstance(told.value, RuntimeError)
    assert (told.value.status, told.value.reason, told.value.age_s) == (
        "disconnected",
        "the cable is out",
        2.0,
    )


def test_an_alarm_is_a_value_as_good_as_any(temp) -> None:
    temp.publish(400.0, status="alarm", severity="major", reason="above 300.0 K")
    assert temp.get(stale="raise") == 400.0


def test_a_value_that_there_never_was_is_raised(temp) -> None:
    with pytest.raises(StaleError, match=r"lab\.temp: unset, never read"):
        temp.get(stale="raise")


def test_only_two_words_say_what_to_do_with_a_stale_value(temp) -> None:
    with pytest.raises(ValueError, match="'return' or 'raise', got 'ignore'"):
        temp.get(stale="ignore")


def test_an_item_made_of_one_that_cannot_be_trusted_cannot_be_trusted_either(make_daemon) -> None:
    class Half(mktl.Item):
        def req_refresh(self):
            return {"value": self.store["temp"].get(stale="raise") / 2}

    class Bench(mktl.Daemon):
        def setup(self) -> None:
            self.add_item(Half, "half")

    items = make_daemon(items={"temp": {"type": "numeric"}, "half": {}}, daemon_class=Bench).items
    items["temp"].publish(4.2)
    items["half"].poll(0.02)
    wait_for(lambda: items["half"].value == 2.1)
    items["temp"].flag("disconnected", "the cable is out")
    wait_for(lambda: items["half"].status == "disconnected")
    assert "the cable is out" in items["half"].reason
