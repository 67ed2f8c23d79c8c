"""``configs/trinamic-tmcm1110.toml`` on a serial line against our model of the module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mktl_simulators.bus import Bus
from mktl_simulators.serve import PtyServer
from mktl_simulators.tmcm1110 import Tmcm1110

from mktl.errors import DeviceRefusedError, DeviceTimeoutError, LimitError
from tests.configs.serving import edited, serving
from tests.conftest import wait_for

FILE = "trinamic-tmcm1110.toml"
#: A spindle of 2 mm, 200 steps of 256 microsteps.
MM = 2 / 51200
#: Units of the TMC429 at the divisors 3 and 7.
SPEED_MM_PER_S = 16e6 / (2**3 * 2048 * 32) * MM
ACCELERATION_MM_PER_S2 = 16e6**2 / 2**39 * MM


@pytest.fixture
def module() -> Tmcm1110:
    """Standing at 10 mm, and with every setting another than that of its neighbours."""
    module = Tmcm1110.resting()
    drive = module.drive
    drive.go_to(256_000)
    drive.advance(3600.0)
    drive.top_speed, drive.acceleration, drive.run_current, drive.standby_current = 1500, 1000, 200, 20
    drive.freewheeling, drive.microsteps = 150, 7
    drive.reconfigure()
    module.inputs[:], module.outputs[:] = [0, 1, 0, 1], [1, 0]
    return module


@pytest.fixture
def port(module, tmp_path: Path) -> Iterator[PtyServer[Tmcm1110]]:
    """Fifty times as fast as life."""
    with PtyServer(module, link_path=tmp_path / "stage", speed=50.0) as server:
        yield server


def test_every_item_shows_the_state_of_the_model(port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        expected = {
            "position": 10.0, "target": 10.0, "speed": 0.0, "searching": 0,
            "topspeed": 1500 * SPEED_MM_PER_S, "acceleration": 1000 * ACCELERATION_MM_PER_S2,
            "runcurrent": 100 * 200 / 255, "standbycurrent": 100 * 20 / 255, "microsteps": 7,
            "freewheeling": 1.5, "reached": 1, "home": 0, "right": 0, "left": 0, "driver": 0x80,
            "version": 1110 << 16 | 0x0109, "input0": 0, "input1": 1, "input2": 0, "input3": 1,
            "output0": 1, "output1": 0,
        }  # fmt: skip
        shown = {key: item.value for key, item in items.items() if key not in ("stop", "calibrate")}
        assert shown == pytest.approx(expected)
        assert (items["driver"].formatted, items["microsteps"].formatted) == ("standing", "128")
        assert items["version"].formatted == "0x04560109"


def test_a_move_is_done_when_the_stage_has_arrived(module, port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        items["position"].set(-5.25)
        assert items["position"].value == pytest.approx(-5.25, abs=MM)
        with port.hold():
            assert module.drive.position == round(-5.25 / MM)
        assert items["reached"].value == 1


def test_the_motor_turns_until_it_is_stopped(module, port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        items["speed"].set(-0.5)
        wait_for(lambda: items["speed"].get(refresh=True) == pytest.approx(-0.5, abs=SPEED_MM_PER_S))
        items["stop"].set(True)
        wait_for(lambda: items["speed"].get(refresh=True) == 0)
        with port.hold():
            assert module.drive.position < 256_000
            assert not module.drive.axis.is_moving


def test_the_reference_is_looked_for_and_becomes_0(module, port) -> None:
    with port.hold():
        module.drive.left_switch = 200_000.0  # not far, for a short search
        module.drive.reconfigure()
    with serving(FILE, {"port": port.url}) as items:
        items["calibrate"].set(True)
        assert items["position"].get(refresh=True) == 0
        with port.hold():
            assert module.drive.left_switch == -64


def test_settings_are_set_and_read_back(module, port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        for key, value in {
            "topspeed": 2.0, "acceleration": 5.0, "runcurrent": 50.0, "standbycurrent": 10.0, "microsteps": 8,
            "freewheeling": 2.5, "output0": 0, "output1": 1,
        }.items():  # fmt: skip
            items[key].set(value)
            assert (key, items[key].value) == (key, pytest.approx(value, abs=0.2))
        drive = module.drive
        assert (drive.top_speed, drive.acceleration) == (
            round(2.0 / SPEED_MM_PER_S),
            round(5.0 / ACCELERATION_MM_PER_S2),
        )
        assert (drive.run_current, drive.standby_current) == (128, 26)
        assert (drive.microsteps, drive.freewheeling, module.outputs) == (8, 250, [0, 1])


def test_a_target_beyond_the_travel_is_refused_and_nothing_is_sent(port) -> None:
    with serving(FILE, {"port": port.url}) as items:
        with pytest.raises(LimitError, match=r"lab\.position: 40\.0 mm is above the maximum 39 mm"):
            items["position"].set(40.0)
        assert b"\x01\x04" not in port.received


def test_what_the_module_refuses_is_told_in_the_words_of_its_status(port, tmp_path) -> None:
    wide = edited(FILE, tmp_path / FILE, {"range = [0, 37.234]": "range = [0, 50]"})
    with serving(wide, {"port": port.url}) as items:
        before = items["acceleration"].value
        with pytest.raises(DeviceRefusedError, match=r"lab\.acceleration: .*invalid value"):
            items["acceleration"].set(40.0)
        assert items["acceleration"].get(refresh=True) == before


def test_a_move_that_ends_at_a_limit_switch_is_not_done(port, tmp_path) -> None:
    hasty = edited(FILE, tmp_path / FILE, {"timeout_s = 120": "timeout_s = 0.5"})
    with port.hold() as module:
        module.drive.right_switch = 300_000.0
        module.drive.reconfigure()
    with serving(hasty, {"port": port.url}) as items:
        with pytest.raises(DeviceTimeoutError, match=r"lab\.position: sent, but not done within 0\.5 s"):
            items["position"].set(20.0)
        assert items["position"].get(refresh=True) == pytest.approx(300_000 * MM)
        assert (items["right"].get(refresh=True), items["reached"].get(refresh=True)) == (1, 0)


def test_a_garbled_and_a_lost_reply_cost_a_reading_and_not_the_line(port, tmp_path) -> None:
    short = {"reply_timeout_s = 0.5": "reply_timeout_s = 0.1\ngap_timeout_s = 0.02"}
    with serving(edited(FILE, tmp_path / FILE, short), {"port": port.url}) as items:
        port.faults.garble()
        port.faults.lose_next_reply()
        wait_for(lambda: len(port.faults.happened) == 2)
        wait_for(lambda: items["position"].get(refresh=True) == pytest.approx(10.0))


def test_another_module_of_the_line_has_another_address(tmp_path) -> None:
    modules = Bus(Tmcm1110(address=1), Tmcm1110(address=0x11))
    with (
        PtyServer(modules, link_path=tmp_path / "bus", speed=50.0) as server,
        serving(FILE, {"port": server.url, "address": "11"}) as items,
    ):
        items["position"].set(1.0)
        with server.hold():
            positions = [one.drive.position for one in modules.devices if isinstance(one, Tmcm1110)]
        assert positions == [0, round(1.0 / MM)]
