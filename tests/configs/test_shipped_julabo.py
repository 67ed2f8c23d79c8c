"""``configs/julabo.toml`` on a serial line: against our model, and one that nobody here wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from labmcp_julabo.simulator import JulaboSimulator
from mktl_simulators.dialect import LineDevice
from mktl_simulators.julabo import Julabo
from mktl_simulators.serve import PtyServer

from mktl.errors import DeviceRefusedError, LimitError
from tests.configs.serving import CONFIGS, edited, serving
from tests.conftest import wait_for

FILE = "julabo.toml"
#: So much faster than life live the devices here, and so much shorter are the pauses of the file.
SPEED = 100.0


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """The file with a hundredth of its pauses, and less patience with a line that is never noisy."""
    text = (CONFIGS / FILE).read_text()
    assert text.count("quiet_s = 0.25 ") == 1
    assert text.count("wait_s = 0.25 ") == 7
    path = tmp_path / FILE
    text = re.sub(r"(quiet_s|wait_s) = 0\.25 ", r"\1 = 0.0025 ", text)
    path.write_text(text.replace("reply_timeout_s", "gap_timeout_s = 0.02\nreply_timeout_s"))
    return path


# -- our own model


@pytest.fixture
def bath() -> Julabo:
    """Holding 55 °C, and with every setting another than that of its neighbours."""
    bath = Julabo.standby(noise_k=0)
    unit = bath.circulator
    unit.high_warning_c, unit.low_warning_c, unit.excess_limit_c, unit.pump_stage = 90.5, 5.25, 120.0, 3
    unit.pid.band_k, unit.pid.integral_s, unit.pid.derivative_s = 0.7, 80, 10
    unit.hold(55.0)
    return bath


@pytest.fixture
def port(bath, tmp_path: Path) -> Iterator[PtyServer[Julabo]]:
    with PtyServer(bath, link_path=tmp_path / "bath", speed=SPEED) as server:
        yield server


def test_every_item_shows_the_state_of_our_model_at_the_pace_it_asks_for(bath, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        expected = {
            "model": "FP50_MA", "version": "4.02", "state": 3, "message": "REMOTE START", "running": 1,
            "temp": 55.0, "external": 55.0, "safety": 55.3, "excess": 120.0, "setpoint": 55.0,
            "power": round(100 * (55 - 22) / 7200 * 60 / 2), "warnhigh": 90.5, "warnlow": 5.25, "pump": 3,
            "xp": 0.7, "tn": 80, "tv": 10,
        }  # fmt: skip
        words = ("model", "version", "message")
        assert {key: items[key].value for key in words} == {key: expected.pop(key) for key in words}
        shown = {key: item.value for key, item in items.items() if key not in words}
        assert shown == pytest.approx(expected, abs=0.02)
        assert (items["state"].formatted, items["running"].formatted) == ("remote start", "run")
        items["setpoint"].set(60.0)
        with port.hold():
            assert bath.manners.too_fast == 0  # 0.25 s of its time from command to command


def test_settings_are_set_read_back_and_do_their_work(bath, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        for key, value in {
            "warnhigh": 95.0, "warnlow": -5.5, "setpoint": 42.25, "pump": 1, "xp": 1.5, "tn": 100, "tv": 5,
        }.items():  # fmt: skip
            items[key].set(value)
            assert (key, items[key].value) == (key, value)
        unit = bath.circulator
        with port.hold():
            assert (unit.high_warning_c, unit.low_warning_c, unit.setpoint_c) == (95.0, -5.5, 42.25)
            assert (unit.pump_stage, unit.pid.band_k) == (1, 1.5)
            assert (unit.pid.integral_s, unit.pid.derivative_s) == (100, 5)
        port.advance(7200.0)
        wait_for(lambda: items["temp"].get(refresh=True) == pytest.approx(42.25, abs=0.02))
        items["running"].set("stop", formatted=True)
        items["state"].get(refresh=True)
        assert items["state"].formatted == "remote stop"


def test_our_model_refuses_in_its_own_words(bath, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        for key, value, said in [
            ("setpoint", 91.0, r"refused 'out_sp_00 91\.00': -13 VALUE EXCEEDS TEMPERATURE LIMITS"),
            ("setpoint", 200.5, r"refused 'out_sp_00 200\.50': -11 VALUE TOO LARGE"),
            ("setpoint", -31.0, r"refused 'out_sp_00 -31\.00': -10 VALUE TOO SMALL"),
            ("pump", 9, "refused 'out_sp_07 9': -11 VALUE TOO LARGE"),
        ]:
            before = items[key].value
            with pytest.raises(DeviceRefusedError, match=said):
                items[key].set(value)
            assert items[key].get(refresh=True) == before
        with pytest.raises(LimitError, match=r"lab\.xp: 100\.0 K is above the maximum 99\.9 K"):
            items["xp"].set(100.0)
        assert b"out_par" not in port.received
        with port.hold():
            bath.circulator.remote = False
        with pytest.raises(DeviceRefusedError, match="-09 COMMAND NOT ALLOWED IN CURRENT OPERATING MODE"):
            items["running"].set(0)
        items["state"].get(refresh=True)
        assert items["state"].formatted == "manual start"


def test_an_alarm_is_a_state_and_no_refusal(bath, port, quick) -> None:
    with serving(quick, {"port": port.url}) as items:
        with port.hold():
            bath.circulator.level_ok = False
        port.advance(1.0)
        items["setpoint"].set(30.0)
        assert items["setpoint"].value == 30.0
        items["state"].get(refresh=True)
        assert (items["state"].formatted, items["message"].value) == ("low level alarm", "LOW LEVEL ALARM")
        assert items["running"].get(refresh=True) == 0


def test_an_older_unit_ends_its_replies_by_lf_and_one_without_external_sensor_says_so(
    tmp_path, quick
) -> None:
    old = Julabo(noise_k=0, reply_end=b"\n")
    old.circulator.external_sensor = False
    path = edited(str(quick), tmp_path / "old.toml", {r"reply_end = '\r\n'": r"reply_end = '\n'"})
    with PtyServer(old, speed=SPEED) as server, serving(path, {"port": server.url}) as items:
        assert items["temp"].value == 22.0
        external = items["external"]
        assert (external.value, external.status) == (None, "disabled")
        assert external.reason == "no external sensor is fitted"


def test_on_rs485_each_command_and_reply_bears_the_address(quick) -> None:
    unit = Julabo(noise_k=0, address=32)
    with (
        PtyServer(unit, speed=SPEED) as server,
        serving(quick, {"port": server.url, "prefix": "A032_"}) as items,
    ):
        items["setpoint"].set(33.25)
        assert (items["temp"].value, items["setpoint"].value, items["state"].value) == (22.0, 33.25, 2)
        with pytest.raises(DeviceRefusedError, match=r"refused 'A032_out_sp_00 250\.00': -11"):
            items["setpoint"].set(250.0)


# -- the simulator of another author


class Independent(LineDevice):
    """labmcp's circulator on a line; its time is handed to it."""

    def __init__(self) -> None:
        super().__init__(line_end=b"\r")
        self.now_s = 0.0
        self.simulator = JulaboSimulator(clock=lambda: self.now_s)

    def answer(self, command: str) -> str | None:
        reply = self.simulator.handle(command)
        return "\r\n".join(reply) if isinstance(reply, list) else reply

    def advance(self, dt_s: float) -> None:
        self.now_s += dt_s


