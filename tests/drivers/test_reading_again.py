"""A query that nobody polls: one lost reply is not the last word on its items."""

from __future__ import annotations

import pytest
from mktl_drivers.reading import LONGEST_PAUSE_S

from mktl.errors import DeviceTimeoutError
from tests.conftest import wait_for
from tests.drivers.fakes import Dialogue, FakePort, fake_link

TEMP = {"get": "KRDG? A", "reply": "{:f}"}


def test_a_first_reading_that_is_lost_is_made_up_for(serve) -> None:
    book = Dialogue({"KRDG? A": "+4.2"})
    book.mute["KRDG? A"] = 2
    items = serve(fake_link(FakePort(book)), temp=TEMP)
    wait_for(lambda: items["temp"].status == "ok")
    assert items["temp"].value == 4.2


def test_a_refresh_that_fails_is_made_up_for_without_anybody_asking(serve) -> None:
    book = Dialogue({"KRDG? A": "+4.2"})
    port = FakePort(book)
    items = serve(fake_link(port), temp=TEMP)
    wait_for(lambda: items["temp"].status == "ok")
    book.mute["KRDG? A"] = 1
    with pytest.raises(DeviceTimeoutError):
        items["temp"].get(refresh=True)
    wait_for(lambda: items["temp"].status == "ok")
    # The first one, the one that was lost, one to get in step again, and the one that nobody asked for.
    assert port.received == [b"KRDG? A\n"] * 4


def test_a_query_that_the_device_does_not_know_is_asked_less_and_less(serve) -> None:
    port = FakePort(Dialogue({}))
    link = fake_link(port, retry_s=0.001)
    items = serve(link, temp=TEMP)
    wait_for(lambda: len(port.received) >= 5)
    (source,) = link.sources
    pauses = [source._pauses.next_s() for _ in range(20)]
    assert pauses[0] >= 0.016  # doubled with each failure
    assert pauses[-1] == LONGEST_PAUSE_S
    assert items["temp"].status == "timeout"


def test_a_polled_query_is_left_to_its_polls(serve) -> None:
    book = Dialogue({})
    port = FakePort(book)
    link = fake_link(port)
    items = serve(link, temp={**TEMP, "poll_s": 30.0})
    wait_for(lambda: items["temp"].status == "timeout")
    (source,) = link.sources
    assert source._again is None
