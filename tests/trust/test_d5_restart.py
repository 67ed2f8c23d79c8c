"""D5: a restart sends a device no command, unless its file says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import mktl
from mktl.daemon import configure
from tests.conftest import wait_for

SOAK = pytest.mark.soak
FILE = """
[links.psu]
driver = "tcp"
host = "10.0.0.7"
port = 5025
identity = {{ send = '*IDN?', reply = 'ACME,{{_:s}}' }}

[items.current]
type = "numeric"
get = 'CURR?'
reply = '{{:f}}'
set = 'CURR {{:.3f}}'
poll_s = 0.05
persist = true
{restore}

[items.output]
type = "boolean"
get = 'OUTP?'
reply = '{{:d}}'
set = 'OUTP {{:d}}'
persist = true
initial = true

[items.operator]
type = "string"
persist = true

[simulate.initial]
current = 1.0
output = 0
"""


@pytest.fixture
def start(home: Path, tmp_path: Path) -> Iterator[Callable[[str], mktl.Daemon]]:
    """Start the daemon of a simulated supply that has just been switched on; *restore* is in its file."""
    running: list[mktl.Daemon] = []

    def start(restore: str) -> mktl.Daemon:
        for daemon in running:
            daemon.close()
        path = tmp_path / "psu.toml"
        path.write_text(FILE.format(restore=restore))
        configure.adopt("lab", "psu", path)
        daemon = mktl.Daemon("lab", "psu", SimpleNamespace(simulate=True), override=True)
        running.append(daemon)
        return daemon

    yield start
    for daemon in running:
        daemon.close()


class Told:
    """What the simulated supply of a daemon has heard; also after the daemon has ended."""

    def __init__(self, daemon: mktl.Daemon) -> None:
        self._server = daemon.stand_ins["psu"].server

    @property
    def commands(self) -> list[bytes]:
        """Questions tell it nothing."""
        return [line for line in self._server.received.splitlines() if not line.endswith(b"?")]

    @property
    def polls(self) -> int:
        polls: int = self._server.received.count(b"CURR?")
        return polls


@pytest.mark.parametrize("restarts", [3, pytest.param(50, marks=SOAK)])
@pytest.mark.parametrize(
    ("restore", "expected"),
    [
        ("", []),
        ('restore = "never"', []),
        ('restore = "value"', []),
        ('restore = "write"', [b"CURR 2.500"]),
    ],
)
def test_d5_after_a_restart_a_device_gets_the_commands_that_its_file_asks_for_and_no_other(
    restore: str, expected: list[bytes], restarts: int, start: Callable[[str], mktl.Daemon]
) -> None:
    daemon = start(restore)
    wait_for(lambda: daemon.items["current"].status == "ok")
    daemon.items["current"].set(2.5)
    daemon.items["output"].set(True)
    daemon.items["operator"].set("Ada")
    assert Told(daemon).commands == [b"CURR 2.500", b"OUTP 1"]
    for _ in range(restarts):
        daemon = start(restore)
        told = Told(daemon)
        wait_for(lambda told=told: told.polls > 2 and told.commands == expected)
        held = 2.5 if expected else 1.0
        wait_for(lambda daemon=daemon, held=held: daemon.items["current"].value == held)
        assert (daemon.items["current"].status, daemon.items["operator"].value) == ("ok", "Ada")
        assert not daemon.items["output"].value
        daemon.close()
        assert told.commands == expected
