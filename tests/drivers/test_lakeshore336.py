"""The shipped file of the Lake Shore 336, end to end: against our model, and one that nobody here wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mktl_simulators.lakeshore336 import LakeShore336
from mktl_simulators.serve import PtyServer

import mktl
from mktl.daemon import configure
from mktl.errors import DeviceRefusedError, LimitError
from tests.conftest import wait_for
from tests.drivers.independent336 import Independent
from tests.drivers.lines import TcpDevice

FILE = Path(__file__).parents[2] / "configs" / "lakeshore336.toml"
#: Written only: the 336 has no query that the file could read them by.
MANUAL = {f"manual{output}" for output in (1, 2, 3, 4)}


@pytest.fixture
def serve_file() -> Iterator[Callable[..., mktl.Daemon]]:
    """A daemon on a device file; closed at the end."""
    daemons: list[mktl.Daemon] = []

    def serve(path: Path, parameters: dict[str, str] | None = None) -> mktl.Daemon:
        configure.adopt("cryo", "ls336", path, parameters)
        daemon = mktl.Daemon("cryo", "ls336")
        daemons.append(daemon)
        wait_for(lambda: daemon.links["ls336"].state == "connected")
        wait_for(lambda: all(item.status != "unset" for key, item in file_items(daemon).items()))
        return daemon

    yield serve
    for daemon in daemons:
        daemon.close()


def file_items(daemon: mktl.Daemon) -> dict[str, mktl.Item]:
    """What the file describes and the device can tell."""
    return {
        key: item
        for key, item in daemon.items.items()
        if not key.startswith(("_", "link.")) and key not in MANUAL
    }


# -- our own model, on a pseudo terminal


@pytest.fixture
def model(tmp_path: Path) -> Iterator[PtyServer[LakeShore336]]:
    """Holding 77 K, and with every setting another than that of its neighbours."""
    device = LakeShore336.cold(noise_k=0)
    instrument = device.instrument
    instrument.inputs["B"].name = "Sample holder 1"  # all 15 characters
    for number, output in instrument.outputs.items():
        if number != 1:
            output.setpoint_k = output.target_k = 10.0 * number
        output.gain, output.reset, output.rate = 50.5 + number, 20.5 + number, 5.0 * number
        output.ramping, output.ramp_k_per_min = number % 2, 1.5 * number
        output.on_after_power_up = number % 2
    instrument.outputs[3].range, instrument.outputs[3].mode, instrument.outputs[3].input = 1, 4, 2
    instrument.hold(77.0)
    with PtyServer(device, link_path=tmp_path / "ls336") as server:
        yield server


def states_of_model(device: LakeShore336) -> dict[str, Any]:
    """The value of each item, or its status where it must have none; out of the model, not its replies."""
    states: dict[str, Any] = {"model": "MODEL336", "serial": device.serial, "firmware": device.firmware}
    for letter, sensor in device.instrument.inputs.items():
        reading = device.instrument.reading(sensor)
        low = letter.lower()
        off = sensor.kind == 0
        states |= {
            f"temp{low}": "disabled" if off else reading.kelvin,
            f"sensor{low}": "disabled" if off else reading.sensor_units,
            f"status{low}": reading.status,
            f"type{low}": sensor.kind,
            f"name{low}": sensor.name,
        }
    for number, output in device.instrument.outputs.items():
        states |= {
            f"setpoint{number}": output.setpoint_k,
            f"heater{number}": output.range,
            f"power{number}": output.percent,
            f"mode{number}": output.mode,
            f"control{number}": output.input,
            f"powerup{number}": output.on_after_power_up,
        }
        if number <= 2:
            states |= {
                f"fault{number}": output.heater_error,
                f"ramping{number}": int(output.is_on_the_way),
                f"p{number}": output.gain,
                f"i{number}": output.reset,
                f"d{number}": output.rate,
                f"ramp{number}": output.ramping,
                f"rate{number}": output.ramp_k_per_min,
            }
    return states


def assert_shown(items: dict[str, mktl.Item], states: dict[str, Any]) -> None:
    """Every item of the file shows its state; numbers to the digits that the 336 sends."""
    assert set(items) == set(states)
    for key, state in states.items():
        item = items[key]
        if state in ("disabled", "range"):
            assert (key, item.status, item.value) == (key, state, None)
        elif isinstance(state, float):
            assert (key, item.status, item.value) == (key, "ok", pytest.approx(state, rel=1e-3, abs=0.06))
        else:
            assert (key, item.status, item.value) == (key, "ok", state)


def test_every_item_shows_the_state_of_our_model(model, serve_file) -> None:
    items = file_items(serve_file(FILE, {"port": model.url}))
    with model.hold() as device:
        assert_shown(items, states_of_model(device))
        assert items["tempa"].value == pytest.approx(77.0, abs=1e-3)
        assert items["power1"].value == pytest.approx(device.instrument.outputs[1].percent, abs=0.05)
        # The maker asks for 50 ms between exchanges; a file that is too hasty would show here.
        assert (device.manners.too_fast, device.event_register) == (0, 0)
    assert items["tempd"].reason == "type is 0 (off)"
    assert (items["heater1"].formatted, items["typea"].formatted) == ("high", "diode")


def test_a_setpoint_is_set_read_back_and_reached(tmp_path, serve_file) -> None:
    with PtyServer(LakeShore336.cold(noise_k=0), link_path=tmp_path / "ls336") as model:
        daemon = serve_file(FILE, {"port": model.url})
        items = daemon.items
        items["setpoint1"].set(20.5)
        assert items["setpoint1"].value == 20.5
        items["heater1"].set("high", formatted=True)
        assert items["heater1"].formatted == "high"
        model.advance(5.0)
        wait_for(lambda: items["tempa"].value > 10.0)
        model.advance(600.0)
        wait_for(lambda: items["tempa"].value == pytest.approx(20.5, abs=0.01))
        holding = 100 * (20.5 - 4.2) * 0.07 / 25  # % of 25 W, by the model's 0.07 W/K to its bath of 4.2 K
        wait_for(lambda: items["power1"].value == pytest.approx(holding, abs=0.1))
        items["rate1"].set(5.0)
        items["ramp1"].set(1)
        items["setpoint1"].set(30.0)
        items["ramping1"].get(refresh=True)
        assert (items["ramping1"].value, items["setpoint1"].value) == (1, pytest.approx(20.5, abs=0.3))
        with model.hold() as device:
            output = device.instrument.outputs[1]
            assert (output.target_k, output.range, output.ramp_k_per_min) == (30.0, 3, 5.0)


def test_an_item_that_shares_its_command_with_others_leaves_them_alone(model, serve_file) -> None:
    daemon = serve_file(FILE, {"port": model.url})
    new = {"namea": "Cold plate", "p1": 77.5, "rate2": 7.5, "control2": 3, "heater4": 1, "mode4": 5}
    with model.hold() as device:
        expected = {**states_of_model(device), **new}
    for key, value in new.items():
        daemon.items[key].set(value)
        assert (key, daemon.items[key].value) == (key, value)
    daemon.items["manual2"].set(12.25)
    with model.hold() as device:
        now = states_of_model(device)
        assert device.instrument.outputs[2].manual_percent == 12.25
    # What the loops do by themselves is not what was set.
    kept = [key for key in expected if not key.startswith(("temp", "sensor", "power", "setpoint", "ramping"))]
    assert {key: now[key] for key in kept} == {key: expected[key] for key in kept}


def test_our_model_refuses_in_the_words_of_the_event_register(model, serve_file) -> None:
    daemon = serve_file(FILE, {"port": model.url})
    with model.hold() as device:
        device.instrument.setpoint_limit_k = 325.0  # as set on its front panel
        device.event_register = 128  # and it was switched off and on
    with pytest.raises(
        DeviceRefusedError,
        match=r"cryo\.setpoint1: ls336 refused 'SETP 1,350\.0000': \*ESR\? answered 16 "
        r"\(execution error: out of range, or not possible now\)",
    ):
        daemon.items["setpoint1"].set(350.0)
    assert daemon.items["setpoint1"].value == 77.0


# -- the stand-in of another author, on a TCP port


@pytest.fixture
def independent() -> Iterator[TcpDevice]:
    with TcpDevice(Independent()) as device:
        yield device


def over_tcp(device: TcpDevice, tmp_path: Path) -> Path:
    """The shipped file with the 336's network port in the place of its serial one, as a person edits it."""
    settings = device.settings
    tcp = f'driver = "tcp"\nhost = "{settings["host"]}"\nport = {settings["port"]}\n'
    serial = r'driver = "serial"\nport = .*\n(?:(?:baudrate|bytesize|parity) = .*\n)+'
    text, count = re.subn(serial, tcp, FILE.read_text())
    assert count == 1
    # This stand-in answers at once and keeps no count: what the 336 itself asks for costs a second a start.
    text = text.replace("quiet_s = 0.05", "quiet_s = 0.002")
    path = tmp_path / "lakeshore336-tcp.toml"
    path.write_text(text)
    return path


