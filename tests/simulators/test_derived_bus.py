"""Several devices on one line, made from one file."""

from __future__ import annotations

from pathlib import Path

import pytest
from mktl_simulators.stand_in import stand_in

from mktl.devicefile import load
from mktl.errors import DeviceTimeoutError, MktlError, UnknownItemError
from tests.simulators.engine import Engine

BUS = r"""
[links.bus]
driver = "serial"
port = "/dev/ttyUSB0"
send_end = ';FF'
reply_end = ';FF'
reply_timeout_s = 0.1

[each.unit]
values = [{ unit = "1", address = "001" }, { unit = "2", address = "002" }]
[each.unit.links."mks{unit}"]
on = "bus"
identity = { send = '@{address}MD?', reply = '@{address}ACK937B' }
otherwise = [{ reply = '@{address}NAK{code:d}', error = "NAK {code}" }]
[each.unit.items."pressure{unit}"]
type = "numeric"
link = "mks{unit}"
get = '@{address}PR1?'
reply = '@{address}ACK{:.2E}'
[each.unit.items."setpoint{unit}"]
type = "numeric"
range = [0, 10]
link = "mks{unit}"
get = '@{address}SP1?'
reply = '@{address}ACK{:.2E}'
set = '@{address}SP1!{:.2E}'
set_reply = '@{address}ACK{_:.2E}'
[simulate]
initial = { pressure1 = 1e-3, pressure2 = 2e-3 }
"""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    path = tmp_path / "bus.toml"
    path.write_text(BUS)
    return Engine(load(path))


def test_each_device_on_a_line_answers_for_itself(engine) -> None:
    engine.start()
    assert (engine.read("pressure1").value, engine.read("pressure2").value) == (1e-3, 2e-3)
    engine.write("setpoint2", 7.0)
    assert (engine.read("setpoint1").value, engine.read("setpoint2").value) == (5.0, 7.0)


def test_what_none_of_them_knows_is_refused_by_the_one_that_it_is_addressed_to(engine) -> None:
    bus = engine.device
    assert bus.receive(b"@002XX?;FF") == b"@002NAK1;FF"
    assert bus.receive(b"@001XX?;FF@003PR1?;FF*IDN?;FF") == b"@001NAK1;FF"
    assert bus.receive(b"@002SP1!1.10E+01;FF") == b"@002NAK1;FF"


def test_one_that_is_switched_off_says_nothing_and_the_others_go_on(engine) -> None:
    engine.device.switch_off("mks1")
    with pytest.raises(DeviceTimeoutError, match="no reply"):
        engine.read("pressure1")
    assert engine.device.receive(b"@001XX?;FF") == b""
    assert engine.read("pressure2").value == 2e-3
    engine.device.switch_on("mks1")
    engine.device.put("pressure1", 5e-3)
    assert engine.device.receive(b"@001PR1?;FF") == b"@001ACK5.00E-03;FF"


def test_the_link_that_only_lends_its_line_is_no_device(engine) -> None:
    assert list(engine.device.units) == ["mks1", "mks2"]
    with pytest.raises(UnknownItemError, match="no item 'flow' on this line, only pressure1, setpoint1"):
        engine.device.put("flow", 1)
    with pytest.raises(MktlError, match="no device 'bus' on this line, only mks1, mks2"):
        engine.device.switch_off("bus")


def test_a_stand_in_of_the_line_has_all_devices_of_it(engine) -> None:
    with stand_in(engine.file, "bus") as standing, standing.server.hold() as device:
        assert list(device.units) == ["mks1", "mks2"]
