"""The other end of a line with faults: a TCP port, or a serial port."""

from __future__ import annotations

import os
import socket
import termios
import tty
from typing import Protocol

from mktl.errors import MktlError

CONNECT_S = 1.0


class Upstream(Protocol):
    """Where the device is; opened with the first byte for it, and again after it went away."""

    def fileno(self) -> int | None:
        """What to wait for; None while it is closed."""
        ...

    def write(self, data: bytes) -> None:
        """Open it if need be, and send; what cannot be sent is lost."""
        ...

    def read(self) -> bytes:
        """What has come; empty when the device has gone, and it is closed."""
        ...

    def close(self) -> None:
        """Close it, until something is to be sent."""
        ...


class TcpUpstream:
    """A device that listens on a TCP port."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._socket: socket.socket | None = None

    def fileno(self) -> int | None:
        """Of the connection."""
        return None if self._socket is None else self._socket.fileno()

    def write(self, data: bytes) -> None:
        """Send, connecting first."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(self._address, CONNECT_S)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(data)
        except OSError:
            self.close()

    def read(self) -> bytes:
        """What has come."""
        try:
            data = b"" if self._socket is None else self._socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.close()
        return data

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class TtyUpstream:
    """A device on a serial port or pseudo-terminal, eight bits without parity at *baudrate*."""

    def __init__(self, path: str, baudrate: int = 9600) -> None:
        self._path = path
        try:
            self._speed = getattr(termios, f"B{baudrate}")
        except AttributeError:
            raise MktlError(f"{baudrate} is no speed of a serial port here") from None
        self._fd: int | None = None

    def fileno(self) -> int | None:
        """Of the port."""
        return self._fd

    def write(self, data: bytes) -> None:
        """Send, opening the port first."""
        try:
            if self._fd is None:
                self._fd = self._open()
            os.write(self._fd, data)
        except (OSError, termios.error):
            self.close()

    def _open(self) -> int:
        fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(fd)
        settings = termios.tcgetattr(fd)
        settings[4] = settings[5] = self._speed
        termios.tcsetattr(fd, termios.TCSANOW, settings)
        return fd

    def read(self) -> bytes:
        """What has come."""
        try:
            data = b"" if self._fd is None else os.read(self._fd, 65536)
        except OSError:
            data = b""
        if not data:
            self.close()
        return data

    def close(self) -> None:
        """Leave the port."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def upstream_to(target: str, baudrate: int = 9600) -> Upstream:
    """The device at *target*: ``tcp://host:port``, ``host:port``, or the path of a serial port.

    Raises:
        MktlError: It is none of these.
    """
    if target.startswith("/"):
        return TtyUpstream(target, baudrate)
    host, colon, port = target.removeprefix("tcp://").rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) < 65536):
        raise MktlError(f"{target!r}: expected tcp://HOST:PORT or the path of a serial port")
    return TcpUpstream(host, int(port))
