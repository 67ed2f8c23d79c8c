"""Daemons over device files on UDP and VISA lines, simulated, and on lines that break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from mktl_simulators.stand_in import stand_in

import mktl
from mktl.daemon import configure
from mktl.devicefile import load
from mktl.errors import DeviceRefusedError, LimitError
from tests.conftest import wait_for

FILE = """
[links.smu]
{link}
reply_timeout_s = 0.5
retry_s = 0.02
identity = {{ send = '*IDN?', reply = 'ACME,SMU,{{serial:s}}' }}
check_after_set = {{ send = '*ESR?', reply = '{{:d}}', good = 0 }}

[items.voltage]
type = "numeric"
units = "V"
range = [-20, 20]
initial = 1.5
get = ':SOUR:VOLT?'
reply = '{{:e}}'
set = ':SOUR:VOLT {{:.4f}}'
poll_s = 0.02

[items.output]
type = "boolean"
enumerators = {{ 0 = "off", 1 = "on" }}
get = ':OUTP?'
reply = '{{:d}}'
set = ':OUTP {{:OFF=0|ON=1}}'
"""

LINKS = {
    "udp": 'driver = "udp"\nhost = "10.0.0.7"\nport = 7777',
    "instrument": 'driver = "visa"\nresource = "TCPIP::10.0.0.7::INSTR"',
    "socket": 'driver = "visa"\nresource = "TCPIP::10.0.0.7::5025::SOCKET"',
    "serial": 'driver = "visa"\nresource = "ASRL/dev/ttyUSB0::INSTR"\nbytesize = 7\nparity = "odd"',
}


@pytest.fixture(params=LINKS)
def path(request, tmp_path: Path) -> Path:
    path = tmp_path / "smu.toml"
    path.write_text(FILE.format(link=LINKS[request.param]))
    return path


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., mktl.Daemon]]:
    """Start a daemon over a device file, and close it at the end."""
    started: list[mktl.Daemon] = []

    def start(path: Path, *, simulate: bool) -> mktl.Daemon:
        configure.adopt("lab", "smu", path)
        started.append(mktl.Daemon("lab", "smu", SimpleNamespace(simulate=simulate, speed=1.0)))
        return started[-1]

    yield start
    for daemon in started:
        daemon.close()


def test_a_file_is_simulated_read_and_set(path, start) -> None:
    items = start(path, simulate=True).items
    wait_for(lambda: items["output"].status in ("ok", "simulated"))
    assert (items["voltage"].value, items["output"].formatted) == (1.5, "off")
    items["output"].set("on")
    items["voltage"].set(-3.25)
    assert (items["voltage"].value, items["output"].formatted) == (-3.25, "on")
    with pytest.raises(LimitError):
        items["voltage"].set(21)


def test_a_device_is_lost_found_again_and_refuses_in_its_own_words(path, start, tmp_path) -> None:
    device = load(path)
    with stand_in(device, "smu") as standing:
        # The real line of the file, as far as the daemon can tell.
        real = tmp_path / "real.toml"
        settings = "\n".join(f"{key} = {value!r}" for key, value in standing.settings.items())
        driver = f'driver = "{device.links["smu"].driver}"'
        real.write_text(FILE.format(link=f"{driver}\n{settings}"))
        items = start(real, simulate=False).items
        wait_for(lambda: items["output"].status == "ok")
        standing.server.unplug()
        wait_for(lambda: items["voltage"].status == "disconnected")
        assert items["voltage"].value == 1.5
        standing.server.plug()
        wait_for(lambda: items["voltage"].status == "ok")
        standing.faults.impersonate(b"*ESR?", b"16\n")
        with pytest.raises(DeviceRefusedError, match=r"refused ':SOUR:VOLT 2\.0000': \*ESR\? answered 16"):
            items["voltage"].set(2)
        standing.faults.clear()
