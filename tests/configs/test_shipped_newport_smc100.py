"""``configs/newport-smc100.toml`` on a serial line against our model of the controller."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mktl_simulators.bus import Bus
from mktl_simulators.serve import PtyServer
from mktl_simulators.smc100 import Smc100

from mktl.errors import DeviceRefusedError, LimitError
from tests.configs.serving import CONFIGS, serving

FILE = "newport-smc100.toml"
#: So much faster than life live the devices here, and so much shorter are the pauses of the file.
SPEED = 50.0


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """The file with a fiftieth of its pauses."""
    text = (CONFIGS / FILE).read_text()
    for old, new, count in (("after_s = 0.25", "after_s = 0.005", 3), ("wait_s = 5", "wait_s = 0.1", 1)):
        assert text.count(old) == count
        text = text.replace(old, new)
    path = tmp_path / FILE
    path.write_text(text)
    return path


@pytest.fixture
def smc() -> Smc100:
    """Ready at 5.25 mm, and with every setting another than that of its neighbours."""
    smc = Smc100.ready(5.25, noise_mm=0)
    axis = smc.stage.axis
    axis.top_speed, axis.acceleration = 0.8, 3.5
    smc.stage.low_limit_mm, smc.stage.high_limit_mm = -12.5, 15.5
    return smc


@pytest.fixture
def port(smc, tmp_path: Path) -> Iterator[PtyServer[Smc100]]:
    with PtyServer(smc, link_path=tmp_path / "stage", speed=SPEED) as server:
        yield server


def test_every_item_shows_the_state_of_the_model(port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        expected = {
            "model": "MFA-CC", "firmware": "SMC100CC 2.0.0", "state": 0x32, "error": 0, "position": 5.25,
            "setpoint": 5.25, "velocity": 0.8, "acceleration": 3.5, "limitlow": -12.5, "limithigh": 15.5,
        }  # fmt: skip
        assert {key: items[key].value for key in expected} == expected
        assert set(items) - set(expected) == {"moveby", "home", "stop", "enabled", "reset"}
        assert items["state"].formatted == "ready, from homing"


def test_a_move_is_done_when_the_stage_is_ready_and_not_before(smc, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        items["position"].set(-10.5)
        assert items["position"].value == -10.5
        assert items["state"].formatted == "ready, from moving"
        items["moveby"].set(0.125)
        assert items["position"].get(refresh=True) == -10.375
        with port.hold():
            assert smc.stage.axis.position == -10.375


def test_a_stage_that_is_not_referenced_is_sent_home_first(tmp_path, quick) -> None:
    smc = Smc100.not_referenced(noise_mm=0)
    with (
        PtyServer(smc, link_path=tmp_path / "stage", speed=SPEED) as server,
        serving(quick, {"port": server.url}) as items,
    ):
        with pytest.raises(DeviceRefusedError, match=r"lab\.position: .*not allowed in NOT REFERENCED"):
            items["position"].set(1.0)
        items["home"].set(True)
        assert items["state"].formatted == "ready, from homing"
        items["position"].set(1.0)
        assert items["position"].value == 1.0


def test_settings_are_set_and_read_back(smc, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        for key, value in {
            "velocity": 0.4, "acceleration": 1.25, "limitlow": -20.0, "limithigh": 20.5,
        }.items():  # fmt: skip
            items[key].set(value)
            assert (key, items[key].value) == (key, value)
        stage = smc.stage
        assert (stage.axis.top_speed, stage.axis.acceleration) == (0.4, 1.25)
        assert (stage.low_limit_mm, stage.high_limit_mm) == (-20.0, 20.5)


def test_what_is_refused_is_told_in_words_and_the_stage_stays(smc, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        with pytest.raises(DeviceRefusedError, match=r"refused '1PA20\.000000'.*displacement out of limits"):
            items["position"].set(20.0)  # within the travel, beyond the limit of the controller
        with pytest.raises(DeviceRefusedError, match=r"refused '1VA5\.000000'.*parameter missing or out of"):
            items["velocity"].set(5.0)
        with pytest.raises(LimitError, match=r"lab\.position: 25\.5 mm is above the maximum 25 mm"):
            items["position"].set(25.5)
        assert b"1PA25" not in port.received
        items["enabled"].set(0)
        items["state"].get(refresh=True)
        assert items["state"].formatted == "disabled, from ready"
        with pytest.raises(DeviceRefusedError, match="not allowed in DISABLE"):
            items["position"].set(0.0)
        with port.hold():
            assert smc.stage.axis.position == 5.25


def test_a_reset_takes_its_time_and_loses_the_reference(port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        items["reset"].set(True)
        items["state"].get(refresh=True)
        assert items["state"].formatted == "not referenced, from reset"


def test_a_following_error_shows_in_the_error(smc, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        with port.hold():
            smc.stage.lose_its_way()
        items["error"].get(refresh=True)
        assert (items["error"].formatted, items["state"].value) == ("following error", 0x0E)


def test_a_controller_further_down_the_chain_has_another_address(quick, tmp_path) -> None:
    first, second = Smc100(address=1, noise_mm=0), Smc100(address=2, noise_mm=0)
    with (
        PtyServer(Bus(first, second), link_path=tmp_path / "chain", speed=SPEED) as server,
        serving(quick, {"port": server.url, "address": "2"}) as items,
    ):
        items["home"].set(True)
        items["position"].set(2.5)
        with server.hold():
            assert (first.stage.state, second.stage.axis.position) == (0x0A, 2.5)
