"""``configs/lakeshore336.toml`` against our model of the device, and against one that nobody here wrote."""

from __future__ import annotations

import socketserver
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from labmcp_lakeshore.simulator import LakeShoreSimulator
from mktl_simulators.lakeshore336 import LakeShore336
from mktl_simulators.serve import PtyServer

import mktl
from mktl.daemon import configure
from tests.conftest import wait_for

ROOT = Path(__file__).parents[2]
FILE = ROOT / "configs" / "lakeshore336.toml"
INPUTS, LOOPS, OUTPUTS = "abcd", (1, 2), (1, 2, 3, 4)


class Bridge:
    """The stand-in from the package index behind a TCP port; it knows lines, their ends are put on here."""

    def __init__(self) -> None:
        self.device = LakeShoreSimulator("336", speed=20)
        self.lock = threading.Lock()
        self.received: list[str] = []
        bridge = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for line in self.rfile:
                    self.wfile.write(bridge.answer(line.decode("ascii").strip()))

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = False

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def answer(self, line: str) -> bytes:
        with self.lock:
            self.received.append(line)
            reply = self.device.handle(line)
        replies = [] if reply is None else [reply] if isinstance(reply, str) else reply
        return b"".join(text.encode("ascii") + b"\r\n" for text in replies)

    def commands(self) -> list[str]:
        """What was sent to change something, without the queries."""
        with self.lock:
            return [line for line in self.received if "?" not in line]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def over_tcp(tmp_path) -> Path:
    """The shipped file with nothing changed but its line: TCP, as the 336 also has it."""
    text = FILE.read_text()
    line = text[text.index("[links.ls336]") : text.index("send_end")]
    path = tmp_path / "ls336-tcp.toml"
    tcp = '[links.ls336]\ndriver = "tcp"\nhost = "127.0.0.1"\nport = "{port}"\n'
    path.write_text(text.replace(line, tcp).replace("quiet_s = 0.05", "quiet_s = 0.0"))
    return path


@pytest.fixture
def stand_in():
    bridge = Bridge()
    yield bridge
    bridge.close()


def start(path: Path, port: object) -> mktl.Daemon:
    configure.adopt("cryo", "ls336", path, {"port": str(port)})
    return mktl.Daemon("cryo", "ls336", SimpleNamespace(simulate=False, speed=1.0))


def values_of(daemon: mktl.Daemon) -> dict[str, mktl.Item]:
    items = {key: item for key, item in daemon.items.items() if not key.startswith("_")}
    wait_for(lambda: all(item.status != "unset" for key, item in items.items() if "manual" not in key))
    return items


def test_every_item_is_read_right_from_a_stand_in_that_nobody_here_wrote(stand_in, over_tcp) -> None:
    with start(over_tcp, stand_in.port) as daemon:
        items = values_of(daemon)
        device = stand_in.device
        assert (items["model"].value, items["firmware"].value) == ("MODEL336", "2.9")
        assert items["serial"].value == "LSA3361/LSO3362"
        for letter in INPUTS:
            wired = device.inputs[letter.upper()]
            assert items[f"type{letter}"].value == wired.sensor_type
            assert items[f"name{letter}"].value == wired.name
            flaw = device._status(wired, device.temps[wired.node])
            assert items[f"status{letter}"].value == flaw
            if wired.sensor_type == 0:
                assert items[f"temp{letter}"].status == items[f"sensor{letter}"].status == "disabled"
                assert items[f"temp{letter}"].value is None
                continue
            if flaw:  # a platinum resistor tells nothing at 4.2 K, and reads +0.0000
                assert (items[f"temp{letter}"].value, items[f"temp{letter}"].status) == (None, "range")
                assert "below range" in items[f"temp{letter}"].reason
            else:
                assert items[f"temp{letter}"].value == pytest.approx(device.temps[wired.node], abs=0.1)
            sensor = device._sensor_units(wired, device.temps[wired.node])
            assert items[f"sensor{letter}"].value == pytest.approx(sensor, rel=0.05)
        for n in OUTPUTS:
            output = device.outputs[n]
            assert items[f"setpoint{n}"].value == pytest.approx(output.setpoint_k, abs=1e-4)
            assert items[f"heater{n}"].value == output.range
            assert items[f"power{n}"].value == pytest.approx(output.percent, abs=0.1)
            assert items[f"mode{n}"].value == output.mode
            assert items[f"control{n}"].value == output.control_input
            assert items[f"powerup{n}"].value == output.powerup
        for n in LOOPS:
            output = device.outputs[n]
            assert [items[f"{key}{n}"].value for key in "pid"] == [output.p, output.i, output.d]
            assert (items[f"ramp{n}"].value, items[f"rate{n}"].value) == (output.ramp_on, output.ramp_rate)
            assert (items[f"fault{n}"].value, items[f"ramping{n}"].value) == (0, 0)
        read = {key for key, item in items.items() if item.spec.query is not None}
        assert read == {key for key in items if "manual" not in key}


