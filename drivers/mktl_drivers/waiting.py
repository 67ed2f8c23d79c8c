"""Waits for a file descriptor that another thread can end."""

from __future__ import annotations

import contextlib
import select
import socket
import sys
import threading
from collections.abc import Callable

from mktl.errors import LinkDownError

#: True as soon as the descriptor is ready, False after so many seconds.
_Wait = Callable[[float], bool]


class Waiter:
    """Waits until one descriptor can be read or written, a time is over, or :meth:`cancel` is called."""

    def __init__(self) -> None:
        self._cancelled = False
        self._nudged = False
        self._lock = threading.Lock()
        self._wake: socket.socket | None = None
        self._woken: socket.socket | None = None
        self._readable: _Wait | None = None
        self._writable: _Wait | None = None

    def watch(self, fd: int) -> None:
        """Wait for *fd* from now on, until :meth:`close`.

        Raises:
            LinkDownError: Waits are cancelled.
        """
        self.close()
        with self._lock:
            if self._cancelled:
                raise LinkDownError("the link is being closed")
            self._nudged = False
            self._woken, self._wake = socket.socketpair()
            self._wake.setblocking(False)
        self._readable = _wait_for(fd, self._woken.fileno(), write=False)
        self._writable = _wait_for(fd, self._woken.fileno(), write=True)

    def readable(self, timeout_s: float) -> bool:
        """True as soon as there is something to read, or the far side is gone; False after *timeout_s*."""
        return self._ready(self._readable, timeout_s)

    def writable(self, timeout_s: float) -> bool:
        """True as soon as something can be written; False after *timeout_s*."""
        return self._ready(self._writable, timeout_s)

    def _ready(self, wait: _Wait | None, timeout_s: float) -> bool:
        if wait is None:
            raise LinkDownError("the port is not open")
        ready = wait(max(0.0, timeout_s))
        if self._cancelled:
            raise LinkDownError("the link is being closed")
        if ready and self._nudged:  # too late for the idle wait that it was meant for
            self._forget_nudge()
            return self._ready(wait, timeout_s)
        return ready

    def idle(self, timeout_s: float) -> None:
        """Wait until there is something to read, *timeout_s* is over, or somebody calls :meth:`nudge`."""
        if self._readable is not None and not self._nudged:
            self._readable(timeout_s)
        self._forget_nudge()

    def _forget_nudge(self) -> None:
        with self._lock:
            if self._nudged and self._woken is not None:
                self._woken.recv(1)
            self._nudged = False

    def nudge(self) -> None:
        """End the present idle wait, or else the next; from any thread."""
        with self._lock:
            if self._wake is not None and not self._nudged and not self._cancelled:
                self._nudged = True
                self._wake.send(b"n")

    def cancel(self) -> None:
        """End every wait, the present one and all to come; from any thread."""
        with self._lock:
            self._cancelled = True
            if self._wake is not None:
                with contextlib.suppress(BlockingIOError):  # full of earlier wakes
                    self._wake.send(b"x")

    def close(self) -> None:
        """Give every descriptor back; call it before the watched one is closed."""
        with self._lock:
            for end in (self._woken, self._wake):
                if end is not None:
                    end.close()
            self._readable = self._writable = self._woken = self._wake = None


class Waited:
    """What transports share that wait for a descriptor, on a line where bytes take no time."""

    def __init__(self) -> None:
        self._waiter = Waiter()

    def transmit_s(self, count: int) -> float:
        """Nothing worth counting."""
        return 0.0 * count

    def idle(self, timeout_s: float) -> None:
        """Wait until there is something to read, or somebody nudges."""
        self._waiter.idle(timeout_s)

    def nudge(self) -> None:
        """End the present idle wait, or the next."""
        self._waiter.nudge()

    def cancel(self) -> None:
        """End every wait."""
        self._waiter.cancel()


def _wait_for(fd: int, woken: int, *, write: bool) -> _Wait:
    """A wait for *fd*, which a byte at *woken* ends."""
    if sys.platform != "linux":  # where poll() does not know serial ports, or is not there
        reads, writes = ([woken], [fd]) if write else ([woken, fd], [])
        return lambda timeout_s: any(select.select(reads, writes, [], timeout_s))
    poll = select.poll()
    poll.register(fd, select.POLLOUT if write else select.POLLIN)
    poll.register(woken, select.POLLIN)
    return lambda timeout_s: bool(poll.poll(timeout_s * 1000))
