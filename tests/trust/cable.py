"""TCP connections that can be cut: a port in front of another."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Callable

#: Closing sends a reset instead of a farewell.
ABRUPTLY = struct.pack("ii", 1, 0)


class Cable:
    """Passes on what comes to `port`, until it is cut; nobody can connect to a cable that is cut.

    Args:
        to: The port on this host where it ends.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = _listen(0)
        self.port: int = self._listener.getsockname()[1]
        self._ends: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._inner, self._outer = socket.socketpair()
        self._selector.register(self._inner, selectors.EVENT_READ)
        self._commands: list[tuple[Callable[[], None], threading.Event]] = []
        self._stop = False
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="cable", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        self._do(self._cut)

    def mend(self) -> None:
        """Let connections through again."""
        self._do(self._mend)

    def close(self) -> None:
        self._do(self._end)
        self._thread.join()
        self._inner.close()
        self._outer.close()
        self._selector.close()

    def _do(self, command: Callable[[], None]) -> None:
        done = threading.Event()
        self._commands.append((command, done))
        self._outer.send(b".")
        assert done.wait(5)

    # -- the cable's thread

    def _run(self) -> None:
        while not self._stop:
            for key, _ in self._selector.select():
                self._attend(key.fileobj)  # type: ignore[arg-type]

    def _attend(self, ready: socket.socket) -> None:
        if ready is self._inner:
            self._inner.recv(1)
            command, done = self._commands.pop(0)
            command()
            done.set()
        elif ready is self._listener:
            self._join(self._listener.accept()[0])
        elif ready in self._ends:
            self._pass_on(ready)

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._to))
        except OSError:
            near.close()
            return
        for one, other in ((near, far), (far, near)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._ends[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            data = one.recv(65536)
            if data:
                self._ends[one].sendall(data)
                return
        self._drop(one)

    def _drop(self, one: socket.socket) -> None:
        for end in (one, self._ends[one]):
            del self._ends[end]
            self._selector.unregister(end)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPTLY)
            end.close()

    def _cut(self) -> None:
        self._selector.unregister(self._listener)
        self._listener.close()
        while self._ends:
            self._drop(next(iter(self._ends)))

    def _mend(self) -> None:
        self._listener = _listen(self.port)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def _end(self) -> None:
        if self._listener.fileno() >= 0:
            self._cut()
        self._stop = True


def _listen(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))
