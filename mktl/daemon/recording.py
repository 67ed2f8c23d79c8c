"""Writes down what passes on the links of a daemon, for a replay later."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import MktlError

if TYPE_CHECKING:
    from ..devicefile import Device

Direction = Literal[">", "<"]

#: Bytes that come so far apart are written as two events.
APART_S = 0.5


class Recorder:
    """A file of traffic; each event is on disk as soon as it is whole.

    Args:
        path: Of the file; one that is there is replaced.
        device: What the daemon serves, for the remarks at the top.
        clock: Seconds that never jump.

    Raises:
        MktlError: The file cannot be written.
    """

    def __init__(self, path: Path | str, device: Device, clock: Callable[[], float] = time.monotonic) -> None:
        try:
            self._file = open(path, "w", encoding="ascii", buffering=1)  # noqa: SIM115 - until close()
        except OSError as error:
            raise MktlError(f"{path}: cannot be written: {error.strerror}") from None
        self._clock, self._begun_s = clock, clock()
        self._lock = threading.Lock()
        self._taps: list[_Tap] = []
        now = time.strftime("%Y-%m-%d %H:%M:%S %Z")
        name = ascii(device.path.name)[1:-1]
        self._file.write(f"# {name}, {now}: seconds, link, > sent or < received, bytes\n")

    def follow(self, name: str, link: Any) -> bool:
        """Write down what passes on *link*; False when its driver does not tell."""
        if not hasattr(link, "taps"):
            return False
        tap = _Tap(self, name, self._clock)
        self._taps.append(tap)
        link.taps.add(tap)
        return True

    def write(self, at_s: float, link: str, direction: Direction, data: bytes) -> None:
        """One event, at *at_s* of the clock."""
        from ..devicefile.traffic import Event  # only here: a daemon that records nothing need not have it

        event = Event(at_s - self._begun_s, link, direction, data)
        with self._lock:
            if not self._file.closed:
                self._file.write(f"{event}\n")

    def close(self) -> None:
        """Write what is left and close the file."""
        for tap in self._taps:
            tap.flush()
        with self._lock:
            self._file.close()


class _Tap:
    """What comes in pieces is one event, until a reply is whole or something else is sent."""

    def __init__(self, recorder: Recorder, link: str, clock: Callable[[], float]) -> None:
        self._recorder, self._link, self._clock = recorder, link, clock
        self._came = b""
        self._since_s = self._last_s = 0.0
        self._lock = threading.Lock()

    def sent(self, data: bytes) -> None:
        self.flush()
        self._recorder.write(self._clock(), self._link, ">", data)

    def received(self, data: bytes) -> None:
        now_s = self._clock()
        if self._came and now_s - self._last_s > APART_S:
            self.flush()
        with self._lock:
            self._since_s = self._since_s if self._came else now_s
            self._came += data
            self._last_s = now_s

    def replied(self, *_: object) -> None:
        self.flush()

    def flush(self) -> None:
        with self._lock:
            came, self._came = self._came, b""
        if came:
            self._recorder.write(self._since_s, self._link, "<", came)
