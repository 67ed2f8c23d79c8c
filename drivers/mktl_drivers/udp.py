"""Devices that take and send datagrams: each command is one, and so is each reply, or a piece of it."""

from __future__ import annotations

import errno
import socket
import time
from collections import deque
from contextlib import ExitStack
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from mktl.errors import LinkDownError

from .hosts import Found, addresses_of, in_words
from .link import TextLink
from .transport import Transport, WriteError
from .waiting import Waited

#: How many of its earlier ports a transport does not use again.
REMEMBERED = 16
#: More than any datagram holds.
_MOST = 65536


class UdpSettings(BaseModel):
    """A UDP port: each command is one datagram, a reply one or several; nobody else's are let in."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    host: str
    """Name or address of the device."""
    port: int = Field(ge=1, le=65535)
    """Its port."""


class UdpTransport(Waited):
    """Datagrams to and from *host*:*port*, through a local port of our own that is another one each time.

    A reply goes to the port that the command came from, so that what is late for one that was closed reaches
    nobody. What any other sender sends there is not let in.
    """

    forgets_on_close = True

    def __init__(self, settings: UdpSettings) -> None:
        super().__init__()
        self._settings = settings
        self._socket: socket.socket | None = None
        #: The local ports that late replies may still be sent to.
        self._used: deque[int] = deque(maxlen=REMEMBERED)

    @property
    def address(self) -> str:
        """``10.0.0.7:7777``, as the file has it."""
        return f"{self._settings.host}:{self._settings.port}"

    def open(self) -> None:
        """Take a local port; whether anybody is there shows with the first command."""
        self.close()
        found = addresses_of(self._settings.host, self._settings.port, socket.SOCK_DGRAM)
        try:
            self._socket = self._unused(found[0])
            self._socket.setblocking(False)
            self._waiter.watch(self._socket.fileno())
        except (OSError, LinkDownError) as error:
            self.close()
            raise LinkDownError(in_words(error)) from None

    def _unused(self, found: Found) -> socket.socket:
        """A socket on a local port that no earlier command came from, as far as that is remembered."""
        family, kind, protocol, _, address = found
        with ExitStack() as passed_over:  # held meanwhile, else the system might give the same one again
            while True:
                new = passed_over.enter_context(socket.socket(family, kind, protocol))
                new.connect(address)
                port = new.getsockname()[1]
                if port not in self._used:
                    self._used.append(port)
                    return new.dup()  # this one is closed with the others

    def close(self) -> None:
        """Give the local port back."""
        self._waiter.close()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def write(self, data: bytes) -> None:
        """Send *data* as one datagram."""
        if self._socket is None:
            raise WriteError("the port is not open", 0)
        try:
            self._socket.send(data)
        except OSError as error:
            raise WriteError(_words(error), 0) from None

    def read(self, timeout_s: float) -> bytes:
        """The next datagram, or ``b""`` after *timeout_s*; an empty one is none."""
        deadline_s = time.monotonic() + timeout_s
        while self._waiter.readable(deadline_s - time.monotonic()):
            assert self._socket is not None  # the waiter watches it
            try:
                data = self._socket.recv(_MOST)
            except BlockingIOError:  # woken for nothing: a broken datagram, which the system drops
                continue
            except OSError as error:
                raise LinkDownError(_words(error)) from None
            if data:
                return data
        return b""


class UdpLink(TextLink):
    """A text device that is spoken to in datagrams."""

    Settings: ClassVar[type[BaseModel]] = UdpSettings

    def make_transport(self, settings: BaseModel) -> Transport:
        """The port that the file names."""
        assert isinstance(settings, UdpSettings)
        return UdpTransport(settings)


def _words(error: OSError) -> str:
    if error.errno == errno.ECONNREFUSED:
        return "refused: nobody listens on that UDP port"
    return in_words(error)
