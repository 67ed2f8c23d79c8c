"""Ports that a VISA library reads: bytes as they come, or whole messages of a device that must be read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from mktl.errors import LinkDownError

from .transport import WriteError
from .waiting import Waiter

#: How long a read lasts where only the library can wait: the most by which a wait is too long.
SLICE_S = 0.1
#: A message that has begun and stops for so long has broken off.
STALL_S = 0.5
#: A device that takes no more bytes for this long is gone.
WRITE_TIMEOUT_S = 2.0
#: So many bytes PyVISA-py writes to a socket, and reads from it, at a time. Who has more for it may wait for
#: ever; who wants more may have it take even more, and keep that where no look at the socket finds it.
PIECE = 4096
#: How often one looks again whether what has come can be read.
PAUSE_S = 0.02


class Session(Protocol):
    """A resource that is open; one thread uses it."""

    @property
    def fd(self) -> int | None:
        """The descriptor that tells when there is something to read, where the library has one."""
        ...

    def read(self, timeout_s: float) -> tuple[bytes, bool]:
        """What comes within *timeout_s*, and whether a message ends with it; ``b""`` when nothing came."""
        ...

    def write(self, data: bytes) -> None:
        """Hand *data* to the library."""
        ...

    def clear(self) -> bool:
        """Device clear; False where there is none."""
        ...

    def close(self) -> None:
        """End the session, in any state."""
        ...


class RawPort:
    """Bytes without message ends: sockets and serial lines.

    Args:
        address: The name of the resource.
        connect: Opens it, with a resource manager of its own.
        forgets_on_close: See :class:`~mktl_drivers.transport.Transport`.
        transmit_s: How long so many bytes are on the line.
    """

    def __init__(
        self,
        address: str,
        connect: Callable[[], Session],
        forgets_on_close: bool,
        transmit_s: Callable[[int], float] | None = None,
    ) -> None:
        self.address = address
        self.forgets_on_close = forgets_on_close
        self._connect = connect
        self._transmit_s = transmit_s
        self._session: Session | None = None
        self._waiter = Waiter()
        self._cancelled = threading.Event()
        self._nudged = threading.Event()

    def open(self) -> None:
        """Open the resource, by a new session of a new resource manager."""
        self.close()
        self._look()
        self._session = self._connect()
        try:
            if self._session.fd is not None:
                self._waiter.watch(self._session.fd)
        except LinkDownError:
            self.close()
            raise

    def close(self) -> None:
        """Close the session and its manager."""
        self._waiter.close()
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def write(self, data: bytes) -> None:
        """Hand all of *data* to the library, piece by piece where one can wait until it takes more."""
        session = self._session
        if session is None:
            raise WriteError("the resource is not open", 0)
        if session.fd is None:
            session.write(data)  # how much it took of what it refused is not known
            return
        accepted = 0
        try:
            while accepted < len(data):
                if not self._waiter.writable(WRITE_TIMEOUT_S):
                    raise LinkDownError(f"takes no data for {WRITE_TIMEOUT_S} s")
                piece = data[accepted : accepted + PIECE]
                session.write(piece)
                accepted += len(piece)
        except LinkDownError as error:
            raise WriteError(str(error), accepted) from None

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, or ``b""`` after *timeout_s*."""
        return self._await(timeout_s)[0]

    def _await(self, timeout_s: float) -> tuple[bytes, bool]:
        """What comes within *timeout_s*, and whether a message ends with it."""
        until_s = time.monotonic() + timeout_s
        while True:
            left_s = max(0.0, until_s - time.monotonic())
            data, ended = self._read_some(left_s)
            self._look()
            if data or not left_s:
                return data, ended

    def _read_some(self, left_s: float) -> tuple[bytes, bool]:
        """One attempt, no longer than a slice where the library waits."""
        session = self._open_session()
        if session.fd is None:
            return session.read(min(left_s, SLICE_S))
        if not self._waiter.readable(left_s):
            return b"", False
        data, ended = session.read(STALL_S)
        if not data:  # not for us: something of the protocol, or a hint that came to nothing
            self._cancelled.wait(min(left_s, PAUSE_S))
        return data, ended

    def _open_session(self) -> Session:
        if self._session is None:
            raise LinkDownError("the resource is not open")
        return self._session

    def _look(self) -> None:
        if self._cancelled.is_set():
            raise LinkDownError("the link is being closed")

    def transmit_s(self, count: int) -> float:
        """The time that *count* bytes take on a serial line, else nothing worth counting."""
        return 0.0 if self._transmit_s is None else self._transmit_s(count)

    def idle(self, timeout_s: float) -> None:
        """Wait until there may be something to read, or somebody nudges."""
        if self._session is not None and self._session.fd is not None:
            self._waiter.idle(timeout_s)
        else:
            self._nudged.wait(min(timeout_s, SLICE_S))
        self._nudged.clear()

    def nudge(self) -> None:
        """End the present idle wait, or the next."""
        self._nudged.set()
        self._waiter.nudge()

    def cancel(self) -> None:
        """End every wait; one in the library itself ends with its slice."""
        self._cancelled.set()
        self._nudged.set()
        self._waiter.cancel()


class MessagePort(RawPort):
    """Messages with an end, of a device that says nothing until it is read (IEEE 488.2).

    Such a device counts it as an error when it is read without having been asked. So it is read for replies
    only, and for what is left of one that was given up.

    Args:
        clears: Whether the device may be told by a device clear to drop what is under way.
    """

    def __init__(
        self, address: str, connect: Callable[[], Session], forgets_on_close: bool, *, clears: bool
    ) -> None:
        super().__init__(address, connect, forgets_on_close)
        self._clears = clears
        #: True when what was read last is the end of a message.
        self.ended = False
        #: True while the end of a reply that was waited for has not come.
        self._owes = False

    def open(self) -> None:
        """Open the resource; some devices still owe then what they did before."""
        super().open()
        self.ended = False
        self._owes = self._owes and not self.forgets_on_close

    def write(self, data: bytes) -> None:
        """Send *data* as one message."""
        if self._session is None:
            raise WriteError("the resource is not open", 0)
        self._session.write(data)

    def read(self, timeout_s: float) -> bytes:
        """The next piece of a reply, or ``b""`` after *timeout_s*."""
        data, self.ended = self._await(timeout_s)
        self._owes = not self.ended
        return data

    def overhear(self, timeout_s: float) -> bytes:
        """What is left of a reply that was given up; else nothing is said, and *timeout_s* passes."""
        if self._owes and timeout_s > 0:
            return self.read(timeout_s)
        self._open_session()
        self._cancelled.wait(timeout_s)
        self._look()
        return b""

    def clear(self) -> bool:
        """Have the device drop what is under way; False where it cannot or must not be told to."""
        session = self._open_session()
        if not self._clears:
            return False
        if session.fd is not None:  # PyVISA-py trips over replies that came before the answer to a clear
            while self._waiter.readable(0.0) and session.read(STALL_S)[0]:
                pass
        cleared = session.clear()
        if cleared:
            self._owes = self.ended = False
        return cleared
