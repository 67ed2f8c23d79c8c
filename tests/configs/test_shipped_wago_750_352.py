"""``configs/wago-750-352.toml`` on a TCP port against the model of the coupler."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mktl_simulators.modbus import TcpPort
from mktl_simulators.serve import TcpServer
from mktl_simulators.wago750352 import Wago750352

from mktl.errors import DeviceRefusedError, LimitError
from tests.configs.serving import serving

FILE = "wago-750-352.toml"
#: Half a step of the converters: 10 V in 2047 steps.
STEP_V = 10 / 2047 / 2


@pytest.fixture
def node() -> Wago750352:
    node = Wago750352(noise_v=0.0)
    node.write("holding", 0, [0x2000, 0x4000, 0b0101_0011])
    node.field.outside_v[2:] = [7.5, 1.25]
    return node


@pytest.fixture
def port(node) -> Iterator[TcpServer[TcpPort]]:
    with TcpServer(TcpPort({1: node}, any_unit=True), speed=0.0) as server:
        yield server


def host(port: TcpServer[TcpPort]) -> dict[str, str]:
    return {"host": f"{port.host}:{port.port}"}


def test_every_item_shows_the_state_of_the_model(port) -> None:
    with serving(FILE, host(port)) as items:
        volts = {"ai1": 2.5, "ai2": 5.0, "ai3": 7.5, "ai4": 1.25, "ao1": 2.5, "ao2": 5.0}
        shown = {key: items[key].value for key in volts}
        assert shown == pytest.approx(volts, abs=STEP_V)
        bits = [1, 1, 0, 0, 1, 0, 1, 0]
        assert [items[f"do{at}"].value for at in range(1, 9)] == bits
        assert [items[f"di{at}"].value for at in range(1, 9)] == bits
        others = {
            "watchdog": 0, "watchdogtime": 10.0, "watchdogmask": 0xFFFF, "leastleft": 6553.5, "ledcode": 0,
            "ledargument": 0, "model": 352,
        }  # fmt: skip
        assert {key: items[key].value for key in others} == others
        assert items["lengths"].value == [32, 64, 8, 8]
        assert items["modules"].value == [352, 459, 550, 0x8801, 0x8802]
        assert items["statistics"].value[8] > 0
        assert items["model"].formatted == "750-352"


def test_outputs_are_set_read_back_and_seen_by_the_inputs_they_are_wired_to(node, port) -> None:
    with serving(FILE, host(port)) as items:
        items["ao1"].set(9.0)
        items["do3"].set(True)
        items["do1"].set(False)
        assert items["ao1"].value == pytest.approx(9.0, abs=STEP_V)
        assert (items["do3"].value, items["do1"].value) == (1, 0)
        assert items["ai1"].get(refresh=True) == pytest.approx(9.0, abs=2 * STEP_V)
        assert (items["di3"].get(refresh=True), items["di1"].get(refresh=True)) == (1, 0)
        # Neighbours are left alone.
        assert node.field.digital_out == [False, True, True, False, True, False, True, False]
        assert node.field.analog_out[1] == 0x4000


def test_a_voltage_out_of_range_is_refused_and_nothing_is_sent(node, port) -> None:
    with serving(FILE, host(port)) as items:
        with pytest.raises(LimitError, match=r"lab\.ao1: 10\.1 V is above the maximum 10 V"):
            items["ao1"].set(10.1)
        assert node.field.analog_out[0] == 0x2000


def test_the_watchdog_runs_fires_and_is_restarted(node, port) -> None:
    with serving(FILE, host(port)) as items:
        items["watchdogtime"].set(2.0)
        items["trigger"].set(1)
        items["watchdog"].get(refresh=True)
        assert items["watchdog"].formatted == "running"
        port.advance(2.5)  # nobody spoke meanwhile, by the model's time
        items["watchdog"].get(refresh=True)
        assert items["watchdog"].formatted == "fired"
        assert (items["ao1"].get(refresh=True), items["do1"].get(refresh=True)) == (0.0, 0)
        with pytest.raises(DeviceRefusedError, match=r"exception 4"):
            items["do1"].set(True)
        items["restart"].set(1)
        items["do1"].set(True)
        assert items["do1"].value == 1
        items["stop"].set("stop", formatted=True)
        items["watchdog"].get(refresh=True)
        assert items["watchdog"].formatted == "off"


def test_polls_of_the_daemon_are_a_sign_of_life(node, port) -> None:
    with serving(FILE, host(port)) as items:
        items["trigger"].set(1)
        for _ in range(3):
            port.advance(9.0)
            items["ai1"].get(refresh=True)
        items["watchdog"].get(refresh=True)
        assert items["watchdog"].formatted == "running"
