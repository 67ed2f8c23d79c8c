"""A link over its life: connecting, silence, unplugging, closing; on a port in memory."""

from __future__ import annotations

import logging
import re
import threading
import time

import pytest

import mktl
from mktl.errors import DeviceError, DeviceTimeoutError, LinkDownError
from tests.conftest import wait_for
from tests.drivers.fakes import Dialogue, FakePort, fake_link

IDENTITY = ("*IDN?", "LSCI,MODEL336,{_serial:s},{_firmware:s}")
BOOK = {"*IDN?": "LSCI,MODEL336,LSA1234,2.9", "KRDG? A": "+4.2", "KRDG? B": "+77.35", "*ESR?": "0"}
TEMP = {"get": "KRDG? A", "reply": "{:f}"}
OTHER = {"get": "KRDG? B", "reply": "{:f}"}
#: Often enough that no test waits for a poll.
SOON = {"poll_s": 0.01}


def messages(caplog, level: int = logging.INFO) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("mktl.drivers") and record.levelno >= level
    ]


def test_everything_is_read_once_as_soon_as_the_device_is_there(serve) -> None:
    port = FakePort(Dialogue(BOOK))
    items = serve(fake_link(port, identity=IDENTITY), temp=TEMP, other=OTHER)
    wait_for(lambda: items["other"].status == "ok")
    assert (items["temp"].value, items["other"].value) == (4.2, 77.35)
    assert port.received == [b"*IDN?\n", b"KRDG? A\n", b"KRDG? B\n"]


def test_one_reply_feeds_every_item_that_asks_the_same_with_one_timestamp(serve) -> None:
    port = FakePort(Dialogue({"PRX": "0,8.15E-05"}))
    reply = "{status:d},{p:e}"
    items = serve(
        fake_link(port),
        p={"get": "PRX", "reply": reply, "field": "p", "good_when": {"status": 0}},
        status={"get": "PRX", "reply": reply, "field": "status", "type": "enumerated"},
    )
    wait_for(lambda: items["status"].status == "ok" and items["p"].status == "ok")
    assert (items["p"].value, items["status"].value) == (8.15e-05, 0)
    assert items["p"].time == items["status"].time
    assert port.received == [b"PRX\n"]


def test_a_query_is_polled_at_the_shortest_period_that_any_of_its_items_wants(serve) -> None:
    link = fake_link(FakePort(Dialogue(BOOK)))
    items = serve(link, is_open=False, slow={**TEMP, "poll_s": 60.0}, fast={**TEMP, "poll_s": 10.0})
    (source,) = link.sources
    assert source.period_s == 10.0
    items["fast"].poll(None)
    assert source.period_s == 60.0
    items["slow"].poll(0)
    assert source.period_s is None


def test_three_refreshes_at_once_cost_one_exchange(serve) -> None:
    port = FakePort(Dialogue(BOOK))
    link = fake_link(port)
    items = serve(link, temp=TEMP)
    wait_for(lambda: items["temp"].status == "ok")
    port.may_answer.clear()
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(items["temp"].req_refresh())) for _ in range(3)]
    for thread in threads:
        thread.start()
    port.waiting.wait(5.0)
    time.sleep(0.05)  # so that all three have asked
    port.may_answer.set()
    for thread in threads:
        thread.join(5.0)
    assert [answer["value"] for answer in got] == [4.2] * 3
    assert len({answer["time"] for answer in got}) == 1
    assert port.received.count(b"KRDG? A\n") == 2  # at the start, and now


def test_a_set_goes_before_every_poll_that_waits(serve) -> None:
    port = FakePort(Dialogue(BOOK))
    port.may_answer.clear()
    link = fake_link(port)
    items = serve(link, temp=TEMP, other=OTHER, heater={"set": "RANGE 1,{:d}"})
    port.waiting.wait(5.0)  # the first read is under way, the second waits
    setting = threading.Thread(target=lambda: items["heater"].set(3))
    setting.start()
    wait_for(lambda: len(link.jobs) == 2)
    port.may_answer.set()
    setting.join(5.0)
    wait_for(lambda: items["other"].status == "ok")
    assert port.received == [b"KRDG? A\n", b"RANGE 1,3\n", b"KRDG? B\n"]


def test_a_query_may_hold_the_value_that_another_item_has_now(serve) -> None:
    port = FakePort(Dialogue({"CH?": "2", "READ? 2": "+7.0", "READ? 3": "+8.0"}))
    items = serve(
        fake_link(port),
        temp={"get": "READ? {item.channel:d}", "reply": "{:f}"},
        channel={"get": "CH?", "reply": "{:d}", "set": "CH {:d}", "read_back": False},
    )
    wait_for(lambda: items["temp"].status == "ok")
    assert items["temp"].value == 7.0
    items["channel"].set(3)
    assert items["temp"].get(refresh=True) == 8.0
    items["channel"].flag("range", "status is 1")
    with pytest.raises(DeviceError, match=r"lab\.temp: needs the value of lab\.channel, which is range"):
        items["temp"].get(refresh=True)
    assert port.received[-1] == b"READ? 3\n"