def test_setpoint_and_heater_are_set_and_read_back_and_it_warms_up(stand_in, over_tcp) -> None:
    with start(over_tcp, stand_in.port) as daemon:
        items = values_of(daemon)
        items["setpoint1"].set(20.5)
        items["heater1"].set("high")
        assert items["setpoint1"].value == 20.5
        assert items["heater1"].formatted == "high"
        assert stand_in.device.outputs[1].setpoint_k == 20.5
        assert stand_in.commands() == ["SETP 1,20.5000", "RANGE 1,3"]
        wait_for(lambda: items["tempa"].value > 10, deadline_s=30)


def test_one_of_three_gains_is_set_and_the_others_stay_as_the_device_has_them(stand_in, over_tcp) -> None:
    with start(over_tcp, stand_in.port) as daemon:
        items = values_of(daemon)
        stand_in.device.outputs[1].i = 33.0  # somebody at the front panel
        items["p1"].set(75)
        assert stand_in.commands() == ["PID 1,75.0,33.0,0"]
        assert [items[f"{key}1"].value for key in "pid"] == [75.0, 33.0, 0.0]


def test_a_refusal_comes_in_the_devices_words_and_a_range_is_refused_before_it(stand_in, over_tcp) -> None:
    with start(over_tcp, stand_in.port) as daemon:
        items = values_of(daemon)
        with pytest.raises(mktl.errors.LimitError, match="500 K is above the maximum 400 K"):
            items["setpoint1"].set(500)
        assert stand_in.commands() == []
        with pytest.raises(
            mktl.errors.DeviceRefusedError, match=r"cryo\.mode1: .*OUTMODE 1,3,1,0.*unknown to"
        ):
            items["mode1"].set("open loop")  # a command that the stand-in does not have


def test_the_same_file_on_a_serial_line_with_our_model(tmp_path) -> None:
    model = LakeShore336.controlling(at_k=77)
    link = tmp_path / "ttyLS336"
    with PtyServer(model, link_path=link) as server, start(FILE, link) as daemon:
        items = values_of(daemon)
        assert items["tempa"].value == pytest.approx(77, abs=0.5)
        assert items["typed"].formatted == "off"
        assert items["tempd"].status == "disabled"
        items["namea"].set("Cold plate")
        assert items["namea"].value == "Cold plate"
        items["mode2"].set("open loop")
        items["manual2"].set(12.5)
        assert items["mode2"].formatted == "open loop"
        assert model.manners.too_fast == 0  # 50 ms between exchanges, as the manual asks
        server.unplug()
        wait_for(lambda: items["tempa"].status == "disconnected")
        assert items["tempa"].value == pytest.approx(77, abs=0.5)
        server.plug()
        wait_for(lambda: items["tempa"].status == "ok")
