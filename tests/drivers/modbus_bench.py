"""A Modbus device on a line of each kind, and a daemon made of a device file that talks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mktl_simulators.line_server import LineServer
from mktl_simulators.modbus import Bank, ModbusLine, RtuLine, TcpPort
from mktl_simulators.serve import PtyServer, TcpServer

import mktl
from mktl.daemon import configure
from tests.conftest import wait_for

KINDS = ["tcp", "rtu", "rtu over tcp"]

#: Short times, for devices that answer at once.
LINK = """
[links.plc]
driver = "modbus"
url = "{url}"
reply_timeout_s = 0.1
gap_timeout_s = 0.02
retry_s = 0.01
retry_max_s = 0.05
{more}
"""


class Device:
    """Units on a line that any program can open."""

    def __init__(self, line: ModbusLine, server: LineServer[ModbusLine], url: str) -> None:
        self.line = line
        self.server = server
        self.url = url
        self.faults = server.faults

    def link(self, more: str = "") -> str:
        """The table of a link to it."""
        return LINK.format(url=self.url, more=more)


@contextmanager
def device_on(kind: str, units: Mapping[int, Bank], path: Path) -> Iterator[Device]:
    """Serve *units* on a line of this kind; *path* leads to a serial port."""
    line = TcpPort(units) if kind == "tcp" else RtuLine(units)
    if kind == "rtu":
        with PtyServer(line, link_path=path) as server:
            yield Device(line, server, f"rtu://{path}?baudrate=115200")
    else:
        with TcpServer(line) as server:
            scheme = "tcp" if kind == "tcp" else "rtu+tcp"
            yield Device(line, server, f"{scheme}://{server.host}:{server.port}")


def serve_file(path: Path, text: str) -> mktl.Daemon:
    """A daemon of this device file."""
    path.write_text(text)
    configure.adopt("lab", "plc", path)
    return mktl.Daemon("lab", "plc")


def read_all(daemon: mktl.Daemon) -> dict[str, mktl.Item]:
    """The items of the file, once each that is read has been."""
    items = {key: item for key, item in daemon.items.items() if not key.startswith(("_", "link."))}
    wait_for(
        lambda: all(item.status != "unset" for item in items.values() if getattr(item, "source", None)),
        "every item to be read",
    )
    return items


Serve = Callable[[str], dict[str, mktl.Item]]
