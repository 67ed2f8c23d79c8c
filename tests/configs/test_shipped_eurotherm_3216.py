"""``configs/eurotherm-3216.toml`` on a serial line, RTU, against the model of the 3216."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mktl_simulators.eurotherm3216 import Eurotherm3216
from mktl_simulators.modbus import RtuLine
from mktl_simulators.serve import PtyServer

from mktl.errors import DeviceRefusedError, LimitError
from tests.configs.serving import edited, serving
from tests.conftest import wait_for

FILE = "eurotherm-3216.toml"


@pytest.fixture
def unit() -> Eurotherm3216:
    """Holding 200 °C, and with every setting another than that of its neighbours."""
    unit = Eurotherm3216.holding(200.0, noise_k=0)
    controller = unit.controller
    controller.setpoints_c[1], controller.remote_c, controller.rate_k_per_min = 150.5, 99.9, 2.5
    controller.pid.band_k, controller.pid.integral_s, controller.pid.derivative_s = 30.5, 300, 45
    for number, alarm in enumerate(controller.alarms):
        alarm.threshold_c = 300.5 + number
    return unit


@pytest.fixture
def port(unit, tmp_path: Path) -> Iterator[PtyServer[RtuLine]]:
    """Its time stands still but for what is handed to it."""
    with PtyServer(RtuLine({1: unit}), link_path=tmp_path / "oven", speed=0.0) as server:
        yield server


def test_every_item_shows_the_state_of_the_model(unit, port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        with port.hold():
            controller = unit.controller
            expected = {
                "temp": 200.0, "target": 200.0, "working": 200.0, "choice": 0, "setpoint1": 200.0,
                "setpoint2": 150.5, "remote": 99.9, "source": 0, "rate": 2.5, "mode": 0, "control": 0,
                "output": 100 * (200 - 20) / 600, "manual": 30.0, "pb": 30.5, "action": 0, "ti": 300,
                "td": 45,
                "timer": 0, "status": 0, "threshold1": 300.5, "threshold2": 301.5, "threshold3": 302.5,
                "threshold4": 303.5, "load": controller.load_a, "leakage": 0, "inputs": 0, "rangelow": 0,
                "rangehigh": 800, "version": 0x0214, "model": 0x3216, "address": 1,
            }  # fmt: skip
        shown = {key: item.value for key, item in items.items() if key != "acknowledge"}
        assert shown == pytest.approx(expected)
        assert (items["status"].formatted, items["version"].formatted) == ("ok", "0x0214")


def test_a_setpoint_is_set_read_back_and_reached(unit, port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        items["rate"].set(0)
        items["target"].set(250.5)
        assert items["target"].value == items["setpoint1"].get(refresh=True) == 250.5
        port.advance(3600.0)
        wait_for(lambda: items["temp"].get(refresh=True) == pytest.approx(250.5, abs=0.3))
        assert items["output"].get(refresh=True) == pytest.approx(100 * (250.5 - 20) / 600, abs=0.3)
        assert unit.controller.setpoint_writes == 1


def test_sets_reach_the_model_and_nothing_else(unit, port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        for key, value in {
            "setpoint2": 160.5, "choice": 1, "pb": 12.5, "ti": 100, "td": 20, "action": 1, "threshold4": -5.5,
            "control": 1, "manual": 12.5, "timer": 1, "mode": 1,
        }.items():  # fmt: skip
            items[key].set(value)
            assert (key, items[key].value) == (key, value)
        controller = unit.controller
        assert controller.setpoints_c == [200.0, 160.5]
        pid = controller.pid
        assert (pid.band_k, pid.integral_s, pid.derivative_s, pid.reverse) == (12.5, 100, 20, False)
        assert [alarm.threshold_c for alarm in controller.alarms] == [300.5, 301.5, 302.5, -5.5]
        assert (controller.manual, controller.manual_percent, controller.mode) == (True, 12.5, 1)
        items["status"].get(refresh=True)
        assert items["status"].formatted == "manual, timer or ramp running"


def test_the_model_refuses_and_keeps_what_it_has(unit, port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        with pytest.raises(DeviceRefusedError, match=r"function 6 of holding 2 with exception 3"):
            items["target"].set(850.0)  # the range ends at 800 °C
        with pytest.raises(LimitError, match=r"lab\.manual: 101\.0 % is above the maximum 100 %"):
            items["manual"].set(101.0)
        assert (items["target"].value, unit.controller.setpoint_writes) == (200.0, 0)


def test_a_remote_setpoint_is_kept_alive(unit, port, tmp_path) -> None:
    quick = edited(FILE, tmp_path / "quick.toml", {"rewrite_s = 2.0": "rewrite_s = 0.01"})
    with serving(quick, {"port": port.url}) as items:
        items["remote"].set(120.0)
        items["source"].set("remote", formatted=True)
        for _ in range(3):
            port.advance(4.0)
            heard = len(port.received)
            wait_for(lambda heard=heard: b"\x01\x06\x00\x1a" in port.received[heard:], "function 6 of 26")
        assert items["status"].get(refresh=True) & 1 << 14 == 0
        assert items["target"].get(refresh=True) == 120.0
        assert unit.controller.setpoint_writes == 0


def test_faults_of_the_oven_show_in_the_status(unit, port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        unit.controller.sensor_break = True
        port.advance(1.0)
        items["status"].get(refresh=True)
        assert "sensor break" in items["status"].formatted
        assert items["output"].get(refresh=True) == 0
        items["acknowledge"].set(True)
        assert items["status"].get(refresh=True) & 1 << 12 == 0