def test_every_item_shows_the_state_of_a_336_of_another_author(independent, tmp_path, serve_file) -> None:
    items = file_items(serve_file(over_tcp(independent, tmp_path)))
    assert_shown(items, independent.answer.states())
    # A platinum sensor at 4.2 K reads +0.0000, which must not pass for a temperature.
    assert items["tempb"].reason == "status is 16 (below range)"
    assert items["tempa"].value == pytest.approx(4.2, abs=0.01)
    assert independent.answer.simulator.esr == 0  # not one query that it does not know


def test_the_heater_warms_the_cryostat_of_another_author(independent, tmp_path, serve_file) -> None:
    simulator = independent.answer.simulator
    items = serve_file(over_tcp(independent, tmp_path)).items
    items["ramp1"].set(0)
    items["setpoint1"].set(30.0)
    assert (simulator.outputs[1].setpoint_k, items["setpoint1"].value) == (30.0, 30.0)
    items["heater1"].set("high", formatted=True)
    assert (simulator.outputs[1].range, items["heater1"].value) == (3, 3)
    before_k = items["tempa"].value
    independent.answer.now_s += 0.1  # 2 s of its own, at 25 W on 5 J/K
    wait_for(lambda: items["tempa"].value > before_k + 5)
    wait_for(lambda: items["power1"].value > 0)