def test_a_reading_is_out_while_the_device_is_at_work_on_the_next(serve) -> None:
    port = FakePort(Dialogue(BOOK))
    answer = port.device

    def slow_at_b(command: bytes) -> bytes:
        if command == b"KRDG? B\n":
            port.may_answer.clear()
        return answer(command)

    port.device = slow_at_b
    items = serve(fake_link(port), temp=TEMP, other=OTHER)
    port.waiting.wait(5.0)
    wait_for(lambda: items["temp"].status == "ok")
    assert items["other"].status == "unset"
    port.may_answer.set()
    wait_for(lambda: items["other"].status == "ok")  # with nothing that comes after it


def test_a_reading_never_covers_up_a_failure_that_came_after_it(serve) -> None:
    port = FakePort(Dialogue(BOOK))
    link = fake_link(port)
    items = serve(link, is_open=False, temp=TEMP)
    (source,) = link.sources
    told: list[str] = []
    publish, flag = items["temp"].publish, items["temp"].flag
    items["temp"].publish = lambda *args: told.append("ok") or publish(*args)
    items["temp"].flag = lambda status, reason: told.append(status) or flag(status, reason)
    read, fed = source.ask, []

    def read_twice():
        # Before the first reading is out, the next read of the same item is under way, and fails.
        reading = read()
        if not fed:
            fed.append(reading)
            port.broken["write"] = LinkDownError("gone")
            link.jobs.offer(read, "again", source.feed)
        return reading

    source.ask = read_twice
    link.open()
    wait_for(lambda: len(told) >= 2)
    assert told[:2] == ["ok", "disconnected"]
    assert items["temp"].value == 4.2


# -- away and back


def test_when_the_cable_is_pulled_every_item_says_so_at_once_and_keeps_its_value(serve, caplog) -> None:
    caplog.set_level(logging.INFO)
    port = FakePort(Dialogue(BOOK))
    link = fake_link(port, identity=IDENTITY)
    items = serve(link, temp={**TEMP, **SOON}, other=OTHER, command={"set": "MOUT 1,{:f}"})
    wait_for(lambda: items["other"].status == "ok")
    port.unplug()
    wait_for(lambda: items["command"].status == "disconnected")
    assert {items[key].status for key in ("temp", "other", "command")} == {"disconnected"}
    assert items["temp"].reason == "dev (fake:1): the port is gone"
    assert (items["temp"].value, items["other"].value) == (4.2, 77.35)
    sampled = items["temp"].sampled

    time.sleep(0.1)  # ten polls and several attempts to connect
    assert link.state == "disconnected"
    assert len(link.jobs) == 0
    assert items["temp"].sampled == sampled
    assert [text for text in messages(caplog) if "gone" in text] == [
        "dev (fake:1): the port is gone; 3 items keep their last values"
    ]

    asked = len(port.received)
    port.plug()
    wait_for(lambda: items["other"].status == "ok")
    wait_for(lambda: items["temp"].status == "ok")
    assert items["command"].status == "unset"
    assert port.received[asked] == b"*IDN?\n"
    assert link.reconnects == 1
    assert items["temp"].sampled > sampled
    assert "dev: answering again after" in messages(caplog)[-1]


def test_a_link_that_was_never_there_refuses_at_once_and_comes_up_by_itself(serve) -> None:
    port = FakePort(Dialogue(BOOK))
    port.unplug()
    link = fake_link(port)
    items = serve(link, temp=TEMP, heater={"set": "RANGE 1,{:d}"})
    wait_for(lambda: items["temp"].status == "disconnected")
    with pytest.raises(
        LinkDownError, match=r"^lab\.heater: dev \(fake:1\): the port is gone; nothing was sent$"
    ):
        items["heater"].set(1)
    with pytest.raises(LinkDownError, match=r"^lab\.temp: dev \(fake:1\): the port is gone"):
        items["temp"].get(refresh=True)
    port.plug()
    wait_for(lambda: items["temp"].status == "ok")
    items["heater"].set(1)
    assert port.received.count(b"RANGE 1,1\n") == 1


