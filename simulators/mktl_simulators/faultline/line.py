"""The two ends of a line with faults, joined: a server on this side, the device on the other."""

from __future__ import annotations

import selectors
from typing import Any

from ..faults import Faults
from ..line_server import LineServer
from ..serve import PtyServer, TcpServer
from .journal import Entry, Journal
from .upstream import Upstream

#: Bytes of one reply come within this of each other.
GAP_S = 0.003


class Relay:
    """In the place of a device: hands on what it receives, and says by itself what comes from there."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream

    def receive(self, data: bytes) -> bytes:
        """Hand *data* on; the answer comes when it comes."""
        self.upstream.write(data)
        return b""

    def advance(self, dt_s: float) -> None:
        """The device has a time of its own."""

    def hang_up(self) -> None:
        """Who was here has gone: so is its connection to the device."""
        self.upstream.close()


class _Faultline(LineServer[Relay]):
    """What is common to both kinds; *gap_s* of silence ends a reply, which then suffers its fault."""

    def __init__(
        self,
        upstream: Upstream,
        *,
        faults: Faults | None = None,
        journal: Journal | None = None,
        gap_s: float = GAP_S,
        **line: Any,
    ) -> None:
        self.journal = journal or Journal()
        self._gap_s = gap_s
        self._reply = b""
        self._reply_ends_s = 0.0
        self._watched: int | None = None
        self._began_s: float | None = None
        super().__init__(Relay(upstream), faults=faults, **line)

    def _detach(self) -> int | None:
        # What hangs up here may hang up there, and the number be another's before we look again.
        self._unwatch()
        return super()._detach()

    def _look_after_line(self) -> None:
        super()._look_after_line()
        self._follow_upstream()

    def _follow_upstream(self) -> None:
        """Wait for what comes from the device, if it is connected."""
        fd = self.device.upstream.fileno()
        if fd == self._watched:
            return
        self._unwatch()
        if fd is not None:
            self._selector.register(fd, selectors.EVENT_READ, self._come)
            self._watched = fd

    def _unwatch(self) -> None:
        if self._watched is not None:
            # It may be closed already; the selector knows it by its number.
            self._selector.unregister(self._watched)
            self._watched = None

    def _hear(self, data: bytes, whence: Any = None) -> None:
        self._note("command", data)
        super()._hear(data, whence)
        self._follow_upstream()

    def _come(self, _events: int) -> None:
        self._unwatch()
        data = self.device.upstream.read()
        self._follow_upstream()
        if not data:
            self._device_left()
            return
        self._reply += data
        self._reply_ends_s = self._clock() + self._gap_s

    def _device_left(self) -> None:
        """A device that hangs up has hung up on whoever is here."""
        self._reply = b""

    def _pause_s(self) -> float:
        pause_s = super()._pause_s()
        return min(pause_s, max(0.0, self._reply_ends_s - self._clock())) if self._reply else pause_s

    def _catch_up(self) -> None:
        if self._reply and self._clock() >= self._reply_ends_s:
            reply, self._reply = self._reply, b""
            before = len(self.faults.happened)
            self.faults.pass_on(b"", reply, self._clock(), self._whence)
            happened = self.faults.happened[before:]
            self._note("reply", reply, happened[0].kind if happened else "")
        super()._catch_up()

    def _note(self, kind: Any, data: bytes, fault: str = "") -> None:
        now_s = self._clock()
        if self._began_s is None:
            self._began_s = now_s
        self.journal.note(Entry(now_s - self._began_s, kind, data, fault))

    def close(self) -> None:
        """Stop passing on; nothing is left open."""
        super().close()
        self.device.upstream.close()


class TcpFaultline(_Faultline, TcpServer[Relay]):
    """A TCP port behind which the device is; a device that hangs up drops the client here.

    Args:
        upstream: Where the device is.
        faults: What goes wrong.
        journal: Where it is written down what passed on the device's side.
        gap_s: A silence this long ends a reply.
        line: More of :class:`~mktl_simulators.serve.TcpServer`: ``port``, ``host``, ``keep``.
    """

    def _device_left(self) -> None:
        super()._device_left()
        self._drop_client()


class PtyFaultline(_Faultline, PtyServer[Relay]):
    """A pseudo-terminal behind which the device is.

    Args:
        upstream: Where the device is.
        faults: What goes wrong.
        journal: Where it is written down what passed on the device's side.
        gap_s: A silence this long ends a reply.
        line: More of :class:`~mktl_simulators.serve.PtyServer`: ``link_path``, ``keep``.
    """