def test_a_336_of_another_author_refuses_what_it_does_not_know(independent, tmp_path, serve_file) -> None:
    items = serve_file(over_tcp(independent, tmp_path)).items
    with pytest.raises(
        DeviceRefusedError,
        match=r"cryo\.mode1: ls336 refused 'OUTMODE 1,3,1,1': \*ESR\? answered 32 "
        r"\(command error: unknown to this controller\)",
    ):
        items["mode1"].set("open loop", formatted=True)
    assert items["mode1"].value == 1
    items["p1"].set(66.0)
    assert independent.answer.simulator.outputs[1].p == 66.0


def test_a_value_out_of_range_is_refused_and_nothing_is_sent(independent, tmp_path, serve_file) -> None:
    items = serve_file(over_tcp(independent, tmp_path)).items
    for key, value, match in [
        ("setpoint1", 401.0, r"cryo\.setpoint1: 401\.0 K is above the maximum 400 K"),
        ("rate1", 0.05, r"cryo\.rate1: 0\.05 K/min is below the minimum 0\.1 K/min"),
        ("manual3", -101.0, r"cryo\.manual3: -101\.0 % is below the minimum -100 %"),
    ]:
        with pytest.raises(LimitError, match=match):
            items[key].set(value)
    sent = [command for command in independent.received if "?" not in command]
    assert sent == []


def test_the_shipped_file_works_on_a_port_that_pyserial_opens_by_url(independent, serve_file) -> None:
    host, port = independent.settings["host"], independent.settings["port"]
    items = serve_file(FILE, {"port": f"socket://{host}:{port}"}).items
    items["setpoint2"].set(12.5)
    assert (items["setpoint2"].value, items["model"].value) == (12.5, "MODEL336")
