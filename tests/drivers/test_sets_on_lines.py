"""Sets on a real pseudo terminal and a real TCP connection: what reaches the device, and what comes of it."""

from __future__ import annotations

import pytest

from mktl.errors import (
    DeviceError,
    DeviceRefusedError,
    DeviceReplyError,
    ItemValueError,
    LinkDownError,
    MktlError,
    OutcomeUnknownError,
)
from tests.conftest import wait_for

READING = {"get": "TEMP?", "reply": "{kelvin:f};{status:d}"}
TEMP = {**READING, "field": "kelvin", "good_when": {"status": 0}}
STATUS = {**READING, "field": "status", "type": "mask"}
SETPOINT = {"get": "SETP?", "reply": "{:f}", "set": "SETP {:.4f}"}
CHECK = ("*ESR?", "{:d}", 0)
SOON_S = 0.02


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
        DeviceReplyError, match=r"sent b'MOVE 312\.0', got b'E,4', expected 'OK' at byte 1; it may have been"
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
