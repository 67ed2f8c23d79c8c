"""VISA links through PyVISA-py to an instrument behind VXI-11, where reads are in slices."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from mktl.errors import DeviceTimeoutError
from tests.conftest import wait_for
from tests.drivers.controller import Controller
from tests.drivers.vxi11_instrument import Vxi11Instrument

TEMP = {"get": "TEMP?", "reply": "{kelvin:f};{status:d}", "field": "kelvin"}
SETPOINT = {"get": "SETP?", "reply": "{:f}", "set": "SETP {:.4f}"}


@pytest.fixture
def device() -> Iterator[Vxi11Instrument]:
    with Vxi11Instrument(Controller()) as device:
        yield device


def test_it_is_known_read_and_set_and_never_read_unasked(device, serve) -> None:
    link = device.link(quiet_s=0.01)
    items = serve(link, temp=TEMP, setpoint=SETPOINT)
    wait_for(lambda: items["setpoint"].status == "ok")
    items["setpoint"].set(20.5)
    assert (items["temp"].value, items["setpoint"].value) == (4.2, 20.5)
    assert device.unasked == 0
    link.close()


def test_a_reply_that_takes_several_slices_is_waited_for(device, serve) -> None:
    device.after_s = 0.25
    link = device.link(reply_timeout_s=2.0)
    temp = serve(link, temp=TEMP)["temp"]
    wait_for(lambda: temp.status == "ok")
    assert link.timeouts == 0
    link.close()


def test_after_a_timeout_it_is_cleared_and_the_late_reply_is_nobodys(device, serve) -> None:
    link = device.link(reply_timeout_s=0.15)
    items = serve(link, temp=TEMP, setpoint=SETPOINT)
    wait_for(lambda: items["setpoint"].status == "ok")
    device.after_s = 0.3
    with pytest.raises(DeviceTimeoutError, match=r"no reply to 'TEMP\?' within 0\.15 s"):
        items["temp"].get(refresh=True)
    device.after_s = 0.0
    assert items["setpoint"].get(refresh=True) == 0.0
    assert device.clears >= 1
    assert (link.state, link.reconnects) == ("connected", 0)
    link.close()


def test_a_connection_that_is_lost_is_made_anew(device, serve) -> None:
    link = device.link()
    temp = serve(link, temp={**TEMP, "poll_s": 0.02})["temp"]
    wait_for(lambda: temp.status == "ok")
    device.unplug()
    wait_for(lambda: temp.status == "disconnected")
    device.answer.temperature = "5.5"
    device.plug()
    wait_for(lambda: temp.value == 5.5)
    begun_s = time.monotonic()
    link.close()
    assert time.monotonic() - begun_s < 0.5