@pytest.fixture
def independent(tmp_path: Path) -> Iterator[PtyServer[Independent]]:
    with PtyServer(Independent(), link_path=tmp_path / "bath", speed=0.0) as server:
        yield server


@pytest.fixture
def small(quick: Path) -> Path:
    """The file without the control parameters, which this simulator does not know, as the file advises."""
    text = quick.read_text()
    quick.write_text(text[: text.index("# --- control parameters")])
    return quick


def test_every_item_shows_the_state_of_a_unit_of_another_author(independent, small) -> None:
    with serving(small, {"port": independent.url}) as items:
        simulator = independent.device.simulator
        assert (items["model"].value, items["version"].value) == ("MAGIO MS-1000F", "1.1.2")
        assert (items["state"].formatted, items["message"].value) == ("remote stop", "REMOTE STOP")
        expected = {
            "temp": simulator.bath_c, "external": simulator.external_c, "safety": simulator.bath_c + 0.3,
            "excess": simulator.excess_protection_c, "power": 0, "setpoint": simulator.setpoint_c,
            "warnhigh": simulator.high_warning_c, "warnlow": simulator.low_warning_c, "pump": 3, "running": 0,
        }  # fmt: skip
        assert {key: items[key].value for key in expected} == pytest.approx(expected, abs=0.1)


def test_a_unit_of_another_author_is_set_started_and_heats(independent, small) -> None:
    with serving(small, {"port": independent.url}) as items:
        items["setpoint"].set(35.5)
        items["running"].set(1)
        assert (items["setpoint"].value, items["running"].value) == (35.5, 1)
        items["state"].get(refresh=True)
        assert items["state"].formatted == "remote start"
        independent.advance(120.0)  # 2 K/min
        assert items["temp"].get(refresh=True) == pytest.approx(26.0, abs=0.2)
        assert items["power"].get(refresh=True) == pytest.approx(100, abs=1)


def test_a_unit_of_another_author_refuses_in_its_own_words(independent, small) -> None:
    with serving(small, {"port": independent.url}) as items:
        with pytest.raises(DeviceRefusedError, match="-11 VALUE TOO LARGE"):
            items["setpoint"].set(250.0)
        with pytest.raises(DeviceRefusedError, match="-08 INVALID COMMAND"):
            items["pump"].set(2)  # it can only tell its stage
        assert (items["setpoint"].value, independent.device.simulator.setpoint_c) == (20.0, 20.0)
        independent.device.simulator.raise_alarm("-01 LOW LEVEL ALARM")
        items["state"].get(refresh=True)
        assert items["state"].formatted == "low level alarm"
