"""Simulated devices on lines that any program can open: a pseudo-terminal, or a TCP port."""

from __future__ import annotations

import os
import pty
import selectors
import socket
import termios
import time
import tty
from abc import abstractmethod
from pathlib import Path

from mktl.errors import MktlError

from .faults import Faults
from .line_server import Clock, DeviceT, LineServer

# Where tcgetattr has the speeds.
_IN_SPEED, _OUT_SPEED = 4, 5


class PtyServer(LineServer[DeviceT]):
    """A device on a pseudo-terminal, which programs open as a serial port.

    Unplugged, the port is gone, and whoever had it open gets end of file or EIO. Plugged in again it is
    another pseudo-terminal under another name, as with a USB adapter; *link_path* is a symbolic link that
    always leads to the present one, as those in ``/dev/serial/by-id`` do.

    A pseudo-terminal carries eight bits without parity, whatever it is told. A program that asks for another
    frame twice, as pyserial does when a property is set on an open port, may get EINVAL from its C library.
    """

    def __init__(
        self,
        device: DeviceT,
        *,
        link_path: str | Path | None = None,
        speed: float = 1.0,
        clock: Clock = time.monotonic,
        faults: Faults | None = None,
        keep: int | None = None,
    ) -> None:
        super().__init__(device, speed=speed, clock=clock, faults=faults, keep=keep)
        self._link = None if link_path is None else Path(link_path)
        self._slave: int | None = None
        self._path = ""
        self._start()

    @property
    def url(self) -> str:
        """What a program opens: the link when there is one, else the present terminal."""
        return str(self._link) if self._link else self._path

    def _plug(self) -> None:
        if self._fd is not None:
            return
        self._check_link()
        master, slave = pty.openpty()
        tty.setraw(slave)
        # We keep the slave open too: without it the master reports a hang-up all the time that nobody else
        # has it open. The price is that a reply nobody waits for stays in the port until it is read or
        # flushed; programs flush when they open a port.
        self._slave, self._path = slave, os.ttyname(slave)
        self._attach(master)
        if self._link:
            _point(self._link, self._path)

    def _unplug(self) -> None:
        if self._link and self._fd is not None:
            self._link.unlink(missing_ok=True)
        for fd in (self._detach(), self._slave):
            if fd is not None:
                os.close(fd)
        self._slave = None

    def _lost(self) -> None:
        self._unplug()

    def _look_after_line(self) -> None:
        """Let the next program set up the port as the last one did.

        A pseudo-terminal takes no parity and no seven bits; that is passed over as long as something else
        changes, but tcsetattr fails with EINVAL when nothing does. So we change the speed, which means
        nothing here, to one that nobody asks for.
        """
        if self._slave is None:
            return
        settings = termios.tcgetattr(self._slave)
        if settings[_OUT_SPEED] != termios.B50:
            settings[_IN_SPEED] = settings[_OUT_SPEED] = termios.B50
            termios.tcsetattr(self._slave, termios.TCSANOW, settings)

    def _check_link(self) -> None:
        """Never put a link in the place of somebody's file."""
        if self._link and os.path.lexists(self._link) and not self._link.is_symlink():
            raise MktlError(f"{self._link} is there and no symbolic link; the port needs another name")


class PortServer(LineServer[DeviceT]):
    """A device that listens on a TCP port.

    Port 0 takes a free one, and keeps it over :meth:`unplug`, which drops the client and refuses others.
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
        self._listener: socket.socket | None = None
        self._start()

    @abstractmethod
    def _welcome(self, client: socket.socket) -> None:
        """Somebody has connected."""

    @abstractmethod
    def _drop_client(self) -> None:
        """End every connection."""

    def _plug(self) -> None:
        if self._listener is not None:
            return
        try:
            listener = socket.create_server((self.host, self.port))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise MktlError(f"cannot listen on {self.host} port {self.port}: {why}") from error
        listener.setblocking(False)
        self._listener, self.port = listener, listener.getsockname()[1]
        self._selector.register(listener, selectors.EVENT_READ, self._accept)

    def _unplug(self) -> None:
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
        self._drop_client()

    def _lost(self) -> None:
        self._drop_client()
        with self._lock:
            self.device.hang_up()

    def _reset(self) -> None:
        super()._reset()
        with self._lock:
            self.device.hang_up()

    def _accept(self, _events: int) -> None:
        if self._listener is None:
            return
        try:
            client, _ = self._listener.accept()
        except OSError:  # it has given up already
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._welcome(client)

    def _see_whether_client_left(self) -> None:
        """Somebody who closes and comes back must find the place free, whichever event was seen first."""
        while self._fd is not None and self._read(self._fd):
            pass


class TcpServer(PortServer[DeviceT]):
    """A device on a TCP port, for one client at a time; a second one is accepted and dropped."""

    _client: socket.socket | None = None

    @property
    def url(self) -> str:
        """``tcp://host:port``."""
        return f"tcp://{self.host}:{self.port}"

    def _welcome(self, client: socket.socket) -> None:
        self._see_whether_client_left()
        if self._client is not None:
            client.close()
            return
        self._client = client
        self._attach(client.fileno())

    def _drop_client(self) -> None:
        self._detach()
        if self._client is not None:
            self._client.close()
            self._client = None


def _point(link: Path, path: str) -> None:
    """Let *link* lead to *path*, in one step for whoever looks."""
    aside = link.with_name(f".{link.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    aside.symlink_to(path)
    aside.replace(link)
