"""``configs/pfeiffer-tpg262.toml`` on a serial line: against our model, and one that nobody here wrote."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from labmcp_pfeiffer_tpg.driver import TPGController
from labmcp_pfeiffer_tpg.simulator import TPGSimulator
from mktl_simulators.serve import PtyServer
from mktl_simulators.tpg262 import Tpg262
from mktl_simulators.tpg262.gauges import IKR9, Gauge

from mktl.errors import DeviceError, DeviceRefusedError, LimitError
from tests.configs.serving import CONFIGS, serving
from tests.conftest import wait_for

FILE = "pfeiffer-tpg262.toml"


# -- our own model


@pytest.fixture
def tpg() -> Tpg262:
    """With every setting another than that of its neighbours."""
    tpg = Tpg262.pumping(noise=0)
    instrument = tpg.instrument
    for number, function in enumerate(instrument.functions, 1):
        function.gauge, function.low_mbar, function.high_mbar = number % 2, number * 1e-4, number * 1e-3
    instrument.advance(0.0)
    return tpg


@pytest.fixture
def port(tpg, tmp_path: Path) -> Iterator[PtyServer[Tpg262]]:
    """Its time stands still but for what is handed to it."""
    with PtyServer(tpg, link_path=tmp_path / "tpg", speed=0.0) as server:
        yield server


def test_every_item_shows_the_state_of_our_model(port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        expected = {
            "firmware": "302-510-D", "error": 0, "unit": 0, "pressure1": 8e-5, "pressure2": 2.4e-2,
            "status1": 0, "status2": 0, "gauge1": "PKR", "gauge2": "TPR", "switch1": 2, "switch2": 0,
            "streamed": "",
            "relay1": 0, "relay2": 1, "relay3": 0, "relay4": 1,
            "relaygauge1": 1, "relaygauge2": 0, "relaygauge3": 1, "relaygauge4": 0,
            "relaylow1": 1e-4, "relaylow2": 2e-4, "relaylow3": 3e-4, "relaylow4": 4e-4,
            "relayhigh1": 1e-3, "relayhigh2": 2e-3, "relayhigh3": 3e-3, "relayhigh4": 4e-3,
        }  # fmt: skip
        assert {key: item.value for key, item in items.items()} == expected
        assert items["status1"].formatted == "ok"


def test_a_stream_of_before_is_ended_and_one_from_power_up_is_mistaken_for_nothing(tpg, port) -> None:
    tpg.receive(b"COM,0\r")  # by a program that is gone
    port.speed = 1.0  # ten lines a second
    with serving(FILE, {"port": port.url}) as items:
        port.speed = 0.0
        assert items["pressure2"].value == 2.4e-2
        with port.hold():
            tpg.power_up()
        port.advance(2.0)
        port.nudge()
        assert items["pressure2"].get(refresh=True) == 2.4e-2
        wait_for(lambda: items["streamed"].value.endswith(",0,2.4000E-02"))
        assert items["unit"].get(refresh=True) == 0


def test_gauges_are_switched_and_say_why_they_have_no_pressure(tpg, port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        items["switch1"].set("off", formatted=True)
        assert (items["switch1"].formatted, tpg.instrument.gauges[0].is_on) == ("off", False)
        pressure = items["pressure1"]
        pressure.get(refresh=True)
        assert (pressure.status, pressure.reason) == ("disabled", "status1 is 4 (off)")
        items["switch1"].set("on", formatted=True)
        assert pressure.get(refresh=True) == 8e-5
        with port.hold():
            tpg.instrument.gauges[1] = Gauge(IKR9)
        pressure = items["pressure2"]
        pressure.get(refresh=True)
        assert (pressure.status, pressure.reason) == ("range", "status2 is 2 (overrange)")
        items["gauge2"].get(refresh=True)
        assert items["gauge2"].value == "IKR9"


def test_a_pressure_falls_as_the_chamber_is_pumped(port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        port.advance(600.0)
        # 2e-7 and the e-th part of 7.98e-5, to two decimals
        assert items["pressure1"].get(refresh=True) == 2.96e-5


def test_in_another_unit_there_is_no_pressure_and_no_threshold_is_set(tpg, port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        items["unit"].set("Torr", formatted=True)
        for key, reason in (("pressure1", "unit is 1 (Torr)"), ("relaylow1", "unit is 1")):
            items[key].get(refresh=True)
            assert (items[key].status, items[key].reason) == ("range", reason)
        with pytest.raises(DeviceError, match="which is range: unit is 1; nothing was sent"):
            items["relaylow1"].set(5e-5)
        assert tpg.instrument.functions[0].low_mbar == 1e-4
        items["unit"].set("mbar", formatted=True)
        assert items["pressure1"].get(refresh=True) == 8e-5


def test_a_threshold_is_set_and_leaves_the_others_alone(tpg, port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        items["relaylow2"].set(2.5e-5)
        items["relayhigh2"].set(1.25e-4)
        items["relaygauge3"].set("gauge 1", formatted=True)
        assert (items["relaylow2"].value, items["relayhigh2"].value) == (2.5e-5, 1.25e-4)
        functions = tpg.instrument.functions
        settings = [(function.gauge, function.low_mbar, function.high_mbar) for function in functions]
        expected = [(1, 1e-4, 1e-3), (0, 2.5e-5, 1.25e-4), (0, 3e-4, 3e-3), (0, 4e-4, 4e-3)]
        assert settings == [pytest.approx(one) for one in expected]


def test_what_is_refused_is_told_and_its_reason_is_in_the_error(port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        with pytest.raises(
            DeviceRefusedError, match=r"lab\.relaylow1: .*refused 'SP1,1,2\.0000e\+00,1\.0000e-03': not"
        ):
            items["relaylow1"].set(2.0)  # above the upper threshold
        assert items["relaylow1"].get(refresh=True) == 1e-4
        items["error"].get(refresh=True)
        assert items["error"].formatted == "inadmissible parameter"
        assert items["error"].get(refresh=True) == 0
        with pytest.raises(LimitError, match=r"lab\.relaylow1: 2000\.0 mbar is above the maximum 1500 mbar"):
            items["relaylow1"].set(2000.0)


# -- the simulator of another author


class Independent:
    """labmcp's TPG 262 on a line; its time is handed to it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.simulator = TPGSimulator("TPG262", clock=lambda: self.now_s)

    def receive(self, data: bytes) -> bytes:
        return self.simulator.handle_bytes(data)

    def advance(self, dt_s: float) -> None:
        self.now_s += dt_s

    def hang_up(self) -> None:
        """It has no line."""


