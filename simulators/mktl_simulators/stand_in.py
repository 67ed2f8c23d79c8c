"""What ``markd --simulate`` puts in the place of the hardware, one for each link."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from mktl.devicefile import Device
from mktl.errors import MktlError

from .dialect import SimulatedDevice
from .faults import Faults
from .line_server import LineServer
from .models import make_device
from .serve import PtyServer, TcpServer

#: How much of what it was sent a stand-in keeps; a daemon may run for months.
KEEP = 1 << 20


class StandIn:
    """A device that is served in the place of a link's own."""

    def __init__(
        self,
        server: LineServer[SimulatedDevice],
        settings: Mapping[str, Any],
        *,
        directory: Path | None = None,
    ) -> None:
        self.server = server
        #: What to put in the place of the same keys of the link's settings.
        self.settings = settings
        self._directory = directory

    @property
    def device(self) -> SimulatedDevice:
        """The model; touch it within ``server.hold()``."""
        return self.server.device

    @property
    def faults(self) -> Faults:
        """What goes wrong on this line."""
        return self.server.faults

    def close(self) -> None:
        """Stop serving; nothing is left of it."""
        self.server.close()
        if self._directory is not None:
            self._directory.rmdir()
            self._directory = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def stand_in(device: Device, link: str, *, speed: float = 1.0) -> StandIn:
    """Start the simulator of one link.

    With ``[simulate] model`` it is that class, called without arguments; without, it is the file run
    backwards. It is served on the kind of line that the link's driver opens.

    Raises:
        MktlError: No such link, no such model, or a driver whose lines nobody can imitate here.
    """
    model = make_device(device, link)
    driver = device.links[link].driver
    if driver == "serial":
        directory = Path(tempfile.mkdtemp(prefix="mktl-simulated-"))
        try:
            terminal = PtyServer(model, link_path=directory / link, speed=speed, keep=KEEP)
        except BaseException:
            directory.rmdir()
            raise
        return StandIn(terminal, {"port": terminal.url}, directory=directory)
    if driver == "tcp":
        port = TcpServer(model, speed=speed, keep=KEEP)
        return StandIn(port, {"host": port.host, "port": port.port})
    raise MktlError(
        f"{device.path}: links.{link}: nothing simulates the line of driver '{driver}', "
        "only those of 'serial' and 'tcp'"
    )
