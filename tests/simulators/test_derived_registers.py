"""A file with registers, run backwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from mktl_simulators.derived_registers import DerivedRegisters
from mktl_simulators.modbus import ModbusException, RtuLine, TcpPort
from mktl_simulators.stand_in import stand_in

from mktl.devicefile import load
from mktl.errors import MktlError

FILE = """
[links.plc]
driver = "modbus"
url = "tcp://10.0.0.7"
[links.two]
on = "plc"
unit = 2
[links.all]
on = "plc"
unit = 0

[items.pv]
type = "numeric"
link = "plc"
register = "input 1"
as = "int16"
scale = 0.1
initial = 24.5
[items.sp]
type = "numeric"
link = "plc"
register = "holding 2"
as = "float32"
order = "CDAB"
range = [0, 100]
settable = true
[items.mode]
type = "enumerated"
enumerators = { 0 = "off", 3 = "auto" }
link = "plc"
register = "holding 0x200"
write_register = "holding 0"
settable = true
[items.run]
type = "boolean"
link = "plc"
register = "holding 10"
bit = 4
settable = true
[items.power]
type = "numeric"
link = "plc"
register = "holding 20"
scale_register = "holding 21"
settable = true
[items.name]
type = "string"
link = "plc"
register = "holding 30"
as = "string"
length = 6
[items.valves]
type = "numeric array"
link = "plc"
register = "coil 0"
count = 3
settable = true
[items.other]
type = "numeric"
link = "two"
register = "holding 2"
initial = 7
[items.everybody]
type = "numeric"
link = "all"
register = "holding 2"
settable = true
gettable = false

[simulate]
initial = { run = true, name = "oven 1" }
"""


@pytest.fixture
def file(tmp_path: Path):
    path = tmp_path / "plc.toml"
    path.write_text(FILE)
    return load(path)


@pytest.fixture
def plc(file) -> DerivedRegisters:
    return DerivedRegisters(file, "plc")


def test_registers_start_as_the_file_says(plc) -> None:
    assert plc.read("input", 1, 1) == [245]
    assert plc.read("holding", 2, 2) == [0x0000, 0x4248]  # 50.0, the middle of its range, low word first
    assert plc.read("holding", 10, 1) == [0b10000]
    assert plc.read("holding", 30, 3) == [0x6F76, 0x656E, 0x2031]  # "oven 1"
    assert plc.read("coils", 0, 3) == [0, 0, 0]


def test_what_is_written_is_read_where_the_file_reads_it(plc) -> None:
    plc.write("holding", 0, [3])
    assert plc.read("holding", 0x200, 1) == [3]
    assert plc.of("mode") == 3
    plc.write("holding", 10, [0xFFEF])
    assert plc.of("run") == 0
    plc.write("coils", 0, [1, 0, 1])
    assert plc.of("valves") == [1, 0, 1]


@pytest.mark.parametrize(
    ("table", "address", "values", "code"),
    [
        ("holding", 0, [2], 3),  # not one of its words
        ("holding", 2, [0x0000, 0x42CA], 3),  # 101.0
        ("holding", 1, [1], 2),
        ("holding", 30, [1], 2),  # cannot be set
        ("holding", 3, [0, 0], 2),  # beyond its end
    ],
)
def test_what_the_file_does_not_allow_is_refused_and_changes_nothing(
    plc, table, address, values, code
) -> None:
    before = dict(plc._words)
    with pytest.raises(ModbusException) as refused:
        plc.write(table, address, values)
    assert (refused.value.code, plc._words) == (code, before)


@pytest.mark.parametrize(("table", "address"), [("holding", 1), ("holding", 0), ("input", 0), ("coils", 3)])
def test_what_the_file_does_not_name_is_not_there(plc, table, address) -> None:
    with pytest.raises(ModbusException) as refused:
        plc.read(table, address, 1)
    assert refused.value.code == 2


def test_a_hand_at_the_device_changes_what_is_read(plc) -> None:
    plc.put("pv", -3.2)
    assert plc.read("input", 1, 1) == [0xFFE0]
    assert plc.of("pv") == pytest.approx(-3.2)
    plc.write("holding", 20, [123])
    assert plc.of("power") == 123
    plc._words["holding", 21] = 0xFFFE
    assert plc.of("power") == 1.23
    plc.put("power", 4.5)
    assert plc.read("holding", 20, 1) == [450]


def test_each_unit_of_a_line_is_a_device_of_its_own(file) -> None:
    with stand_in(file, "plc") as served:
        assert isinstance(served.device, TcpPort)
        assert list(served.device.units) == [1, 2]
        assert served.device.units[2].of("other") == 7
        assert served.settings["url"] == f"tcp://127.0.0.1:{served.server.port}"


MOVING = """
[simulate.items.pv]
follow = "sp"
rate_per_s = 0.5
[simulate.items.power]
noise = 3.0
"""


def test_values_in_registers_move_as_the_file_says(tmp_path) -> None:
    path = tmp_path / "plc.toml"
    path.write_text(FILE + MOVING)
    plc = DerivedRegisters(load(path), "plc")
    plc.put("pv", 20.0)
    plc.put("sp", 30.0)
    for _ in range(80):
        plc.advance(0.125)  # a sixteenth of a kelvin, of which the register has tenths
    assert plc.of("pv") == pytest.approx(25.0)
    plc.put("power", 100)
    assert len({plc.read("holding", 20, 1)[0] for _ in range(20)}) > 5
    assert plc.of("power") == 100


def test_a_serial_line_is_a_terminal(tmp_path) -> None:
    path = tmp_path / "plc.toml"
    path.write_text(FILE.replace("tcp://10.0.0.7", "rtu:///dev/ttyUSB0?baudrate=19200"))
    with stand_in(load(path), "plc") as served:
        assert isinstance(served.device, RtuLine)
        assert served.settings["url"].startswith("rtu:///")


def test_what_cannot_start_so_is_named(tmp_path) -> None:
    path = tmp_path / "plc.toml"
    path.write_text(FILE.replace("initial = 24.5", "initial = 24.5e6"))
    with pytest.raises(
        MktlError, match=r"cannot simulate pv, which starts as 24500000\.0: .* beyond what int16"
    ):
        DerivedRegisters(load(path), "plc")
