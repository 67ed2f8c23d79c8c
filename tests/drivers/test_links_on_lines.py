"""Links on a real pseudo terminal and a real TCP connection: coming, going, and what an exchange costs."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from mktl_drivers.jobs import Priority

from mktl.errors import (
    DeviceTimeoutError,
    LinkDownError,
)
from tests.conftest import wait_for

READING = {"get": "TEMP?", "reply": "{kelvin:f};{status:d}"}
TEMP = {**READING, "field": "kelvin", "good_when": {"status": 0}}
STATUS = {**READING, "field": "status", "type": "mask"}
SETPOINT = {"get": "SETP?", "reply": "{:f}", "set": "SETP {:.4f}"}
CHECK = ("*ESR?", "{:d}", 0)
SOON_S = 0.02


def queued(link: Any, count: int) -> Any:
    return wait_for(lambda: len(link.jobs) == count, f"{count} jobs in the queue")


def in_background(work) -> tuple[threading.Thread, list[Any]]:
    """A thread that does *work*, and what it returned or raised."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


# -- who is there


def test_a_link_asks_who_is_there_and_then_reads(device, serve) -> None:
    link = device.link()
    items = serve(link, temp=TEMP)
    wait_for(lambda: items["temp"].status == "ok")
    assert items["temp"].value == 4.2
    assert device.received == ["*IDN?", "TEMP?"]
    assert (link.state, link.exchanges, link.reconnects) == ("connected", 2, 0)


def test_another_device_is_never_sent_a_command(device, serve) -> None:
    device.answer.idn = "KEITHLEY,2450"
    link = device.link(check_after_set=CHECK)
    items = serve(link, setpoint={**SETPOINT, "poll_s": SOON_S})
    wait_for(lambda: device.received.count("*IDN?") >= 3)
    with pytest.raises(LinkDownError, match=r"expected 'ACME,X100,\{serial:s\}', got 'KEITHLEY,2450'"):
        items["setpoint"].set(20.5)
    assert items["setpoint"].status == "disconnected"
    assert set(device.received) == {"*IDN?"}
    device.answer.idn = "ACME,X100,SN2"
    wait_for(lambda: items["setpoint"].status == "ok")


def test_a_device_swapped_for_another_while_unplugged_is_never_sent_a_command(device, serve) -> None:
    link = device.link()
    items = serve(link, temp={**TEMP, "poll_s": SOON_S})
    wait_for(lambda: items["temp"].status == "ok")
    device.unplug()
    wait_for(lambda: items["temp"].status == "disconnected")
    device.answer.idn, before = "KEITHLEY,2450", len(device.received)
    device.plug()
    wait_for(lambda: len(device.received) >= before + 2)
    assert set(device.received[before:]) == {"*IDN?"}
    assert "KEITHLEY,2450" in wait_for(lambda: "KEITHLEY" in items["temp"].reason and items["temp"].reason)


# -- the life of a link


def test_a_link_closes_within_a_second_while_it_waits_for_a_reply(device, serve) -> None:
    link = device.link(reply_timeout_s=30.0)
    items = serve(link, temp=TEMP)
    wait_for(lambda: items["temp"].status == "ok")
    device.mute = True
    thread, outcome = in_background(items["temp"].req_refresh)
    wait_for(lambda: device.commands() == ["TEMP?", "TEMP?"])
    begun_s = time.monotonic()
    link.close()
    assert time.monotonic() - begun_s < 1.0
    thread.join(1.0)
    assert isinstance(outcome[0], LinkDownError)
    assert not [one for one in threading.enumerate() if one.name.startswith("mktl-link")]


def test_a_device_that_is_away_at_the_start_is_found_when_it_comes(device, serve) -> None:
    device.unplug()
    items = serve(device.link(), temp=TEMP)
    wait_for(lambda: items["temp"].status == "disconnected")
    assert items["temp"].value is None
    device.plug()
    wait_for(lambda: items["temp"].status == "ok")
    assert items["temp"].value == 4.2


