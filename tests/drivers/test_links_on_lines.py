"""Links on a real pseudo terminal and a real TCP connection: what reaches the device, and what comes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mktl_drivers.jobs import Priority

from mktl.errors import (
    DeviceError,
    DeviceRefusedError,
    DeviceReplyError,
    DeviceTimeoutError,
    ItemValueError,
    LinkDownError,
    MktlError,
    OutcomeUnknownError,
)
from tests.conftest import wait_for
from tests.drivers.lines import Controller, LineDevice, PtyDevice, TcpDevice

READING = {"get": "TEMP?", "reply": "{kelvin:f};{status:d}"}
TEMP = {**READING, "field": "kelvin", "good_when": {"status": 0}}
STATUS = {**READING, "field": "status", "type": "mask"}
SETPOINT = {"get": "SETP?", "reply": "{:f}", "set": "SETP {:.4f}"}
CHECK = ("*ESR?", "{:d}", 0)
SOON_S = 0.02


@pytest.fixture(params=[PtyDevice, TcpDevice], ids=["pty", "tcp"])
def device(request, tmp_path: Path) -> Iterator[LineDevice]:
    with request.param(Controller(), tmp_path / "port") as device:
        yield device


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


# -- what is sent


def test_a_link_asks_who_is_there_and_then_reads(device, serve) -> None:
    link = device.link()
    items = serve(link, temp=TEMP)
    wait_for(lambda: items["temp"].status == "ok")
    assert items["temp"].value == 4.2
    assert device.received == ["*IDN?", "TEMP?"]
    assert (link.state, link.exchanges, link.reconnects) == ("connected", 2, 0)


def test_an_error_from_before_is_read_away_and_blames_no_set(device, serve) -> None:
    device.answer.events = 128  # it has been switched on
    items = serve(device.link(check_after_set=CHECK), setpoint=SETPOINT)
    wait_for(lambda: items["setpoint"].status == "ok")
    items["setpoint"].set(20.5)
    items["setpoint"].set(21.5)
    assert device.commands() == [
        "SETP?",
        "*ESR?", "*ESR?", "SETP 20.5000", "*ESR?", "SETP?",
        "SETP 21.5000", "*ESR?", "SETP?",
    ]  # fmt: skip
    assert items["setpoint"].value == 21.5


def test_a_set_that_the_device_refuses_fails_in_its_words_and_the_next_one_is_not_blamed(
    device, serve
) -> None:
    items = serve(device.link(check_after_set=CHECK), setpoint=SETPOINT)
    items["setpoint"].set(20.5)
    with pytest.raises(
        DeviceRefusedError, match=r"^lab\.setpoint: dev refused 'SETP 500\.0000': \*ESR\? answered 16$"
    ):
        items["setpoint"].set(500.0)
    assert items["setpoint"].value == 20.5
    items["setpoint"].set(30.0)
    assert (items["setpoint"].value, device.answer.setpoint) == (30.0, 30.0)


def test_an_answer_that_is_no_acknowledgement_is_shown_as_it_came(device, serve) -> None:
    items = serve(device.link(), position={"set": "MOVE {:.1f}", "set_reply": "OK"})
    items["position"].set(12.5)
    assert items["position"].value == 12.5
    with pytest.raises(
        DeviceReplyError, match=r"sent b'MOVE 312\.0', got b'E,4', expected 'OK' at byte 1$"
    ) as caught:
        items["position"].set(312.0)
    assert caught.value.got == b"E,4"
    assert items["position"].value == 12.5


def test_what_is_read_back_is_the_value_and_not_what_was_asked_for(device, serve) -> None:
    items = serve(device.link(), setpoint={**SETPOINT, "set": "SETP {:.0f}"})
    items["setpoint"].set(20.4)
    assert items["setpoint"].value == 20.0


def test_other_values_in_a_command_are_read_from_the_device_first(device, serve) -> None:
    gains = {"get": "PID?", "reply": "{p:f},{i:f}"}
    items = serve(
        device.link(),
        p={**gains, "field": "p", "set": "PID {:.1f},{item.i:.1f}"},
        i={**gains, "field": "i", "set": "PID {item.p:.1f},{:.1f}"},
    )
    wait_for(lambda: items["i"].status == "ok")
    device.answer.gains[1] = 33.0  # somebody turns a knob
    items["p"].set(70.0)
    assert device.answer.gains == [70.0, 33.0]
    assert device.commands() == ["PID?", "PID?", "PID 70.0,33.0", "PID?"]
    assert (items["p"].value, items["i"].value) == (70.0, 33.0)


@pytest.mark.parametrize(
    ("item", "value", "match"),
    [
        ({"set": "OUT {:d}"}, 2.5, r"^lab\.output: \{:d\} takes a whole number, got 2\.5$"),
        ({"set": "OUT {:.1f}"}, float("nan"), r"takes a finite number, got nan"),
        ({"set": "OUT {:.1f},{item.nowhere:d}"}, 1.0, r"lab\.nowhere: store 'lab' has no such item"),
        ({"set": "OUT {:.1f},{item.twin:d}"}, 1.0, r"needs the value of lab\.twin, which is unset"),
    ],
)
def test_nothing_is_sent_when_the_command_cannot_be_written(device, serve, item, value, match) -> None:
    link = device.link(check_after_set=CHECK)
    items = serve(link, output=item, twin={"set": "TWIN {:d}"})
    wait_for(lambda: link.state == "connected")
    with pytest.raises(MktlError, match=match) as caught:
        items["output"].set(value)
    assert isinstance(caught.value, ItemValueError | DeviceError | KeyError)
    assert device.commands() == []
    assert items["output"].value is None


# -- when the outcome is unknown


@pytest.mark.parametrize(
    ("item", "dies_at"),
    [
        ({"set": "MOVE {:.1f}", "set_reply": "OK"}, "MOVE"),
        ({"set": "SETP {:.1f}"}, "*ESR?"),
        ({"set": "SETP {:.1f}", "get": "SETP?", "reply": "{:f}", "check": False}, "SETP?"),
    ],
    ids=["before its reply", "before the check", "before it was read back"],
)
def test_a_device_that_dies_after_a_command_leaves_its_outcome_unknown(device, serve, item, dies_at) -> None:
    link = device.link(check_after_set=None if item.get("check") is False else CHECK)
    items = serve(link, output=item)
    wait_for(lambda: link.state == "connected")
    wait_for(lambda: "get" not in item or items["output"].status == "ok")
    verb = item["set"].split()[0]
    if dies_at == "*ESR?":
        items["output"].set(1.0)  # the register is known to be empty from here on
    before = [command for command in device.received if command.startswith(f"{verb} ")]
    device.dies_at = dies_at
    with pytest.raises(OutcomeUnknownError, match=rf"'{verb} 2\.0' was written .* may have been carried out"):
        items["output"].set(2.0)
    device.dies_at = None
    device.plug()
    wait_for(lambda: link.reconnects)
    # What may have been carried out is not sent again.
    sent = [command for command in device.received if command.startswith(f"{verb} ")]
    assert sent == [*before, f"{verb} 2.0"]


def test_a_device_that_goes_mute_after_a_command_leaves_its_outcome_unknown(device, serve) -> None:
    items = serve(device.link(), position={"set": "MOVE {:.1f}", "set_reply": "OK"})
    wait_for(lambda: device.received)
    device.mute = True
    with pytest.raises(OutcomeUnknownError, match=r"no reply to 'MOVE 1\.0' within 0\.25 s$"):
        items["position"].set(1.0)
    assert device.commands() == ["MOVE 1.0"]


def test_nothing_is_sent_while_the_link_is_down_nor_later(device, serve) -> None:
    link = device.link()
    items = serve(link, setpoint={**SETPOINT, "poll_s": SOON_S})
    wait_for(lambda: items["setpoint"].status == "ok")
    device.unplug()
    wait_for(lambda: items["setpoint"].status == "disconnected")
    with pytest.raises(LinkDownError, match=r"^lab\.setpoint: dev \(.*; nothing was sent$"):
        items["setpoint"].set(20.5)
    with pytest.raises(LinkDownError, match="nothing was sent"):
        items["setpoint"].get(refresh=True)
    device.plug()
    wait_for(lambda: items["setpoint"].status == "ok")
    items["setpoint"].get(refresh=True)
    assert not [command for command in device.received if command.startswith("SETP ")]


# -- who is there


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
        assert link.reconnects == round_number


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
    items["temp"].poll(None)
    items["status"].poll(None)
    queued(link, 0)
    assert items["temp"].time == items["temp"].time
    assert link.exchanges - before - len(with_value) in (0, 1)


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
