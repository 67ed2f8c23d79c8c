"""``configs/keithley-2450.toml`` through PyVISA-py against the model: on HiSLIP and on a socket."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from mktl_simulators.hislip import HislipServer
from mktl_simulators.keithley2450 import Keithley2450
from mktl_simulators.keithley2450.loads import Diode
from mktl_simulators.serve import TcpServer

import mktl
from mktl.errors import DeviceRefusedError, LimitError
from tests.configs.serving import CONFIGS, serving
from tests.conftest import wait_for

FILE = "keithley-2450.toml"


class Steady:
    """A load whose current, 0.98 mA, is a double with six ends of a line in it."""

    (AMPS,) = struct.unpack("<d", b"\n" * 6 + b"\x50\x3f")

    def amps_at(self, volts: float) -> float:
        return self.AMPS

    def volts_at(self, amps: float) -> float:
        return 0.0


@pytest.fixture
def meter() -> Keithley2450:
    """1 V on 1 kΩ with a limit of 10 mA; nothing is as its neighbours."""
    device = Keithley2450.sourcing(noise=0.0)
    device.meter.sources["CURR"].level, device.meter.sources["CURR"].limit = 0.002, 15.0
    device.meter.sources["CURR"].delay_s, device.meter.sources["CURR"].read_back = 0.25, False
    device.meter.senses["VOLT"].nplc, device.meter.senses["RES"].remote = 0.5, True
    device.meter.senses["RES"].autorange = False
    device.event_register = 0
    return device


@pytest.fixture
def port(meter) -> Iterator[HislipServer[Keithley2450]]:
    with HislipServer(meter) as server:
        yield server


def test_every_item_shows_the_state_of_the_model(meter, port) -> None:
    with serving(FILE, {"resource": port.url}) as items:
        expected = {
            "model": "2450", "serial": "04412345", "firmware": "1.7.12b", "output": 1, "terminals": 0,
            "source": 0, "volts": 1.0, "currentlimit": 0.01, "amps": 0.002, "voltagelimit": 15.0,
            "currentlimited": 0, "voltagelimited": 0,
            "voltrange": 2.0, "voltauto": 1, "voltdelay": 0.0, "voltreadback": 1,
            "currrange": 1e-8, "currauto": 1, "currdelay": 0.25, "currreadback": 0,
            "function": 1, "reading": 0.001, "sourced": 1.0,
            "vnplc": 0.5, "vrange": 0.02, "vauto": 1, "vremote": 0,
            "inplc": 1.0, "irange": 1e-4, "iauto": 1, "iremote": 0,
            "rnplc": 1.0, "rrange": 200.0, "rauto": 0, "rremote": 1, "count": 1,
        }  # fmt: skip
        shown = {key: item.value for key, item in items.items() if key not in ("stored", "burst")}
        assert shown == expected
        assert (items["function"].formatted, items["source"].formatted) == ("current", "voltage")
        with port.hold():
            assert (meter.event_register, len(meter.errors)) == (0, 0)  # not a query that it does not know


def test_settings_are_set_read_back_and_do_their_work(meter, port) -> None:
    with serving(FILE, {"resource": port.url}) as items:
        for key, value in {
            "volts": -2.5, "currentlimit": 0.001, "amps": 0.005, "voltagelimit": 3.0, "voltdelay": 0.5,
            "currreadback": 1, "inplc": 0.1, "irange": 0.01, "iauto": 1, "vremote": 1, "count": 4,
            "terminals": 1, "currrange": 0.1,
        }.items():  # fmt: skip
            items[key].set(value)
            assert (key, items[key].value) == (key, value)
        assert items["reading"].get(refresh=True) == pytest.approx(-0.001)  # -2.5 V on 1 kΩ wants more
        assert items["sourced"].value == pytest.approx(-1.0)
        assert items["currentlimited"].get(refresh=True) == 1
        items["source"].set("current", formatted=True)
        items["function"].set("voltage", formatted=True)
        assert items["reading"].get(refresh=True) == pytest.approx(3.0)  # 5 mA on 1 kΩ want 5 V
        assert items["voltagelimited"].get(refresh=True) == 1
        items["output"].set("off", formatted=True)
        assert items["reading"].get(refresh=True) == 0


def test_an_overload_is_no_value(port) -> None:
    with serving(FILE, {"resource": port.url}) as items:
        items["irange"].set(1e-5)
        items["sourced"].get(refresh=True)
        assert (items["reading"].status, items["reading"].reason) == (
            "range",
            "overload: more than the range",
        )
        assert items["sourced"].value == 1.0


def test_many_readings_come_as_a_block(meter, port) -> None:
    meter.meter.load = Diode()
    with serving(FILE, {"resource": port.url}) as items:
        items["volts"].set(0.65)
        items["count"].set(7)
        burst = items["burst"].get(refresh=True)
        assert list(burst) == pytest.approx([Diode().amps_at(0.65)] * 7, rel=1e-6)
        assert items["volts"].get(refresh=True) == 0.65  # text again


def test_refusals_come_in_the_words_of_the_queue_and_old_errors_are_nobodys(meter, port) -> None:
    with serving(FILE, {"resource": port.url}) as items:
        with port.hold():
            meter.errors.put(-113)
        items["currentlimit"].set(0.5)
        with pytest.raises(DeviceRefusedError, match=r"VOLT 5\.0+e\+01.*-221 \(Settings conflict;1;"):
            items["volts"].set(50.0)  # 25 W
        with pytest.raises(LimitError, match=r"lab\.volts: 211\.0 V is above the maximum 210 V"):
            items["volts"].set(211.0)
        assert items["volts"].value == 1.0


def test_another_command_set_keeps_the_link_down_and_is_named(meter, port, caplog) -> None:
    meter.language = "TSP"
    mktl.daemon.configure.adopt("lab", "device", CONFIGS / FILE, {"resource": port.url})
    with mktl.Daemon("lab", "device") as daemon:
        wait_for(lambda: "its command set is TSP" in caplog.text)
        assert daemon.links["smu"].state != "connected"


def test_on_a_socket_a_block_may_hold_the_end_of_a_line(meter) -> None:
    meter.meter.load = Steady()
    with TcpServer(meter) as port:
        resource = f"TCPIP::{port.host}::{port.port}::SOCKET"
        with serving(FILE, {"resource": resource}) as items:
            items["count"].set(3)
            assert list(items["burst"].get(refresh=True)) == [Steady.AMPS] * 3