@pytest.fixture
def independent(tmp_path: Path) -> Iterator[PtyServer[Independent]]:
    with PtyServer(Independent(), link_path=tmp_path / "tpg", speed=0.0) as server:
        yield server


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The file without the switching functions, which this simulator does not know."""
    text = (CONFIGS / FILE).read_text()
    path = tmp_path / FILE
    path.write_text(text[: text.index("# --- switching functions")])
    return path


def test_every_item_shows_the_state_of_a_unit_of_another_author(independent, small) -> None:
    with serving(small, {"port": independent.url}) as items:
        assert (items["gauge1"].value, items["gauge2"].value, items["firmware"].value) == (
            "PKR",
            "TPR",
            "302-510-D",
        )
        assert items["pressure1"].value == pytest.approx(8.02e-5, rel=0.1)
        assert items["pressure2"].value == pytest.approx(2.4e-2, rel=0.1)
        others = {"error": 0, "unit": 0, "status1": 0, "status2": 0, "switch1": 2, "switch2": 0}
        assert {key: items[key].value for key in others} == others
        independent.advance(600.0)
        assert items["pressure1"].get(refresh=True) == pytest.approx(2.96e-5, rel=0.1)


def test_a_unit_of_another_author_is_set_and_refuses(independent, small) -> None:
    with serving(small, {"port": independent.url}) as items:
        items["switch1"].set("off", formatted=True)
        assert items["switch1"].value == 1
        items["pressure1"].get(refresh=True)
        assert items["pressure1"].status == "disabled"
        items["unit"].set("Pa", formatted=True)
        assert (items["unit"].value, independent.device.simulator.unit) == (2, 2)
        independent.device.simulator.units = {0: "mbar"}  # a controller that knows no other
        with pytest.raises(DeviceRefusedError, match="refused 'UNI,1': not acknowledged"):
            items["unit"].set("Torr", formatted=True)


# -- the client of another author, against our model


class Transport:
    """What labmcp's driver speaks through: our model, with neither line nor clock."""

    def __init__(self, device: Tpg262) -> None:
        self.device = device
        self.lock = threading.RLock()
        self._came = b""

    def write_bytes(self, data: bytes) -> None:
        self._came += self.device.receive(data)

    def write(self, command: str) -> None:
        self.write_bytes(command.encode() + b"\r")

    def read(self) -> str:
        line, _, self._came = self._came.partition(b"\r\n")
        return line.decode()

    def flush_input(self) -> None:
        self._came = b""


def test_a_driver_of_another_author_finds_a_tpg_in_our_model(tpg) -> None:
    driver = TPGController(Transport(tpg), settle_s=0.0)
    assert driver.identify()["model"] == "TPG 261/262"
    assert driver.errors() == []
    pressures = driver.pressures()
    assert [(one.status_code, one.mbar) for one in pressures] == [(0, 8e-5), (0, 2.4e-2)]
    assert driver.gauge_ids() == ["PKR", "TPR"]
    assert driver.set_sensor(1, on=False) == [1, 0]
    assert driver.pressure(1).status_code == 4
    assert driver.set_unit("Pa") == "Pa"
    assert driver.pressure(2).raw_value == 2.4
