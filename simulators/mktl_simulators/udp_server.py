"""A simulated device that takes and sends datagrams."""

from __future__ import annotations

import socket
import time
from typing import Any

from mktl.errors import MktlError

from .faults import Faults, Piece
from .line_server import Clock, DeviceT, LineServer

#: More than any datagram holds.
_MOST = 65536


class UdpServer(LineServer[DeviceT]):
    """A device on a UDP port: each datagram is heard as it comes, each reply goes to who asked.

    Port 0 takes a free one, and keeps it over :meth:`unplug`. Unplugged, its host refuses what is sent there,
    as a host does whose program has ended; one that is switched off would say nothing, which is ``mute``.
    """

    def __init__(
        self,
        device: DeviceT,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float = 1.0,
        clock: Clock = time.monotonic,
        faults: Faults | None = None,
        keep: int | None = None,
    ) -> None:
        super().__init__(device, speed=speed, clock=clock, faults=faults, keep=keep)
        self.host = host
        #: Where it listens.
        self.port = port
        self._socket: socket.socket | None = None
        self._start()

    @property
    def url(self) -> str:
        """``udp://host:port``."""
        return f"udp://{self.host}:{self.port}"

    def _plug(self) -> None:
        if self._socket is not None:
            return
        new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            new.bind((self.host, self.port))
        except (OSError, OverflowError) as error:
            new.close()
            why = getattr(error, "strerror", None) or error
            raise MktlError(f"cannot listen on {self.host} UDP port {self.port}: {why}") from error
        self._socket, self.port = new, new.getsockname()[1]
        self._attach(new.fileno())

    def _unplug(self) -> None:
        self._detach()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _lost(self) -> None:
        """Nobody hangs up here."""

    def _read(self, _fd: int) -> bool:
        """Take one datagram."""
        assert self._socket is not None
        try:
            data, sender = self._socket.recvfrom(_MOST)
        except OSError:  # nothing there, or word that an earlier reply reached nobody
            return False
        self._hear(data, sender)
        return True

    def _put(self, piece: Piece) -> None:
        """One datagram, to who sent the command, or the last one; before that there is nowhere to go."""
        sender: Any = piece.whither
        if self._socket is not None and sender is not None:
            try:
                self._socket.sendto(piece.data, sender)
            except OSError:  # it is lost, as datagrams are
                pass
