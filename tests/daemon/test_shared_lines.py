"""Several devices on one line: whoever has the line is made first, and makes the others."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from mktl.daemon import drivers
from mktl.daemon.devices import BoundDevice
from mktl.devicefile import load
from mktl.errors import MktlError

FILE = """
[links.two]
on = "one"
unit = 2
[links.one]
driver = "DRIVER"
unit = 1
[links.three]
on = "one"
unit = 3
"""


class Line:
    """A link that notes what becomes of it and of those on its line."""

    log: list[str]

    def __init__(self, spec) -> None:
        self.name = spec.name
        self.log.append(f"make {spec.name} {spec.settings['unit']}")

    def close(self) -> None:
        self.log.append(f"close {self.name}")


class Bus(Line):
    def share(self, spec) -> Line:
        self.log.append(f"{self.name} shares with {spec.name}")
        return Line(spec)


@pytest.fixture
def log(monkeypatch) -> list[str]:
    installed = [
        SimpleNamespace(name="bus", load=lambda: Bus),
        SimpleNamespace(name="line", load=lambda: Line),
    ]
    monkeypatch.setattr(drivers, "entry_points", lambda group, name=None: installed)
    Line.log = []
    return Line.log


def device(tmp_path: Path, driver: str):
    path = tmp_path / "bus.toml"
    path.write_text(FILE.replace("DRIVER", driver))
    return load(path)


def test_the_link_that_has_the_line_is_made_first_and_closed_last(log, tmp_path) -> None:
    BoundDevice(device(tmp_path, "bus")).close()
    assert log == [
        *["make one 1", "one shares with two", "make two 2", "one shares with three", "make three 3"],
        *["close three", "close two", "close one"],
    ]


def test_a_driver_that_has_one_device_on_a_line_says_so(log, tmp_path) -> None:
    with pytest.raises(MktlError, match="link two: driver 'line' has one device on a line"):
        BoundDevice(device(tmp_path, "line"))
    assert log == ["make one 1", "close one"]


def test_only_the_line_itself_is_simulated(log, tmp_path, monkeypatch) -> None:
    stand_in = SimpleNamespace(settings={"unit": 7}, close=lambda: log.append("close stand-in"))
    asked = []
    monkeypatch.setattr(drivers, "make_stand_in", lambda device, link, *_: asked.append(link) or stand_in)
    BoundDevice(device(tmp_path, "bus"), simulate=True).close()
    assert asked == ["one"]
    assert log[0] == "make one 7"
    assert log[-1] == "close stand-in"
