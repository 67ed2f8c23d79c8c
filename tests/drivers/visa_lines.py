"""The devices of :mod:`tests.drivers.lines` as VISA resources, and one behind HiSLIP."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Self

from mktl_drivers import TextLink, VisaLink
from mktl_simulators.faults import Faults, Piece
from mktl_simulators.hislip import HislipServer

from tests.drivers.lines import IDENTITY, Answer, PtyDevice, TcpDevice


class SocketResource(TcpDevice):
    """A socket, which a VISA library opens."""

    link_class = VisaLink

    @property
    def settings(self) -> dict[str, Any]:
        host, port = self._address
        return {"resource": f"TCPIP::{host}::{port}::SOCKET"}


class SerialResource(PtyDevice):
    """A serial line, which a VISA library opens."""

    link_class = VisaLink

    @property
    def settings(self) -> dict[str, Any]:
        return {"resource": f"ASRL{self.path}::INSTR"}


class HislipResource:
    """An instrument with message ends and device clear.

    Args:
        answer: From a command to the answer; a piece that has no end of a line has no message end either.
    """

    def __init__(self, answer: Callable[[str], Answer], _link_path: Path | None = None) -> None:
        self.answer = answer
        #: Every command, without its end, in the order of arrival.
        self.received: list[str] = []
        #: Hears, and does not answer.
        self.mute = False
        self.server = HislipServer(_Heard(), faults=_Pieces(self))
        self.plug, self.unplug = self.server.plug, self.server.unplug

    def link(self, name: str = "dev", **keywords: Any) -> TextLink:
        """A link to this device, with short times, not yet opened."""
        usual = {
            "reply_end": b"\r\n", "reply_timeout_s": 0.25, "gap_timeout_s": 0.05,
            "retry_s": 0.01, "retry_max_s": 0.05, "identity": IDENTITY,
        }  # fmt: skip
        return VisaLink.from_settings(name, **{**usual, "resource": self.server.url, **keywords})

    def pieces(self, command: str) -> list[tuple[float, bytes]]:
        """What goes out for *command*, with the seconds until each."""
        self.received.append(command)
        answer = None if self.mute else self.answer(command)
        return [(0.0, answer.encode() + b"\r\n")] if isinstance(answer, str) else list(answer or [])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.close()


class _Heard:
    """Says nothing itself."""

    def receive(self, data: bytes) -> bytes:
        return b""

    def advance(self, dt_s: float) -> None:
        pass

    def hang_up(self) -> None:
        pass


class _Pieces(Faults):
    """Instead of faults, the times that the answer itself has."""

    def __init__(self, resource: HislipResource) -> None:
        super().__init__()
        self._resource = resource

    def pass_on(self, received: bytes, reply: bytes, now_s: float, whence: Hashable = None) -> None:
        for after_s, data in self._resource.pieces(received.decode().rstrip("\n")):
            with self._lock:
                self._put(Piece(now_s + after_s, data, whence, data.endswith(b"\n")))
