"""Devices on a TCP port: instruments with a network socket, serial servers."""

from __future__ import annotations

import os
import socket
import time
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from mktl.errors import LinkDownError

from .hosts import addresses_of, in_words
from .link import TextLink
from .transport import Transport, WriteError
from .waiting import Waited

#: A device that takes no more bytes for this long is gone.
WRITE_TIMEOUT_S = 2.0


class TcpSettings(BaseModel):
    """A TCP port."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    host: str
    """Name or address of the device."""
    port: int = Field(ge=1, le=65535)
    """Its port."""
    connect_timeout_s: float = Field(default=3.0, gt=0, allow_inf_nan=False)
    """Seconds for a connection."""
    serial_server: bool = False
    """A serial line is behind the port: the device on it knows of no connections, and may still answer
    what it was asked on an earlier one."""


class TcpTransport(Waited):
    """A connection to *host*:*port*; a device forgets with it what it was asked, but not a serial server."""

    def __init__(self, settings: TcpSettings) -> None:
        super().__init__()
        self._settings = settings
        self.forgets_on_close = not settings.serial_server
        self._socket: socket.socket | None = None

    @property
    def address(self) -> str:
        """``10.0.0.7:7777``, as the file has it."""
        return f"{self._settings.host}:{self._settings.port}"

    def open(self) -> None:
        """Connect to the first address of the host that answers."""
        self.close()
        found = addresses_of(self._settings.host, self._settings.port, socket.SOCK_STREAM)
        failure: LinkDownError | None = None
        for family, kind, protocol, _, address in found:
            try:
                self._connect(socket.socket(family, kind, protocol), address)
            except LinkDownError as error:
                failure = failure or error
            else:
                return
        assert failure is not None  # there was an address
        raise failure

    def _connect(self, new: socket.socket, address: Any) -> None:
        self._socket = new
        new.setblocking(False)
        new.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        new.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            self._waiter.watch(new.fileno())
            new.connect_ex(address)
            timeout_s = self._settings.connect_timeout_s
            if not self._waiter.writable(timeout_s):
                raise LinkDownError(f"no connection within {timeout_s} s")
            refused = new.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if refused:
                raise LinkDownError(os.strerror(refused).lower())
        except LinkDownError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._waiter.close()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def write(self, data: bytes) -> None:
        """Send all of *data*."""
        accepted = 0
        try:
            while accepted < len(data):
                try:
                    accepted += self._open_socket().send(data[accepted:])
                except BlockingIOError:
                    if not self._waiter.writable(WRITE_TIMEOUT_S):
                        raise LinkDownError(f"takes no data for {WRITE_TIMEOUT_S} s") from None
        except (OSError, LinkDownError) as error:
            raise WriteError(in_words(error), accepted) from None

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, or ``b""`` after *timeout_s*."""
        deadline_s = None
        while self._waiter.readable(timeout_s):
            try:
                data = self._open_socket().recv(65536)
            except BlockingIOError:  # woken for nothing
                deadline_s = deadline_s or time.monotonic() + timeout_s
                timeout_s = deadline_s - time.monotonic()
                continue
            except OSError as error:
                raise LinkDownError(in_words(error)) from None
            if not data:
                raise LinkDownError("the device closed the connection")
            return data
        return b""

    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            raise LinkDownError("not connected")
        return self._socket


class TcpLink(TextLink):
    """A text device on a TCP port."""

    Settings: ClassVar[type[BaseModel]] = TcpSettings

    def make_transport(self, settings: BaseModel) -> Transport:
        """The port that the file names."""
        assert isinstance(settings, TcpSettings)
        return TcpTransport(settings)
