"""``mark plan``: what is asked of a line, and how busy that keeps it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from mktl.devicefile import Device
from mktl.errors import MktlError

Call = Callable[..., Result]

FILE = r"""
[links.psu]
driver = "serial"
port = "/dev/never-opened"
baudrate = 1000
quiet_s = 0.02
[queries.both]
send = 'MEAS?'
reply = '{volts:15s},{amps:15s}'
[items.volts]
type = "string"
from = "both.volts"
poll_s = 2
[items.amps]
type = "string"
from = "both.amps"
[items.name]
type = "string"
get = '*IDN?'
reply = '{:20s}'
[queries.said]
unsolicited = 'ALARM {:d}'
[items.alarm]
from = "said"
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "psu.toml"
    path.write_text(FILE)
    return str(path)


def test_each_query_has_its_period_its_bytes_its_time_and_its_items(call: Call, file: str) -> None:
    result = call("plan", file)
    assert result.exit_code == 0
    # "MEAS?" LF and 15 "," 15 LF are 38 bytes of 10 bits at 1000 baud, and 20 ms of silence.
    assert result.stdout.splitlines() == [
        "psu: serial",
        "  every 2 s       'MEAS?'  (38 bytes, 400 ms): volts, amps",
        "  on connect      '*IDN?'  (27 bytes, 290 ms): name",
        "  unasked         said: alarm",
        "  speed 100 characters/s, quiet_s 0.02; polls keep the line busy 20.0% of the time, and what the "
        "device takes to think",
    ]


def test_a_network_has_no_speed_of_its_own(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "psu.toml"
    serial = '"serial"\nport = "/dev/never-opened"\nbaudrate = 1000'
    path.write_text(FILE.replace(serial, '"tcp"\nhost = "h"\nport = 1').replace("quiet_s = 0.02\n", ""))
    lines = call("plan", str(path)).stdout.splitlines()
    assert lines[1] == "  every 2 s       'MEAS?'  (38 bytes): volts, amps"
    assert "not known" in lines[-1]


def test_a_driver_that_joins_reads_plans_for_itself(
    call: Call, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mktl_drivers.serial.plan_text", lambda device: f"{list(device.links)}", raising=False
    )
    assert call("plan", file).stdout == "['psu']\n"


def test_what_a_driver_cannot_do_is_a_mistake_of_the_file(
    call: Call, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(device: Device) -> str:
        raise MktlError("volts: takes 200 registers, and the device one write of 123 at the most")

    monkeypatch.setattr("mktl_drivers.serial.plan_text", refuse, raising=False)
    result = call("plan", file)
    assert (result.exit_code, result.stdout) == (2, "")
    checked = call("check", file)
    assert checked.exit_code == 2
    assert f"{file}:2: links.psu: volts: takes 200 registers" in checked.stderr


def test_a_wrong_file_is_told_as_by_check(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "psu.toml"
    path.write_text(FILE.replace("baudrate", "baudrat"))
    result = call("plan", str(path))
    assert result.exit_code == 2
    assert 'did you mean "baudrate"?' in result.stderr
