"""VISA links through PyVISA-py: a socket, a serial line, and HiSLIP with message ends and device clear."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import pyvisa
from mktl_drivers.visa_session import VisaSession

from mktl.devicefile import Template
from mktl.errors import DeviceTimeoutError, LinkDownError
from tests.conftest import wait_for
from tests.drivers.controller import Controller
from tests.drivers.visa_lines import HislipResource, SerialResource, SocketResource

TEMP = {
    "get": "TEMP?", "reply": "{kelvin:f};{status:d}", "field": "kelvin", "good_when": {"status": 0},
    "poll_s": 0.02,
}  # fmt: skip
SETPOINT = {"get": "SETP?", "reply": "{:f}", "set": "SETP {:.4f}"}


@pytest.fixture(params=[SocketResource, SerialResource, HislipResource], ids=["socket", "serial", "hislip"])
def device(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HislipResource | SocketResource]:
    with request.param(Controller(), tmp_path / "port") as device:
        yield device


def test_a_device_is_known_polled_and_set(device, serve) -> None:
    link = device.link(check_after_set=("*ESR?", "{:d}", 0))
    items = serve(link, temp=TEMP, setpoint=SETPOINT)
    wait_for(lambda: items["setpoint"].status == "ok")
    assert (device.received[0], items["temp"].value) == ("*IDN?", 4.2)
    device.answer.temperature = "5.5"
    wait_for(lambda: items["temp"].value == 5.5)
    items["setpoint"].set(20.5)
    assert (device.answer.setpoint, items["setpoint"].value) == (20.5, 20.5)
    assert (link.timeouts, link.late_replies, link.reconnects) == (0, 0, 0)


def test_another_device_is_never_sent_a_command(device, serve) -> None:
    device.answer.idn = "KEITHLEY,2450"
    items = serve(device.link(), temp=TEMP)
    wait_for(lambda: "KEITHLEY" in items["temp"].reason)
    assert set(device.received) == {"*IDN?"}


def test_twice_unplugged_it_says_so_and_comes_back_with_a_new_session(device, serve) -> None:
    link = device.link()
    temp = serve(link, temp=TEMP)["temp"]
    wait_for(lambda: temp.status == "ok")
    for round_number in (1, 2):
        device.unplug()
        wait_for(lambda: temp.status == "disconnected")
        assert link.line.title in temp.reason
        device.answer.temperature = f"{round_number}.5"
        device.plug()
        wait_for(lambda: temp.status == "ok")
        assert (temp.value, link.reconnects >= round_number) == (round_number + 0.5, True)


def test_after_a_timeout_the_next_answer_is_its_own(device, serve) -> None:
    link = device.link(reply_timeout_s=0.1)
    items = serve(link, temp={**TEMP, "poll_s": None}, setpoint=SETPOINT)
    wait_for(lambda: items["setpoint"].status == "ok")
    device.mute = True
    with pytest.raises(DeviceTimeoutError, match=r"^lab\.temp: dev .*: no reply to 'TEMP\?' within 0\.1 s$"):
        items["temp"].get(refresh=True)
    device.mute = False
    assert items["setpoint"].get(refresh=True) == 0.0
    assert link.state == "connected"


def test_a_session_that_is_closed_is_not_remembered(device) -> None:
    library = pyvisa.ResourceManager("@py")  # which would keep it
    before = dict(library.visalib.sessions)
    port = device.link().transport
    for _ in range(3):
        port.open()
        port.close()
    assert library.visalib.sessions == before
    library.close()


def test_a_link_closes_at_once_while_it_waits_for_a_reply(device, serve) -> None:
    link = device.link(reply_timeout_s=30.0)
    temp = serve(link, temp={**TEMP, "poll_s": None})["temp"]
    wait_for(lambda: temp.status == "ok")
    device.mute, heard = True, len(device.received)
    outcome: list[Exception] = []

    def ask() -> None:
        try:
            temp.req_refresh()
        except LinkDownError as error:
            outcome.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_for(lambda: len(device.received) > heard)
    begun_s = time.monotonic()
    link.close()
    assert time.monotonic() - begun_s < 0.2
    asking.join(5.0)
    assert outcome


def test_a_reply_that_takes_many_reads_comes_whole(device) -> None:
    # 229 kB, but for the serial line, which PyVISA-py reads byte by byte.
    count = 1_000 if isinstance(device, SerialResource) else 40_000
    curve = ",".join(str(number) for number in range(count))
    device.answer = lambda command: curve if command == "CURVE?" else None
    line = device.link(identity=None, reply_timeout_s=5.0, gap_timeout_s=1.0).line
    line.open()
    assert line.exchange(b"CURVE?", Template.compile("{:s}")) == {"": curve}
    line.close()


def test_nothing_stays_in_the_library_where_nobody_would_look_for_it(monkeypatch) -> None:
    # Bytes that come between a look at the socket and the read: PyVISA-py takes them along.
    look = VisaSession._look_at_wire
    monkeypatch.setattr(VisaSession, "_look_at_wire", lambda self: min(look(self), 5000))
    reply = "x" * 20_000
    with SocketResource(lambda command: reply) as device:
        line = device.link(identity=None, reply_timeout_s=5.0, gap_timeout_s=0.2).line
        line.open()
        assert line.exchange(b"CURVE?", Template.compile("{:s}")) == {"": reply}
        line.close()


def test_a_timeout_costs_an_instrument_a_clear_and_no_connection(serve) -> None:
    late = {"LATE?": [(0.15, b"1\r\n")]}
    controller = Controller()
    with HislipResource(lambda command: late.get(command) or controller(command)) as device:
        link = device.link(reply_timeout_s=0.1)
        items = serve(link, late={"get": "LATE?", "reply": "{:d}"}, setpoint=SETPOINT)
        wait_for(lambda: items["setpoint"].status == "ok")
        assert items["late"].status == "timeout"
        assert (link.state, link.reconnects, link.late_replies) == ("connected", 0, 0)
        link.close()
