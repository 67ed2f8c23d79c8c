"""A device file with registers, served against itself run backwards."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import mktl
from mktl.daemon import configure
from tests.drivers.modbus_bench import read_all

FILE = """
[links.oven]
driver = "modbus"
url = "URL"
[links.second]
on = "oven"
unit = 2
[each.n]
values = [{ n = 1, link = "oven" }, { n = 2, link = "second" }]
[each.n.items."temp{n}"]
type = "numeric"
units = "degC"
link = "{link}"
register = "holding 1"
as = "int16"
scale = 0.1
initial = 21.5
poll_s = 0.05
[each.n.items."target{n}"]
type = "numeric"
link = "{link}"
register = "40003"
as = "int16"
scale = 0.1
settable = true
poll_s = 0.05
"""


@pytest.mark.parametrize(
    "url", ["tcp://10.0.0.7", "rtu:///dev/ttyUSB7?parity=even", "rtu+tcp://10.0.0.7:4001"]
)
def test_a_file_with_registers_is_its_own_simulator(url, tmp_path: Path) -> None:
    path = tmp_path / "ovens.toml"
    path.write_text(FILE.replace("URL", url))
    configure.adopt("lab", "ovens", path)
    with mktl.Daemon("lab", "ovens", SimpleNamespace(simulate=True, speed=1.0)) as daemon:
        items = read_all(daemon)
        assert [items[f"temp{n}"].value for n in (1, 2)] == [21.5, 21.5]
        items["target2"].set(80)
        assert (items["target1"].value, items["target2"].value) == (0, 80)
