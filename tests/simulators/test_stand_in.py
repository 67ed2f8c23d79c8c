"""What takes the place of the hardware, for ``markd --simulate`` and from the command line."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

import mktl_simulators
import pytest
import serial
from mktl_simulators.__main__ import states_of
from mktl_simulators.derived import DerivedDevice
from mktl_simulators.eurotherm3216 import Eurotherm3216
from mktl_simulators.lakeshore336 import LakeShore336
from mktl_simulators.modbus import RtuLine, TcpPort
from mktl_simulators.models import MODELS, find_model
from mktl_simulators.stand_in import stand_in

from mktl.devicefile import Device, load
from mktl.errors import MktlError

DEADLINE_S = 10.0

FILE = """
[links.box]
driver = "{driver}"
port = "/dev/ttyUSB0"
reply_end = '\\r\\n'
{more}
[items.temp]
type = "numeric"
initial = 20.5
link = "box"
get = 'T?'
reply = '{{:.1f}}'
"""


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Device]:
    def build(driver: str, more: str = "") -> Device:
        path = tmp_path / "box.toml"
        path.write_text(FILE.format(driver=driver, more=more))
        return load(path)

    return build


def ask_port(host: str, port: int, command: bytes) -> bytes:
    with socket.create_connection((host, port), DEADLINE_S) as line:
        line.sendall(command)
        return line.makefile("rb").readline()


def ask_terminal(path: str, command: bytes) -> bytes:
    with serial.Serial(path, timeout=DEADLINE_S) as line:
        line.write(command)
        return bytes(line.readline())


def test_a_tcp_link_gets_a_port(make) -> None:
    with stand_in(make("tcp"), "box") as standing:
        assert isinstance(standing.device, DerivedDevice)
        assert standing.settings.keys() == {"host", "port"}
        assert ask_port(standing.settings["host"], standing.settings["port"], b"T?\n") == b"20.5\r\n"


def test_a_udp_link_gets_a_port(make) -> None:
    with stand_in(make("udp"), "box") as standing, socket.socket(type=socket.SOCK_DGRAM) as asking:
        assert standing.settings.keys() == {"host", "port"}
        asking.settimeout(DEADLINE_S)
        asking.connect((standing.settings["host"], standing.settings["port"]))
        asking.send(b"T?\n")
        assert asking.recv(100) == b"20.5\r\n"


@pytest.mark.parametrize(
    ("resource", "form"),
    [
        ("TCPIP::10.0.0.7::INSTR", r"TCPIP::127\.0\.0\.1::hislip0,\d+::INSTR"),
        ("USB0::0x05E6::0x2450::04301234::INSTR", r"TCPIP::127\.0\.0\.1::hislip0,\d+::INSTR"),
        ("GPIB0::12::INSTR", r"TCPIP::127\.0\.0\.1::hislip0,\d+::INSTR"),
        ("TCPIP::10.0.0.7::5025::SOCKET", r"TCPIP::127\.0\.0\.1::\d+::SOCKET"),
        ("ASRL/dev/ttyUSB0::INSTR", r"ASRL/.*/box::INSTR"),
    ],
)
def test_a_visa_link_gets_a_resource_of_the_same_manners(make, resource, form) -> None:
    with stand_in(make("visa", f'resource = "{resource}"\nlibrary = "@ni"'), "box") as standing:
        assert re.fullmatch(form, standing.settings["resource"])
        assert standing.settings["library"] == "@py"  # what it takes to reach it


def test_a_serial_link_gets_a_terminal_that_keeps_its_name_when_replugged(make) -> None:
    with stand_in(make("serial"), "box") as standing:
        assert ask_terminal(standing.settings["port"], b"T?\n") == b"20.5\r\n"
        standing.server.unplug()
        standing.server.plug()
        assert ask_terminal(standing.settings["port"], b"T?\n") == b"20.5\r\n"


def test_nothing_is_left_of_a_stand_in(make) -> None:
    before = set(os.listdir(tempfile.gettempdir()))
    standing = stand_in(make("serial"), "box")
    directory = Path(standing.settings["port"]).parent
    assert directory.is_dir()
    standing.close()
    standing.close()
    assert not directory.exists()
    assert {
        name for name in os.listdir(tempfile.gettempdir()) if name.startswith("mktl-simulated-")
    } <= before


def test_a_file_that_names_a_model_gets_it_at_the_speed_asked_for(make) -> None:
    model = '[simulate]\nmodel = "mktl_simulators.lakeshore336:LakeShore336"'
    with stand_in(make("tcp", model), "box", speed=20.0) as standing:
        assert isinstance(standing.device, LakeShore336)
        assert standing.server.speed == 20.0
        assert ask_port(standing.settings["host"], standing.settings["port"], b"RANGE? 1\n") == b"0\r\n"


def test_faults_are_ordered_through_the_stand_in(make) -> None:
    with stand_in(make("tcp"), "box") as standing:
        standing.faults.double()
        assert ask_port(standing.settings["host"], standing.settings["port"], b"T?\n") == b"20.5\r\n"
        assert [one.kind for one in standing.faults.happened] == ["double"]


UNITS = """
[links.one]
driver = "modbus"
url = "{url}"
unit = 3
[links.two]
driver = "modbus"
on = "one"
url = "{url}"
unit = 4
[simulate]
model = "mktl_simulators.eurotherm3216:Eurotherm3216"
"""


@pytest.mark.parametrize("scheme", ["tcp", "rtu+tcp", "rtu"])
def test_a_modbus_link_gets_a_line_with_a_model_for_each_unit_on_it(tmp_path, scheme) -> None:
    path = tmp_path / "ovens.toml"
    path.write_text(UNITS.format(url="rtu:///dev/ttyS0" if scheme == "rtu" else f"{scheme}://oven:502"))
    with stand_in(load(path), "one") as standing:
        assert standing.settings["url"].startswith(f"{scheme}://")
        units = standing.device.units
        assert {number: type(unit) for number, unit in units.items()} == {3: Eurotherm3216, 4: Eurotherm3216}
        assert isinstance(standing.device, TcpPort if scheme == "tcp" else RtuLine)


@pytest.mark.parametrize(
    ("driver", "more", "message"),
    [
        ("gpib", "", r"links\.box: nothing simulates the line of driver 'gpib', only"),
        ("modbus", "", r"links\.box: no url, which says what kind"),
        (
            "tcp",
            '[simulate]\nmodel = "mktl_simulators.wago750352:Wago750352"',
            r"links\.box: driver 'tcp', but 'mktl_simulators\.wago750352:Wago750352' is Modbus",
        ),
        ("tcp", '[simulate]\nmodel = "no.such.module:X"', r"cannot import no\.such\.module"),
        ("tcp", '[simulate]\nmodel = "mktl_simulators.faults:Fault"', "has no class Fault"),
        (
            "tcp",
            '[simulate]\nmodel = "mktl_simulators.faults:Faults"',
            "a simulated device has a method receive",
        ),
    ],
)
def test_what_cannot_stand_in_says_why(make, driver, more, message) -> None:
    with pytest.raises(MktlError, match=message):
        stand_in(make(driver, more), "box")


def test_a_link_that_is_not_there_is_named(make) -> None:
    with pytest.raises(MktlError, match="no link 'bx'; there are: box"):
        stand_in(make("tcp"), "bx")


def test_markd_finds_it_by_entry_point() -> None:
    (found,) = entry_points(group="mktl.simulators", name="default")
    assert found.load() is stand_in


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``python -m mktl_simulators`` and the line that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mktl_simulators", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        yield process, process.stdout.readline()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_model_is_served_on_a_port_until_it_is_told_to_stop(signum) -> None:
    with started("lakeshore336", "--tcp", "0", "--start", "controlling", "--seed", "1") as (process, line):
        found = re.fullmatch(r"lakeshore336 listens on tcp://127\.0\.0\.1:(\d+)\n", line)
        assert found
        assert ask_port("127.0.0.1", int(found[1]), b"SETP? 1;RANGE? 1\n") == b"+77.0000;3\r\n"
        process.send_signal(signum)
        assert process.wait(DEADLINE_S) == 0


@pytest.mark.parametrize(
    ("arguments", "request_", "reply"),
    [
        # Register 107 is the version, 0x0214: unit 3 on a serial line behind a port. Checksums by pymodbus.
        (
            ["eurotherm3216", "--rtu", "--unit", "3", "--start", "cold"],
            "03 04 006B 0001 41F4",
            "03 04 02 0214 C19F",
        ),
        # Item number of the coupler; its port answers any unit.
        (["wago750352"], "0007 0000 0006 FF 03 2012 0001", "0007 0000 0005 FF 03 02 0160"),
    ],
)
def test_a_modbus_model_is_served_on_a_port(arguments, request_, reply) -> None:
    with started(*arguments, "--tcp", "0") as (_, line):
        port = int(line.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as connection:
            connection.sendall(bytes.fromhex(request_))
            expected = bytes.fromhex(reply)
            assert connection.recv(len(expected), socket.MSG_WAITALL) == expected


@pytest.mark.parametrize(
    ("option", "url"),
    [("--udp", r"udp://127\.0\.0\.1:\d+"), ("--hislip", r"TCPIP::127\.0\.0\.1::hislip0,\d+::INSTR")],
)
def test_a_model_is_served_on_a_line_of_ones_choice(option, url) -> None:
    with started("lakeshore336", option, "0") as (process, line):
        assert re.fullmatch(rf"lakeshore336 listens on {url}\n", line)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0


def test_a_file_is_served_on_a_terminal_under_a_name_of_ones_own(make, tmp_path) -> None:
    path = make("serial").path
    with started(str(path), "box", "--pty", str(tmp_path / "port")) as (process, line):
        assert line == f"{path} listens on {tmp_path / 'port'}\n"
        assert ask_terminal(str(tmp_path / "port"), b"T?\n") == b"20.5\r\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert not os.path.lexists(tmp_path / "port")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lakeshore336", "--start", "melting"], "has no state 'melting', only cold, controlling, cooling"),
        (["nothing.toml"], "no such file"),
        (["lakeshore336", "--tcp", "70000"], "cannot listen on 127.0.0.1 port 70000"),
    ],
)
def test_what_cannot_be_served_says_why_and_fails(arguments, message) -> None:
    with started(*arguments) as (process, line):
        assert line == ""
        _, errors = process.communicate(timeout=DEADLINE_S)
        assert message in errors
        assert "Traceback" not in errors
        assert process.returncode == 1


def test_the_page_on_simulators_names_models_and_states_that_there_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "simulate.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| .* \| (`.*`) \|$", page, re.MULTILINE)
    told = {name: set(re.findall(r"`(\w+)`", states)) for name, states in rows}
    there = {name: set(states_of(find_model(path)).split(", ")) for name, path in MODELS.items()}
    assert told
    assert told.items() <= there.items()


MODULES = [name for _, name, _ in pkgutil.walk_packages(mktl_simulators.__path__, "mktl_simulators.")]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_examples_in_docstrings_run(name) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
