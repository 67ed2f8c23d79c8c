"""The end of a link: what waits, what is under way, and what an item may do to the others."""

from __future__ import annotations

import threading
import time

import pytest
from mktl_drivers import BoundItem, TextItem

import mktl
from mktl.errors import LinkDownError, OutcomeUnknownError
from tests.conftest import wait_for
from tests.drivers.fakes import Dialogue, FakePort, fake_link

BOOK = {"KRDG? A": "+4.2", "KRDG? B": "+77.35"}
TEMP = {"get": "KRDG? A", "reply": "{:f}"}
OTHER = {"get": "KRDG? B", "reply": "{:f}"}


@pytest.mark.parametrize("blocked", ["idle", "reading"])
def test_closing_takes_less_than_a_second_and_fails_what_waits(serve, blocked) -> None:
    port = FakePort(Dialogue(BOOK))
    link = fake_link(port)
    if blocked == "reading":
        port.may_answer.clear()
    items = serve(link, temp=TEMP, other=OTHER)
    errors: list[Exception] = []

    def refresh() -> None:
        try:
            items["other"].req_refresh()
        except Exception as error:
            errors.append(error)

    waiting = threading.Thread(target=refresh)
    if blocked == "reading":
        port.waiting.wait(5.0)
        waiting.start()
        wait_for(lambda: len(link.jobs) == 1)
    else:
        wait_for(lambda: items["other"].status == "ok")
    begun_s = time.monotonic()
    link.close()
    assert time.monotonic() - begun_s < 1.0
    assert link.state == "closed"
    assert not port._is_open
    if blocked == "reading":
        waiting.join(5.0)
        assert [type(error) for error in errors] == [LinkDownError]
        assert str(errors[0]) == "lab.other: dev (fake:1) is closed; nothing was sent"
    with pytest.raises(LinkDownError, match="closed; nothing was sent"):
        items["temp"].get(refresh=True)


def test_a_set_under_way_when_the_link_is_closed_may_have_been_carried_out(serve) -> None:
    port = FakePort(Dialogue(BOOK))
    link = fake_link(port)
    items = serve(link, heater={"set": "RANGE 1,{:d}", "set_reply": "OK"})
    wait_for(lambda: link.state == "connected")

    def fall_silent(command: bytes) -> bytes:
        port.may_answer.clear()
        return b""

    port.device = fall_silent
    errors: list[Exception] = []

    def write() -> None:
        try:
            items["heater"].set(1)
        except Exception as error:
            errors.append(error)

    setting = threading.Thread(target=write)
    setting.start()
    wait_for(lambda: port.received)
    wait_for(port.waiting.is_set)
    link.close()
    setting.join(5.0)
    assert [type(error) for error in errors] == [OutcomeUnknownError]
    assert "may have been carried out" in str(errors[0])


def test_a_link_can_be_closed_that_was_never_opened_and_closed_twice(serve) -> None:
    link = fake_link(FakePort())
    link.close()
    link.close()
    link.open()
    assert link.state == "closed"


def test_an_item_that_cannot_be_published_does_not_cost_the_others_their_reading(make_daemon, caplog) -> None:
    class Touchy(BoundItem):
        def judge(self, reading):
            raise RuntimeError("no")

    class Bench(mktl.Daemon):
        def setup(self) -> None:
            temp = self.add_item(TextItem, "temp", link=link, **TEMP)
            source = temp.source
            self.add_item(Touchy, "touchy", link=link, spec=temp.spec, query=source.query)
            source.items = list(reversed(source.items))

    port = FakePort(Dialogue(BOOK))
    link = fake_link(port)
    items = make_daemon(items={"temp": {}, "touchy": {}}, daemon_class=Bench).items
    link.open()
    try:
        wait_for(lambda: items["temp"].status == "ok")
        assert items["temp"].get(refresh=True) == 4.2
    finally:
        link.close()
    assert "lab.touchy: cannot take" in caplog.text
