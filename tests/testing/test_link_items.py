"""Each link as items of its daemon, seen by a client."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from mktl.errors import DeviceTimeoutError, ItemValueError


@pytest.fixture
def oven(mktl_device, file: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("mktl.daemon.linkitems.PERIOD_S", 0.02)
    device = mktl_device(file)
    device.wait_until_read()
    return device


def test_a_link_is_visible_with_its_state(oven) -> None:
    oven.wait_for("{_test.link.oven.state} == 'connected'")
    assert oven["_test.link.oven.state"].severity == "none"
    assert oven["_test.link.oven.since"].value == pytest.approx(oven["temp"].reading.sampled, abs=60)


def test_a_pulled_cable_is_an_alarm_with_a_reason(oven) -> None:
    oven.unplug()
    oven.wait_for(lambda: oven["_test.link.oven.state"].formatted == "disconnected")
    assert (oven["_test.link.oven.state"].status, oven["_test.link.oven.state"].severity) == (
        "alarm",
        "major",
    )
    assert "oven (127.0.0.1:" in oven["_test.link.oven.state"].reason
    assert oven["_test.link.oven.last_error"].value == oven["_test.link.oven.state"].reason
    oven.plug()
    oven.wait_for("{_test.link.oven.state} == 'connected' and {_test.link.oven.reconnects} >= 1")


def test_lost_replies_are_counted(oven) -> None:
    oven.faults["oven"].mute(2)
    oven.wait_for("{_test.link.oven.timeouts} >= 1")


def test_latency_and_load_are_measured(oven) -> None:
    oven.wait_for("{_test.link.oven.latency} > 0")
    assert 0 <= oven["_test.link.oven.load"].get() <= 1


def test_a_raw_command_shows_the_reply(oven) -> None:
    oven["target"].set(250)
    oven["_test.link.oven.raw"].set("S?")
    assert float(oven["_test.link.oven.raw"].value.removesuffix(r"\n")) == 250


def test_a_raw_command_that_nobody_answers_says_so_and_the_link_goes_on(oven) -> None:
    with pytest.raises(DeviceTimeoutError, match=r"no reply to 'NONSENSE\?'"):
        oven["_test.link.oven.raw"].set("NONSENSE?")
    oven.wait_for(lambda: oven["temp"].status == "ok" and oven["target"].get(refresh=True) is not None)


def test_a_raw_command_with_a_wrong_escape_is_not_sent(oven) -> None:
    with pytest.raises(ItemValueError, match=r"'\\q' is not an escape"):
        oven["_test.link.oven.raw"].set(r"S?\q")
    assert b"q" not in oven.received()


def test_the_trace_is_switched_at_run_time(oven, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "mktl.trace"):
        oven["_test.link.oven.trace"].set(True)
        oven["target"].set(260)
        oven["_test.link.oven.trace"].set(False)
        said = [record.message for record in caplog.records]
        assert r"oven > S 260.0\n  (53 20 32 36 30 2e 30 0a)" in said
        caplog.clear()
        oven["target"].set(270)
        assert not [record for record in caplog.records if record.name == "mktl.trace"]


def test_what_was_said_last_is_told_item_by_item(oven) -> None:
    oven["target"].set(280)
    oven["_test.link.oven.last"].get(refresh=True)
    said = json.loads(oven["_test.link.oven.last"].value)
    temp = said["queries"][said["items"]["temp"]]
    assert temp["said"]["sent"] == [r"T?\n"]
    assert float(temp["said"]["came"][0].removesuffix(r"\n")) == 300
    assert (temp["period_s"], temp["failures"]) == (0.05, 0)
    assert temp["next_s"] <= 0.05  # below 0 while it is late
    assert said["queries"][said["items"]["target"]]["next_s"] is None
    assert said["sets"]["target"]["sent"] == [r"S 280.0\n"]
    assert said["sets"]["target"]["is_answered"] is False


def test_two_daemons_of_one_store_may_have_links_of_one_name(oven) -> None:
    keys = [item.key for item in oven.store if ".link." in item.key]
    assert keys
    assert all(key.startswith("_test.link.oven.") for key in keys)  # "test" is the daemon
