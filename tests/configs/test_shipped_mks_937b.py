"""``configs/mks-937b.toml``: two units on a serial line, against our models of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mktl_simulators.mks937b import Mks937b, Pair
from mktl_simulators.mks937b.gauges import BY_REAR_PANEL
from mktl_simulators.serve import PtyServer

from mktl.errors import DeviceRefusedError, LimitError
from tests.configs.serving import edited, serving
from tests.conftest import wait_for

FILE = "mks-937b.toml"
RELAYS = (1, 2, 5, 6, 7, 8, 9, 10)


@pytest.fixture
def pair() -> Pair:
    """With every setting another than that of its neighbours, and than that of the other unit."""
    pair = Pair(noise=0)
    for number in (1, 2):
        controller = unit_of(pair, number).controller
        for relay, setting in controller.relays.items():
            setting.setpoint_torr, setting.hysteresis_torr = relay * number * 1e-3, relay * number * 1e-2
            setting.enable = ("CLEAR", "ENABLE", "SET")[(relay + number) % 3]
        controller.relays[4 + number].set_direction("ABOVE", is_ion=False)
        controller.gauges[1].protect_torr, controller.gauges[5].protect_torr = number * 1e-3, 0.0
        controller.advance(0.0)
    return pair


@pytest.fixture
def port(pair, tmp_path: Path) -> Iterator[PtyServer[Pair]]:
    """Its time stands still but for what is handed to it."""
    with PtyServer(pair, link_path=tmp_path / "line", speed=0.0) as server:
        yield server


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """The file without the pauses that a real line needs, and with less patience."""
    changes = {
        "quiet_s = 0.01": "gap_timeout_s = 0.02\nretry_s = 0.05\nretry_max_s = 0.1",
        "timeout_s = 0.5": "timeout_s = 0.1",
        "poll_s = 1.0": "poll_s = 0.2",
    }
    return edited(FILE, tmp_path / FILE, changes)


def unit_of(pair: Pair, number: int) -> Mks937b:
    unit = pair.devices[number - 1]
    assert isinstance(unit, Mks937b)
    return unit


def test_every_item_shows_the_state_of_the_models(pair, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        expected: dict[str, object] = {}
        for number, chamber_torr in ((1, 6e-5), (2, 1.5e-7)):
            controller = unit_of(pair, number).controller
            expected |= {
                f"serial{number}": "1012345678", f"units{number}": 0, f"locked{number}": 0,
                f"pressure{number}_1": chamber_torr, f"pressure{number}_5": chamber_torr,
                f"pressure{number}_4": 1.8e-2, f"protect{number}_1": number * 1e-3, f"protect{number}_5": 0,
                f"state{number}_1": 0, f"state{number}_5": 0, f"degas{number}_1": 0,
            }  # fmt: skip
            expected |= {f"power{number}_{channel}": 1 for channel in (1, 3, 4, 5)}
            for relay in RELAYS:
                setting = controller.relays[relay]
                expected |= {
                    f"relay{number}_{relay}": setting.is_set,
                    f"enable{number}_{relay}": ("CLEAR", "ENABLE", "SET").index(setting.enable),
                    f"direction{number}_{relay}": ("BELOW", "ABOVE").index(setting.direction),
                    f"setpoint{number}_{relay}": pytest.approx(setting.setpoint_torr, rel=0.01),
                    f"hysteresis{number}_{relay}": pytest.approx(setting.hysteresis_torr, rel=0.01),
                }
        without = {key: item for key, item in items.items() if key not in expected}
        assert {key: items[key].value for key in expected} == expected
        assert {(key, item.reason) for key, item in without.items()} == {
            (f"pressure{unit}_{channel}", reason)
            for unit in (1, 2)
            for channel, reason in ((2, "no gauge"), (3, "below 1e-4 Torr"), (6, "no gauge"))
        }


def test_a_gauge_is_switched_and_each_word_has_its_reason(pair, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        items["power2_1"].set(0)
        pressure = items["pressure2_1"]
        pressure.get(refresh=True)
        assert (pressure.status, pressure.reason) == ("disabled", "switched off")
        items["power2_1"].set(1)
        pressure.get(refresh=True)
        assert (pressure.status, pressure.reason) == ("invalid", "warming up")
        port.advance(5.0)
        assert pressure.get(refresh=True) == 1.5e-7
        gauge = unit_of(pair, 2).controller.gauges[1]
        with port.hold():
            gauge.emits = False
        pressure.get(refresh=True)
        assert pressure.reason == "too little emission"
        with port.hold():
            gauge.switch_off(BY_REAR_PANEL)
        pressure.get(refresh=True)
        assert pressure.reason == "switched off at the rear panel"
        items["state2_1"].get(refresh=True)
        assert items["state2_1"].formatted == "off by the rear panel"
        assert unit_of(pair, 1).controller.gauges[1].is_on


def test_sets_reach_their_unit_and_no_other(pair, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        for key, value in {
            "setpoint2_5": 2.5e-2, "hysteresis2_5": 3e-2, "enable2_5": 1, "protect2_5": 5e-3, "degas2_1": 1,
            "direction2_7": 1, "locked1": 1,
        }.items():  # fmt: skip
            items[key].set(value)
            assert (key, items[key].value) == (key, pytest.approx(value))
        first, second = unit_of(pair, 1), unit_of(pair, 2)
        assert (first.is_locked, second.is_locked) == (True, False)
        assert second.controller.relays[5].setpoint_torr == pytest.approx(2.5e-2)
        assert first.controller.relays[5].setpoint_torr == 5e-3
        assert second.controller.gauges[5].protect_torr == pytest.approx(5e-3)
        assert (first.controller.gauges[1].is_degassing, second.controller.gauges[1].is_degassing) == (
            False,
            True,
        )


def test_what_is_refused_is_told_in_words(pair, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        for key, value, said in [
            ("direction1_1", 1, "refused '@001SD1!ABOVE': fixed for an ion gauge"),
            ("degas1_1", 1, "refused '@001DG1!ON': pressure too high for degas"),
            ("hysteresis2_7", 1e-6, "refused '@002SH7!1.00E-06': value out of range"),
        ]:
            before = items[key].value
            with pytest.raises(DeviceRefusedError, match=said):
                items[key].set(value)
            assert items[key].get(refresh=True) == before
        with pytest.raises(LimitError, match=r"lab\.protect1_1: 0\.1 Torr is above the maximum 0\.01 Torr"):
            items["protect1_1"].set(0.1)
        with port.hold():
            unit_of(pair, 1).says_text = True  # as somebody has set it by another program
        with pytest.raises(DeviceRefusedError, match="NAK RLY_DIR_FIX_FOR_ION"):
            items["direction1_1"].set(1)


def test_in_another_unit_no_pressure_is_trusted(port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        items["units1"].set("Pa", formatted=True)
        for unit, status in ((1, "range"), (2, "ok")):
            items[f"pressure{unit}_1"].get(refresh=True)
            assert items[f"pressure{unit}_1"].status == status
        assert items["pressure1_1"].reason == "units is 'PASCAL'"


def test_a_unit_that_is_switched_off_leaves_the_other_alone(pair, port, quick, monkeypatch) -> None:
    monkeypatch.setattr("mktl_drivers.unit.PROBE_TIMEOUTS", 5)  # it is asked again sooner
    with serving(quick, {"port": port.url}) as items:
        with port.hold():
            pair.switch_off(1)
        wait_for(lambda: items["pressure1_1"].status == "disconnected")
        assert items["pressure1_1"].value == 6e-5
        port.advance(600.0)
        assert items["pressure2_1"].get(refresh=True) == pytest.approx(1.5e-7, rel=0.01)
        with port.hold():
            pair.switch_on(1)
        wait_for(lambda: items["pressure1_1"].status == "ok")
        assert items["pressure1_1"].get(refresh=True) == pytest.approx(2.2e-5, rel=0.02)
