"""Listening in on a link: what was said last, how long answers take, how busy it is, the wire trace."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ..devicefile import Step
from ..devicefile.traffic import escaped

#: Where wire traces go, at level INFO.
trace_log = logging.getLogger("mktl.trace")

#: Commands whose last exchange is remembered; sets of many values would go on for ever.
MOST_COMMANDS = 256
#: Bytes of a reply that are remembered.
MOST_BYTES = 2000
#: In a key, in the place of what was replied to.
_NOBODY = 0
#: The share of the newest answer in the latency.
_NEWEST = 0.2


@dataclass(slots=True)
class Exchange:
    """The last time that something was sent."""

    sent: bytes
    #: When, UNIX seconds.
    time: float
    came: bytes = b""
    #: What it was the reply to; None while there is none.
    step: Step | None = None


class Listener:
    """A tap on a line that remembers and measures; told by the link's thread, asked by others.

    Args:
        clock: Seconds that never jump.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        #: By what was sent and what was replied to, the last one last: several queries may send the same.
        self.exchanges: OrderedDict[tuple[bytes, int], Exchange] = OrderedDict()
        #: From a command to the end of its reply, s, of the last answers; None before the first.
        self.latency_s: float | None = None
        self._current: Exchange | None = None
        self._sent_s = 0.0
        self._busy_s = 0.0
        #: Up to when the line has been counted as busy; None while nothing is under way.
        self._counted_s: float | None = None
        self._looked = clock(), 0.0

    def sent(self, data: bytes) -> None:
        """An exchange begins."""
        self._file()
        self._sent_s = self._counted_s = self._clock()
        current = self._current = Exchange(data, time.time())
        self._keep((data, _NOBODY), current)

    def received(self, data: bytes) -> None:
        """It goes on; what comes unasked keeps nobody busy."""
        current = self._current
        if current is not None and len(current.came) < MOST_BYTES:
            current.came += data
        if self._counted_s is not None:
            now_s = self._clock()
            self._busy_s += now_s - self._counted_s
            self._counted_s = now_s

    def replied(self, reply: bytes, _cut: object, step: Step) -> None:
        """It is over; or it goes on, and something came that nobody asked for."""
        if step.send is None:
            self._keep((b"", id(step)), Exchange(b"", time.time(), reply, step))
            return
        current = self._current
        if current is not None and current.step is None:
            current.step = step
        if self._counted_s is None:
            return
        took_s = self._clock() - self._sent_s
        known_s = self.latency_s
        self.latency_s = took_s if known_s is None else known_s + _NEWEST * (took_s - known_s)
        self._counted_s = None

    def _file(self) -> None:
        """Have the last exchange stand under what was replied to; not before the line is busy again."""
        current = self._current
        if current is not None and current.step is not None:
            self.exchanges.pop((current.sent, _NOBODY), None)
            self._keep((current.sent, id(current.step)), current)

    def _keep(self, key: tuple[bytes, int], exchange: Exchange) -> None:
        self.exchanges.pop(key, None)
        self.exchanges[key] = exchange
        if len(self.exchanges) > MOST_COMMANDS:
            self.exchanges.popitem(last=False)

    def load(self) -> float:
        """The share of the time since the last look in which the line was busy, 0 to 1."""
        now_s, busy_s = self._clock(), self._busy_s
        (then_s, before_s), self._looked = self._looked, (now_s, busy_s)
        return min(1.0, (busy_s - before_s) / (now_s - then_s)) if now_s > then_s else 0.0


class Trace:
    """A tap that writes all that passes on a link to the log, as text and in hex."""

    def __init__(self, link: str) -> None:
        self._link = link

    def sent(self, data: bytes) -> None:
        """To the device."""
        self._write(">", data)

    def received(self, data: bytes) -> None:
        """From the device, as it comes."""
        self._write("<", data)

    def replied(self, *_: object) -> None:
        """Has passed already."""

    def _write(self, direction: str, data: bytes) -> None:
        trace_log.info("%s %s %s  (%s)", self._link, direction, escaped(data), data.hex(" "))
