"""What ``markd --simulate`` puts in the place of the hardware, one for each link."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from mktl.devicefile import Device, LinkSpec
from mktl.errors import MktlError

from . import moments
from .dialect import SimulatedDevice
from .faults import Faults
from .following import successor
from .hislip import HislipServer
from .line_server import LineServer
from .models import make_device
from .moments import FAULTS
from .replay import Replay, replay
from .serve import PtyServer, TcpServer
from .udp_server import UdpServer

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
        #: What the device was made of; None where nobody has said so.
        self.file: Device | None = None
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

    def follow(self, device: Device, link: str) -> None:
        """Be what the file says now; what stays in it keeps its state, and the line stays open.

        Raises:
            MktlError: Nothing can be made of it.
        """
        with self.server.hold() as present:
            if isinstance(present, Replay) or self.file is None:
                return
            self.server.device = successor(present, self.file, device, link)
            self.file = device

    @property
    def troubles(self) -> Sequence[str]:
        """What :meth:`begin_trouble` can let go wrong, from little to much."""
        return tuple(FAULTS)

    def begin_trouble(self, word: str, *, reply_timeout_s: float, seed: int = 0) -> None:
        """Let one kind of fault befall this line until :meth:`end_trouble`.

        Args:
            word: One of :attr:`troubles`.
            reply_timeout_s: How long the link waits for a reply.
            seed: The same faults for the same seed.
        """
        moments.begin(self.server, word, reply_timeout_s, seed)

    def end_trouble(self) -> None:
        """All is well again, but for what is on its way."""
        moments.end(self.server)

    def verify(self) -> None:
        """See whether all has gone as it was recorded, where the device is a replay.

        Raises:
            ReplayError: It has not; the text has the difference.
        """
        with self.server.hold() as device:
            if isinstance(device, Replay):
                device.verify()

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


def stand_in(
    device: Device, link: str, *, speed: float = 1.0, recording: Path | str | None = None
) -> StandIn:
    """Start the simulator of one link, or the replay of a *recording* of it.

    With ``[simulate] model`` it is that class, called without arguments; without, it is the file run
    backwards. It is served on the kind of line that the link's driver opens.

    Raises:
        MktlError: No such link, no such model, or a driver whose lines nobody can imitate here.
    """
    model: SimulatedDevice
    model = make_device(device, link) if recording is None else replay(device, link, recording)
    spec = device.links[link]
    made = _line_of(device, link)(model, spec, speed)
    made.file = device
    return made


def refusal(device: Device, link: str) -> str | None:
    """What keeps :func:`stand_in` from simulating this link, None when nothing does; nothing is served."""
    try:
        _line_of(device, link)
        make_device(device, link)
    except MktlError as error:
        return str(error).removeprefix(f"{device.path}: ")
    return None


def _line_of(device: Device, link: str) -> Callable[[SimulatedDevice, LinkSpec, float], StandIn]:
    driver = device.links[link].driver
    try:
        return _LINES[driver]
    except KeyError:
        raise MktlError(
            f"{device.path}: links.{link}: nothing simulates the line of driver '{driver}', "
            f"only those of {', '.join(_LINES)}"
        ) from None


def _on_terminal(model: SimulatedDevice, link: LinkSpec, speed: float) -> StandIn:
    return _terminal(model, link, speed, lambda path: {"port": path})


def _on_tcp(model: SimulatedDevice, _link: LinkSpec, speed: float) -> StandIn:
    port = TcpServer(model, speed=speed, keep=KEEP)
    return StandIn(port, {"host": port.host, "port": port.port})


def _on_udp(model: SimulatedDevice, _link: LinkSpec, speed: float) -> StandIn:
    port = UdpServer(model, speed=speed, keep=KEEP)
    return StandIn(port, {"host": port.host, "port": port.port})


def _on_visa(model: SimulatedDevice, link: LinkSpec, speed: float) -> StandIn:
    """What PyVISA-py opens: a terminal, a socket, or for all that has message ends a HiSLIP server."""
    resource = str(link.settings["resource"]).upper()
    if resource.startswith("ASRL"):
        return _terminal(model, link, speed, lambda path: _visa(f"ASRL{path}::INSTR"))
    if resource.endswith("::SOCKET"):
        port = TcpServer(model, speed=speed, keep=KEEP)
        return StandIn(port, _visa(f"TCPIP::{port.host}::{port.port}::SOCKET"))
    instrument = HislipServer(model, send_end=link.send_end, speed=speed, keep=KEEP)
    return StandIn(instrument, _visa(instrument.url))


def _on_modbus(model: SimulatedDevice, link: LinkSpec, speed: float) -> StandIn:
    """A terminal for ``rtu:``, a port for ``tcp:`` and ``rtu+tcp:``."""
    scheme = str(link.settings["url"]).partition(":")[0]
    if scheme == "rtu":
        return _terminal(model, link, speed, lambda path: {"url": f"rtu://{path}"})
    port = TcpServer(model, speed=speed, keep=KEEP)
    return StandIn(port, {"url": f"{scheme}://{port.host}:{port.port}"})


def _visa(resource: str) -> dict[str, str]:
    return {"resource": resource, "library": "@py"}


def _terminal(
    model: SimulatedDevice, link: LinkSpec, speed: float, settings: Callable[[str], Mapping[str, Any]]
) -> StandIn:
    """A terminal in a directory of its own, under a name that it keeps."""
    directory = Path(tempfile.mkdtemp(prefix="mktl-simulated-"))
    try:
        terminal = PtyServer(model, link_path=directory / link.name, speed=speed, keep=KEEP)
    except BaseException:
        directory.rmdir()
        raise
    return StandIn(terminal, settings(terminal.url), directory=directory)


_LINES: Mapping[str, Callable[[SimulatedDevice, LinkSpec, float], StandIn]] = {
    "serial": _on_terminal,
    "tcp": _on_tcp,
    "udp": _on_udp,
    "modbus": _on_modbus,
    "visa": _on_visa,
}
