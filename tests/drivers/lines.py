"""Devices on real lines, a pseudo terminal or a TCP port, each with a thread of its own."""

from __future__ import annotations

import heapq
import os
import pty
import selectors
import socket
import threading
import time
import tty
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self

from mktl_drivers import SerialLink, TcpLink, TextLink, UdpLink

#: A reply without its end, or the bytes that go out with the seconds until each; None is silence.
Answer = str | Iterable[tuple[float, bytes]] | None
IDN = "ACME,X100,SN1"
IDENTITY = ("*IDN?", "ACME,X100,{serial:s}")


class LineDevice(ABC):
    """Answers commands that end in LF, one after another; what is on its way keeps its order.

    Args:
        answer: From a command to the answer.
    """

    #: What the link of this line is, and what its settings are.
    link_class: type[TextLink]

    def __init__(self, answer: Callable[[str], Answer]) -> None:
        self.answer = answer
        #: Every command, without its end, in the order of arrival.
        self.received: list[str] = []
        #: Hears, and does not answer.
        self.mute = False
        #: The line goes dead when a command with this in it has come, before it is answered.
        self.dies_at: str | None = None
        self.connections = 0
        self._fd: int | None = None
        self._half = b""
        self._pieces: list[tuple[float, int, bytes, Any]] = []
        #: Who sent the command that is being answered, on lines where many can.
        self._asker: Any = None
        self._last_due_s = 0.0
        self._orders: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._selector = selectors.DefaultSelector()
        self._wake_r, self._wake_w = os.pipe()
        self._selector.register(self._wake_r, selectors.EVENT_READ, lambda: os.read(self._wake_r, 64))
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="line-device", daemon=True)
        self._thread.start()
        self.plug()

    # -- from the test

    def link(self, name: str = "dev", **keywords: Any) -> TextLink:
        """A link to this device, with short times, not yet opened."""
        usual = {
            "reply_end": b"\r\n", "reply_timeout_s": 0.25, "gap_timeout_s": 0.05,
            "retry_s": 0.01, "retry_max_s": 0.05, "identity": IDENTITY,
        }  # fmt: skip
        return self.link_class.from_settings(name, **{**usual, **self.settings, **keywords})

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What leads a link here."""

    def commands(self) -> list[str]:
        """What was received but for questions for the identity."""
        return [command for command in self.received if command != IDENTITY[0]]

    def say(self, data: bytes) -> None:
        """Send *data* unasked."""
        self._do(lambda: self._send(data))

    def plug(self) -> None:
        self._do(self._plug)

    def unplug(self) -> None:
        """Whoever has the line loses it, and nobody can have it."""
        self._do(self._unplug)

    def close(self) -> None:
        self.unplug()
        self._closing = True
        os.write(self._wake_w, b"x")
        self._thread.join()
        self._selector.close()
        os.close(self._wake_r)
        os.close(self._wake_w)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _do(self, work: Callable[[], None]) -> None:
        done: Future[None] = Future()
        self._orders.append((work, done))
        os.write(self._wake_w, b"x")
        done.result(5.0)

    # -- in its thread

    @abstractmethod
    def _plug(self) -> None: ...

    @abstractmethod
    def _unplug(self) -> None: ...

    @abstractmethod
    def _lost(self) -> None:
        """The other side has gone."""

    def _attach(self, fd: int) -> None:
        self._fd = fd
        self.connections += 1
        self._selector.register(fd, selectors.EVENT_READ, self._read)

    def _detach(self) -> int | None:
        fd, self._fd = self._fd, None
        if fd is not None:
            self._selector.unregister(fd)
        self._half, self._pieces, self._last_due_s = b"", [], 0.0
        return fd

    def _run(self) -> None:
        while not self._closing:
            wait_s = max(0.0, self._pieces[0][0] - time.monotonic()) if self._pieces else None
            for key, _ in self._selector.select(wait_s):
                key.data()
            while self._pieces and self._pieces[0][0] <= time.monotonic():
                self._send(*heapq.heappop(self._pieces)[2:])
            while self._orders:
                work, done = self._orders.popleft()
                try:
                    work()
                except BaseException as error:
                    done.set_exception(error)
                else:
                    done.set_result(None)

    def _read(self) -> None:
        assert self._fd is not None
        try:
            data = os.read(self._fd, 4096)
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        *lines, self._half = (self._half + data).split(b"\n")
        for line in lines:
            self._take(line.decode())

    def _take(self, command: str) -> None:
        self.received.append(command)
        if self.dies_at is not None and self.dies_at in command:
            self._unplug()
            return
        answer = None if self.mute else self.answer(command)
        pieces = [(0.0, answer.encode() + b"\r\n")] if isinstance(answer, str) else answer or []
        now_s = time.monotonic()
        for after_s, data in pieces:
            self._last_due_s = max(self._last_due_s, now_s + after_s)
            if not self._pieces and self._last_due_s <= now_s:
                self._send(data, self._asker)
            else:
                heapq.heappush(self._pieces, (self._last_due_s, len(self._pieces), data, self._asker))

    def _send(self, data: bytes, asker: Any = None) -> None:
        if self._fd is not None:
            try:
                os.write(self._fd, data)
            except OSError:
                self._lost()


class PtyDevice(LineDevice):
    """On a pseudo terminal; a symbolic link leads to it, as those in /dev/serial/by-id do."""

    link_class = SerialLink

    def __init__(self, answer: Callable[[str], Answer], link_path: Path) -> None:
        self.path = link_path
        self._slave: int | None = None
        super().__init__(answer)

    @property
    def settings(self) -> dict[str, Any]:
        return {"port": str(self.path)}

    def _plug(self) -> None:
        if self._fd is None:
            master, self._slave = pty.openpty()
            tty.setraw(self._slave)
            self.path.symlink_to(os.ttyname(self._slave))
            self._attach(master)

    def _unplug(self) -> None:
        self.path.unlink(missing_ok=True)
        for fd in (self._detach(), self._slave):
            if fd is not None:
                os.close(fd)
        self._slave = None

    def _lost(self) -> None:
        self._unplug()


class TcpDevice(LineDevice):
    """On a TCP port, which it keeps; one client at a time, the newest."""

    link_class = TcpLink

    def __init__(self, answer: Callable[[str], Answer], _link_path: Path | None = None) -> None:
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None
        self._address = ("127.0.0.1", 0)
        super().__init__(answer)

    @property
    def settings(self) -> dict[str, Any]:
        return {"host": self._address[0], "port": self._address[1]}

    def _plug(self) -> None:
        if self._listener is None:
            self._listener = socket.create_server(self._address)
            self._address = self._listener.getsockname()
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self) -> None:
        assert self._listener is not None
        client, _ = self._listener.accept()
        self._lost()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = client
        self._attach(client.fileno())

    def _unplug(self) -> None:
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
        self._lost()

    def _lost(self) -> None:
        self._detach()
        if self._client is not None:
            self._client.close()
            self._client = None


class UdpDevice(LineDevice):
    """On a UDP port, which it keeps; it answers whoever asks. Unplugged, its host refuses."""

    link_class = UdpLink

    def __init__(self, answer: Callable[[str], Answer], _link_path: Path | None = None) -> None:
        self._socket: socket.socket | None = None
        self._address = ("127.0.0.1", 0)
        super().__init__(answer)

    @property
    def settings(self) -> dict[str, Any]:
        return {"host": self._address[0], "port": self._address[1]}

    def _plug(self) -> None:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind(self._address)
            self._address = self._socket.getsockname()
            self._attach(self._socket.fileno())

    def _unplug(self) -> None:
        self._detach()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _lost(self) -> None:
        pass

    def _read(self) -> None:
        assert self._socket is not None
        data, self._asker = self._socket.recvfrom(4096)
        for line in data.splitlines():
            self._take(line.decode())

    def _send(self, data: bytes, asker: Any = None) -> None:
        if self._socket is not None:
            self._socket.sendto(data, asker)