def test_another_device_is_sent_nothing_but_the_question_who_it_is(serve) -> None:
    book = Dialogue({**BOOK, "*IDN?": "KEITHLEY INSTRUMENTS INC.,MODEL 2450"})
    port = FakePort(book)
    link = fake_link(port, identity=IDENTITY)
    items = serve(link, temp={**TEMP, **SOON})
    wait_for(lambda: port.received.count(b"*IDN?\n") >= 3)
    assert items["temp"].status == "disconnected"
    assert "expected 'LSCI,MODEL336," in items["temp"].reason
    assert "got 'KEITHLEY INSTRUMENTS INC.,MODEL 2450'" in items["temp"].reason
    assert set(port.received) == {b"*IDN?\n"}
    book.book["*IDN?"] = BOOK["*IDN?"]
    wait_for(lambda: items["temp"].status == "ok")


def test_a_connection_that_breaks_at_its_first_use_each_time_is_news_once(serve, caplog) -> None:
    port = FakePort(Dialogue(BOOK))
    link = fake_link(port)
    port.broken["write"] = LinkDownError("connection reset by peer")
    items = serve(link, temp=TEMP)
    wait_for(lambda: port.opened >= 4)
    assert messages(caplog, logging.WARNING) == [
        "dev (fake:1): connection reset by peer; 1 item keeps its last value"
    ]
    caplog.set_level(logging.INFO)
    port.plug()
    wait_for(lambda: items["temp"].status == "ok")
    assert [text for text in messages(caplog) if "answering again after" in text]


def test_a_connection_that_breaks_at_once_each_time_is_not_made_in_a_busy_loop(serve) -> None:
    port = FakePort(Dialogue({}))
    link = fake_link(port, retry_s=10.0, retry_max_s=10.0)
    port.broken["read"] = LinkDownError("connection reset by peer")
    items = serve(link, temp=TEMP)
    wait_for(lambda: items["temp"].status == "disconnected")
    time.sleep(0.05)
    assert port.opened == 1


# -- silence


def test_one_lost_reply_costs_its_items_one_reading_and_no_line_in_the_log(serve, caplog) -> None:
    book = Dialogue(BOOK)
    port = FakePort(book)
    link = fake_link(port, identity=IDENTITY)
    items = serve(link, temp=TEMP, other=OTHER)
    wait_for(lambda: items["other"].status == "ok")
    book.mute["KRDG? A"] = 1
    with pytest.raises(
        DeviceTimeoutError, match=r"^lab\.temp: dev \(fake:1\): no reply to 'KRDG\? A' within 1\.0 s$"
    ):
        items["temp"].get(refresh=True)
    assert (items["temp"].status, items["other"].status) == ("timeout", "ok")
    assert items["temp"].reason == "dev (fake:1): no reply to 'KRDG? A' within 1.0 s"
    assert items["temp"].get(refresh=True) == 4.2
    assert items["temp"].status == "ok"
    assert port.received[-3:] == [b"KRDG? A\n", b"*IDN?\n", b"KRDG? A\n"]
    assert messages(caplog, logging.WARNING) == []


def test_a_query_that_fails_again_and_again_is_logged_once_and_once_when_it_is_well(serve, caplog) -> None:
    caplog.set_level(logging.INFO)
    book = Dialogue(BOOK)
    items = serve(fake_link(FakePort(book), identity=IDENTITY), temp=TEMP, other=OTHER)
    wait_for(lambda: items["other"].status == "ok")
    caplog.clear()
    book.book["KRDG? A"] = "ERROR"
    for _ in range(4):
        with pytest.raises(mktl.errors.DeviceReplyError):
            items["temp"].get(refresh=True)
    assert items["other"].get(refresh=True) == 77.35
    book.book["KRDG? A"] = "+4.3"
    assert items["temp"].get(refresh=True) == 4.3
    logged = messages(caplog)
    assert len(logged) == 2
    assert "got b'ERROR', expected a decimal number" in logged[0]
    assert re.fullmatch(r"dev: item:temp is answered again( after [0-9.]+ s)?", logged[1])


def test_a_mute_device_turns_every_polled_item_within_two_periods_and_is_logged_once(serve, caplog) -> None:
    caplog.set_level(logging.INFO)
    book = Dialogue(BOOK)
    port = FakePort(book)
    link = fake_link(port, identity=IDENTITY)
    items = serve(link, temp={**TEMP, "poll_s": 600.0}, other={**OTHER, "poll_s": 0.01})
    wait_for(lambda: items["temp"].status == "ok" and items["other"].status == "ok")
    # Periods count in the link's time here: temp is overdue after 1200 s of it.
    port.now_s += 1199.0
    book.mute = dict.fromkeys(BOOK, 100)
    wait_for(lambda: items["temp"].status != "ok")
    assert items["temp"].value == 4.2
    wait_for(lambda: link.state == "disconnected")
    book.mute = {}
    wait_for(lambda: items["temp"].status == "ok" and items["other"].status == "ok")
    logged = messages(caplog)
    assert sum("keep their last values" in text or "keeps its last value" in text for text in logged) <= 3
    assert sum("answering again after" in text for text in logged) == 1
