"""Waits for a file descriptor that another thread can end."""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys
import threading

from mktl.errors import LinkDownError


class Waiter:
    """Waits until one descriptor can be read or written, a time is over, or :meth:`cancel` is called."""

    def __init__(self) -> None:
        self._cancelled = False
        self._lock = threading.Lock()
        self._wake: socket.socket | None = None
        self._woken: socket.socket | None = None
        self._readable: selectors.BaseSelector | None = None
        self._writable: selectors.BaseSelector | None = None

    def watch(self, fd: int) -> None:
        """Wait for *fd* from now on, until :meth:`close`.

        Raises:
            LinkDownError: Waits are cancelled.
        """
        self.close()
        with self._lock:
            if self._cancelled:
                raise LinkDownError("the link is being closed")
            self._woken, self._wake = socket.socketpair()
            self._wake.setblocking(False)
        self._readable, self._writable = _selector(), _selector()
        self._readable.register(fd, selectors.EVENT_READ)
        self._writable.register(fd, selectors.EVENT_WRITE)
        for selector in (self._readable, self._writable):
            selector.register(self._woken, selectors.EVENT_READ)

    def readable(self, timeout_s: float) -> bool:
        """True as soon as there is something to read, or the far side is gone; False after *timeout_s*."""
        return self._ready(self._readable, timeout_s)

    def writable(self, timeout_s: float) -> bool:
        """True as soon as something can be written; False after *timeout_s*."""
        return self._ready(self._writable, timeout_s)

    def _ready(self, selector: selectors.BaseSelector | None, timeout_s: float) -> bool:
        if selector is None:
            raise LinkDownError("the port is not open")
        ready = selector.select(max(0.0, timeout_s))
        if self._cancelled:
            raise LinkDownError("the link is being closed")
        return bool(ready)

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
            for part in (self._readable, self._writable, self._woken, self._wake):
                if part is not None:
                    part.close()
            self._readable = self._writable = self._woken = self._wake = None


def _selector() -> selectors.BaseSelector:
    # poll() knows descriptors beyond 1023, but not the serial ports of macOS.
    if sys.platform == "linux":
        return selectors.PollSelector()
    return selectors.SelectSelector()