def test_ten_times_unplugged_it_says_so_each_time_and_comes_back(device, serve) -> None:
    link = device.link()
    items = serve(link, temp={**TEMP, "poll_s": SOON_S}, other={**SETPOINT, "poll_s": SOON_S})
    temp = items["temp"]
    wait_for(lambda: temp.status == "ok")
    for round_number in range(1, 11):
        device.unplug()
        wait_for(lambda: {item.status for item in (temp, items["other"])} == {"disconnected"})
        sampled, moment = temp.sampled, temp.time
        device.answer.temperature = f"{round_number}.5"
        threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("mktl-link")]
        assert threads == ["mktl-link-dev"]
        assert (temp.sampled, temp.time) == (sampled, moment)
        device.plug()
        wait_for(lambda: {item.status for item in (temp, items["other"])} == {"ok"})
        assert temp.value == round_number + 0.5
        assert link.reconnects >= round_number


def test_a_mute_device_times_out_is_then_away_and_recovers(device, serve) -> None:
    link = device.link(reply_timeout_s=0.05)
    items = serve(link, temp={**TEMP, "poll_s": SOON_S})
    temp = items["temp"]
    wait_for(lambda: temp.status == "ok")
    device.mute, statuses = True, set()
    wait_for(lambda: statuses.add(temp.status) or temp.status == "disconnected")
    assert statuses >= {"timeout", "disconnected"}
    assert "3 attempts to get in step again" in temp.reason or "no reply to '*IDN?'" in temp.reason
    assert temp.value == 4.2
    sampled = temp.sampled
    device.mute = False
    wait_for(lambda: temp.status == "ok")
    assert temp.sampled > sampled


def test_a_single_timeout_names_the_question_and_is_over_with_the_next_answer(device, serve) -> None:
    link = device.link(reply_timeout_s=0.1)
    items = serve(link, temp=TEMP)
    wait_for(lambda: items["temp"].status == "ok")
    device.mute = True
    with pytest.raises(DeviceTimeoutError, match=r"^lab\.temp: dev .*: no reply to 'TEMP\?' within 0\.1 s$"):
        items["temp"].get(refresh=True)
    device.mute = False
    assert items["temp"].get(refresh=True) == 4.2
    assert link.state == "connected"
    assert link.timeouts in (1, 2)  # a TCP link may ask who is there before the device hears again


# -- what an exchange costs


def test_two_items_of_one_query_cost_one_exchange_each_cycle(device, serve) -> None:
    link = device.link()
    items = serve(link, temp={**TEMP, "poll_s": SOON_S}, status={**STATUS, "poll_s": SOON_S})
    wait_for(lambda: items["status"].status == "ok")
    with_value: list[int] = []
    items["temp"].take, take = (lambda reading: (with_value.append(1), take(reading))), items["temp"].take
    before = link.exchanges
    wait_for(lambda: len(with_value) >= 5)
    for item in items.values():
        item.poll(None)
    queued(link, 0)
    # One may have been counted and not yet taken at either end; two exchanges a cycle would be five more.
    assert abs(link.exchanges - before - len(with_value)) <= 1


def test_three_refreshes_at_once_cost_one_exchange_on_the_line(device, serve) -> None:
    link = device.link()
    items = serve(link, temp=TEMP, status=STATUS)
    wait_for(lambda: items["status"].status == "ok")
    busy = threading.Event()
    link.jobs.submit(lambda: busy.wait(5.0), Priority.SET)
    running = [in_background(items[key].req_refresh) for key in ("temp", "temp", "status")]
    queued(link, 1)
    time.sleep(0.02)  # for those that join, which nothing shows
    busy.set()
    for thread, outcome in running:
        thread.join(5.0)
        assert "value" in outcome[0]
    assert device.commands() == ["TEMP?", "TEMP?"]


def test_sets_go_before_refreshes_and_refreshes_before_polls(device, serve) -> None:
    link = device.link()
    items = serve(link, setpoint={"set": "SETP {:.1f}"}, temp=TEMP, read={"get": "SETP?", "reply": "{:f}"})
    wait_for(lambda: items["read"].status == "ok")
    before, busy = len(device.received), threading.Event()
    link.jobs.submit(lambda: busy.wait(5.0), Priority.SET)
    wait_for(lambda: len(link.jobs) == 0)
    items["temp"].source.tick()
    queued(link, 1)
    refreshing, _ = in_background(items["read"].req_refresh)
    queued(link, 2)
    setting, _ = in_background(lambda: items["setpoint"].set(5.0))
    queued(link, 3)
    busy.set()
    for thread in (refreshing, setting):
        thread.join(5.0)
    wait_for(lambda: len(device.received) == before + 3)
    assert device.received[before:] == ["SETP 5.0", "SETP?", "TEMP?"]
