"""What the driver makes of a device file before anything is opened: settings, mistakes, the plan in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from mktl_drivers.modbus import plan_text
from mktl_drivers.modbus.settings import ModbusSettings, port_of

from mktl.devicefile import load
from mktl.errors import MktlError

FILE = """
[links.plc]
driver = "modbus"
url = "tcp://10.0.0.7"
largest_gap = 2
[links.two]
on = "plc"
unit = 2
[links.text]
driver = "tcp"
host = "10.0.0.8"
port = 1
[items.level]
type = "numeric"
link = "plc"
register = "input 0"
poll_s = 1.0
[items.flow]
type = "numeric"
link = "plc"
register = "30005"
as = "float32"
scale_register = "holding 40"
poll_s = 1.0
[items.valves]
type = "numeric array"
link = "two"
register = "coil 0x10"
count = 20
"""


def file(tmp_path: Path, more: str = ""):
    path = tmp_path / "plc.toml"
    path.write_text(FILE + more)
    return load(path)


def test_the_plan_says_what_is_read_together_how_often_and_for_whom(tmp_path) -> None:
    assert plan_text(file(tmp_path)).splitlines() == [
        "plc: tcp://10.0.0.7, unit 1: 3 reads",
        "  every 1 s    input 0              1 register     level",
        "  every 1 s    input 4-5            2 registers    flow",
        "  every 1 s    holding 40           1 register     flow",
        "two: tcp://10.0.0.7, unit 2: 1 read",
        "  on demand    coil 16-35           20 bits        valves",
    ]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "[items.no]\nlink = 'plc'\nget = 'A'\nreply = '{:d}'\n",
            "no: an item of a Modbus device has a register",
        ),
        (
            "[items.no]\nlink = 'two'\nregister = '40001'\ngood_when = { level = 1 }\n",
            "no: depends on 'level', which is no item of this unit",
        ),
        ("[links.x]\non = 'plc'\nunit = 3\ninit = [{ send = 'A' }]\n", 'x: "init" is for devices'),
    ],
)
def test_what_cannot_be_is_said_without_a_device(more, message, tmp_path) -> None:
    with pytest.raises(MktlError, match=message):
        plan_text(file(tmp_path, more))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("10.0.0.7", "expected tcp://10.0.0.7, rtu:///dev/ttyUSB0"),
        ("tcp://", "expected tcp://"),
        ("tcp://host:70000", "Port out of range"),
        ("rtu+tcp://host", r"needs the port of the serial server: rtu\+tcp://host:4001"),
        ("rtu:///dev/ttyUSB0?baud=9600", "baud: extra inputs are not permitted"),
        ("rtu:///dev/ttyUSB0?parity=e", "parity: input should be 'none', 'odd', 'even'"),
        ("udp://host:502", "expected tcp://"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused_with_one_that_would(url, message) -> None:
    with pytest.raises(ValueError, match=message):
        ModbusSettings(url=url)


def test_a_serial_port_is_set_up_as_the_url_says_and_silent_for_as_long_as_the_protocol_wants() -> None:
    port = port_of("rtu://COM3?baudrate=19200&parity=even&stopbits=1")
    assert (port.port, port.baudrate, port.parity, port.stopbits) == ("COM3", 19200, "even", 1)
    # Serial Line V1.02, section 2.5.1.1: 3.5 characters of 11 bits, above 19200 baud 1.75 ms.
    assert ModbusSettings(url="rtu:///dev/x?baudrate=19200&parity=even").silence_s == pytest.approx(
        2.005e-3, rel=1e-3
    )
    assert ModbusSettings(url="rtu:///dev/x?baudrate=115200").silence_s == 1.75e-3
    assert ModbusSettings(url="tcp://x").silence_s == 0


def test_forbidden_spans_are_read_as_people_write_them() -> None:
    limits = ModbusSettings(url="tcp://x", forbidden=["holding 10-19", "30001"], largest_gap=3).limits
    assert [str(span) for span in limits.forbidden] == ["holding 10-19", "input 0"]
    with pytest.raises(ValueError, match="expected a table"):
        ModbusSettings(url="tcp://x", forbidden=["10-19"])
