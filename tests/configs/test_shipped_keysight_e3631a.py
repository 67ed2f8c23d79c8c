"""``configs/keysight-e3631a.toml`` through PyVISA-py against the model: on a socket and on RS-232."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mktl_simulators.e3631a import E3631A
from mktl_simulators.serve import PtyServer, TcpServer

from mktl.errors import DeviceRefusedError, LimitError
from tests.configs.serving import edited, serving

FILE = "keysight-e3631a.toml"
NAMES = ("p6v", "p25v", "n25v")


@pytest.fixture
def supply() -> E3631A:
    """5 V on 10 Ω, 12 V on 50 Ω held back at 0.2 A, -12 V on 50 Ω."""
    supply = E3631A.powering(noise=0.0)
    supply.display_text = "HELLO; 12"
    supply.event_register = 0
    return supply


@pytest.fixture
def port(supply) -> Iterator[TcpServer[E3631A]]:
    with TcpServer(supply) as server:
        yield server


def resource(port: TcpServer[E3631A]) -> dict[str, str]:
    return {"resource": f"TCPIP::{port.host}::{port.port}::SOCKET"}


def test_every_item_shows_the_state_of_the_model(supply, port) -> None:
    with serving(FILE, resource(port)) as items:
        expected = {
            "model": "E3631A", "firmware": "2.1-5.0-1.0", "output": 1, "tracking": 0, "selected": 1,
            "message": "HELLO; 12",
            "setp6v": 5.0, "limitp6v": 1.0, "voltagep6v": 5.0, "currentp6v": 0.5, "regulationp6v": 2,
            "setp25v": 12.0, "limitp25v": 0.2, "voltagep25v": 10.0, "currentp25v": 0.2, "regulationp25v": 1,
            "setn25v": -12.0, "limitn25v": 1.0, "voltagen25v": -12.0, "currentn25v": 0.24,
            "regulationn25v": 2,
        }  # fmt: skip
        assert {key: item.value for key, item in items.items()} == expected
        assert items["regulationp25v"].formatted == "constant current"
        with port.hold():
            assert (supply.event_register, len(supply.errors)) == (0, 0)  # not a query that it does not know


def test_settings_are_set_read_back_and_leave_their_neighbours_alone(supply, port) -> None:
    with serving(FILE, resource(port)) as items:
        for key, value in {
            "setp6v": 3.3, "limitp6v": 0.25, "setn25v": -20.5, "limitn25v": 0.75, "limitp25v": 1.0,
            "message": "IN USE", "selected": 2, "output": 0,
        }.items():  # fmt: skip
            items[key].set(value)
            assert (key, items[key].value) == (key, value)
        outputs = supply.supplies.outputs
        with port.hold():
            assert [(output.volts, output.amps) for output in outputs] == [
                (3.3, 0.25),
                (12, 1),
                (-20.5, 0.75),
            ]
            assert (supply.display_text, supply.selected, supply.supplies.on) == ("IN USE", 1, False)
        items["output"].set("on", formatted=True)
        assert items["currentp6v"].get(refresh=True) == pytest.approx(0.25)  # 3.3 V on 10 Ω wants more
        items["regulationp6v"].get(refresh=True)
        assert items["regulationp6v"].formatted == "constant current"


def test_the_25_v_pair_tracks(port) -> None:
    with serving(FILE, resource(port)) as items:
        items["tracking"].set(True)
        items["setp25v"].set(15.0)
        assert items["setn25v"].get(refresh=True) == -15.0


def test_reading_leaves_alone_what_the_front_panel_shows(supply, port) -> None:
    with serving(FILE, resource(port)) as items:
        for name in NAMES:
            items[f"set{name}"].get(refresh=True)
            items[f"voltage{name}"].get(refresh=True)
        assert supply.selected == 0
        assert items["selected"].formatted == "P6V"


def test_refusals_come_in_the_words_of_the_queue_and_old_errors_are_nobodys(supply, port) -> None:
    with serving(FILE, resource(port)) as items:
        with port.hold():
            for code in (-113, -222, -109):
                supply.errors.put(code)
            # A supply that was sold for less: its limit is not the one of the file.
            supply.supplies.outputs[0].most_v = 5.0
        with pytest.raises(DeviceRefusedError, match=r"INST P6V;:VOLT 6\.0000.*-222 \(Data out of range\)"):
            items["setp6v"].set(6.0)
        with pytest.raises(LimitError, match=r"lab\.setn25v: 5\.0 V is above the maximum 0 V"):
            items["setn25v"].set(5.0)
        assert (items["setp6v"].value, items["setn25v"].value) == (5.0, -12.0)


def test_on_rs232_it_is_taken_from_its_front_panel_first(tmp_path: Path) -> None:
    more = "reply_end = '\\r\\n'\ninit = [{ send = 'SYST:REM' }]\nstopbits = 2\n"
    serial = edited(FILE, tmp_path / FILE, {"reply_end = '\\n'\n": more})
    supply = E3631A.serial(noise=0.0)
    with (
        PtyServer(supply, link_path=tmp_path / "psu") as port,
        serving(serial, {"resource": f"ASRL{port.url}::INSTR"}) as items,
    ):
        items["setp6v"].set(5.0)
        assert (items["setp6v"].value, supply.panel) == (5.0, "remote")
