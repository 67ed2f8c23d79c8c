"""Files that include others: one page for a kind of device, a short one for each installation."""

from __future__ import annotations

from pathlib import Path

import pytest

from mktl.devicefile import load
from mktl.errors import DeviceFileError

UNIT = r"""
[parameters]
address = "001"
name = "g1"

[links."{name}"]
on = "bus"
identity = { send = '@{address}MD?', reply = '@{address}ACK937B' }

[items."{name}_pressure"]
type = "numeric"
link = "{name}"
get = '@{address}PR1?'
reply = '@{address}ACK{:e}'
"""
BUS = "[links.bus]\ndriver = 'serial'\nport = '/dev/ttyS0'\nreply_end = ';FF'\n"


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


def problems_of(path: Path) -> list[tuple[str, int | None, str, str]]:
    with pytest.raises(DeviceFileError) as caught:
        load(path)
    return [(Path(one.file).name, one.line, one.path, one.message) for one in caught.value.problems]


def test_a_unit_is_described_once_and_included_for_each_there_is(write) -> None:
    write("parts/937b.toml", UNIT)
    path = write(
        "lab.toml",
        """
include = [
  { file = "parts/937b.toml", with = { address = "001", name = "g1" } },
  { file = "parts/937b.toml", with = { address = "002", name = "g2" } },
]
"""
        + BUS,
    )
    device = load(path)
    assert list(device.items) == ["g1_pressure", "g2_pressure"]
    assert device.queries["item:g2_pressure"].steps[0].send.format({}) == b"@002PR1?"
    two = device.links["g2"]
    assert (two.on, two.driver, two.reply_end) == ("bus", "serial", b";FF")
    assert two.settings["port"] == "/dev/ttyS0"


def test_parameters_that_are_not_put_in_are_still_parameters_and_the_file_may_have_its_own(write) -> None:
    write("unit.toml", UNIT)
    text = 'include = "unit.toml"\n[parameters]\nname = "gauge"\n' + BUS
    device = load(write("lab.toml", text), parameters={"address": "007"})
    assert list(device.items) == ["gauge_pressure"]
    assert device.queries["item:gauge_pressure"].steps[0].send.format({}) == b"@007PR1?"


def test_a_mistake_in_an_included_file_is_reported_there(write) -> None:
    write("unit.toml", UNIT.replace('type = "numeric"', 'tyep = "numeric"'))
    path = write("lab.toml", 'include = ["unit.toml"]\n' + BUS + "baudrate = 'fast'\nretry_s = 'a'\n")
    found = problems_of(path)
    assert ("unit.toml", 11, "items.g1_pressure.tyep", 'unknown key; did you mean "type"?') in found
    assert ("lab.toml", 7, "links.bus.retry_s", 'expected a number, got "a"') in found


@pytest.mark.parametrize(
    ("include", "message"),
    [
        ('"missing.toml"', "no such file"),
        ('["lab.toml"]', '"lab.toml" includes itself'),
        ("5", 'expected "base.toml" or { file = "unit.toml", with = { address = "001" } }, got 5'),
        ('[{ file = "unit.toml", with = { adress = "2" } }]', 'did you mean "address"?'),
        ('["unit.toml", "unit.toml"]', "an included file before this one has them already"),
    ],
)
def test_what_cannot_be_included_says_why(write, include, message) -> None:
    write("unit.toml", UNIT)
    found = problems_of(write("lab.toml", f"include = {include}\n{BUS}"))
    assert any(message.lower() in text.lower() for *_, text in found), found


def test_a_table_of_the_file_that_an_included_one_has_is_no_silent_change(write) -> None:
    write("unit.toml", UNIT)
    path = write("lab.toml", f'include = "unit.toml"\n{BUS}[items.g1_pressure]\ntype = "numeric"\n')
    assert any("already" in text for *_, text in problems_of(path))
