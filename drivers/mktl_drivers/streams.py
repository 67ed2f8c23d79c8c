"""What a device says without being asked: lines that feed items."""

from __future__ import annotations

import time
from concurrent.futures import Future

from mktl.devicefile import Query
from mktl.errors import DeviceError, TemplateMismatchError

from .reading import Reading, Source
from .roles import Party

#: What an item is when the link is up and no line has come, never or since then: status, reason, severity.
UNHEARD = ("unset", "", "none")
AWAITED = ("stale", "nothing has come since the device is back", "invalid")


class Stream(Source):
    """A line of a form of its own; whenever it comes, its items have a reading.

    A period of polls says how often the line is expected: an item for which none has come for twice as long
    is overdue.
    """

    def __init__(self, link: Party, query: Query) -> None:
        super().__init__(link, query)
        link.line.listeners.append(self.hear)
        link.jobs.queue.on_new = link.line.transport.nudge

    def hear(self, line: bytes) -> bool:
        """Take *line* if it has the form; by the link's thread."""
        form = self.query.steps[0].reply
        assert form is not None
        try:
            fields = form.parse(line)
        except TemplateMismatchError:
            return False
        channel = self.link.line
        channel.taps.replied(line, channel.cut, self.query.steps[0])
        self._good_s = channel.clock()
        self.is_fresh = True
        self.feed(Reading(fields, time.time()))
        return True

    def connected(self, now_s: float) -> None:
        """The link is up: what came before it was down is old until a line comes."""
        super().connected(now_s)
        for item in self.items:
            if item.status == "disconnected":
                item.flag(*(UNHEARD if item.time is None else AWAITED))

    def tick(self) -> None:
        """Nothing to ask; but a line that does not come any more shows."""
        now_s = self.link.line.clock()
        silent_s = now_s - (self._good_s or now_s)
        self.flag_overdue(now_s, f"{self.link.line.title}: nothing has come for {silent_s:.1f} s")

    def stop(self) -> None:
        """Listen no more."""
        super().stop()
        line = self.link.line
        line.listeners = [listener for listener in line.listeners if listener != self.hear]

    def refreshing(self) -> Future[Reading]:
        """What came last is all there is.

        Raises:
            DeviceError: Nothing can be asked for.
        """
        raise DeviceError(f"{self.link.line.title}: {self.query.name} comes unasked; it cannot be asked for")

    def read(self) -> Reading:
        """As :meth:`refreshing`."""
        return self.refresh()
