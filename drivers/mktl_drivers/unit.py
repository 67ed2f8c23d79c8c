"""One device on a line: its items, what it is asked, and whether it is there."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import mktl
from mktl.devicefile import Device, ItemSpec, LinkSpec, Query
from mktl.errors import DeviceError

from .backoff import Backoff
from .bound import BoundItem
from .checks import ErrorCheck
from .jobs import Jobs, Priority
from .line import Line
from .reading import Source
from .rehearsal import rehearse
from .streams import Stream
from .sync import identify
from .taps import Tap, Taps
from .turns import frames_of, turns_of

if TYPE_CHECKING:
    from .runner import Runner

log = logging.getLogger("mktl.drivers.unit")

State = Literal["connecting", "connected", "disconnected", "closed"]

#: A device among others that has not answered so often in a row is mute.
MUTE_AFTER = 2
#: A mute device is asked again only after so many of its reply timeouts: what that costs, with the silence
#: that the line needs afterwards, leaves the others 90 % of their rate.
PROBE_TIMEOUTS = 25


class Unit:
    """What a daemon, its items and the line's thread see of one device.

    On a line with others it is left alone when it does not answer: what waits for it fails at once, its
    items say so, and it is asked now and then until it is back.

    Args:
        spec: Of its link.
        line: That it is on.
        jobs: Its lane.
    """

    #: Whether what is said is commands and replies that a person could type, with :meth:`raw`.
    is_text: ClassVar[bool] = True

    def __init__(self, spec: LinkSpec, line: Line, jobs: Jobs) -> None:
        self.spec = spec
        self.name = spec.name
        self.line = line
        self.jobs = jobs
        self._state: State = "connecting"
        #: Since when it is in this state, UNIX seconds.
        self.since = time.time()
        self.items: Sequence[BoundItem] = ()
        self.check = None if spec.check_after_set is None else ErrorCheck(line, spec.check_after_set)
        self._sources: dict[Query, Source] = {}
        self._lock = threading.Lock()
        self._misses = 0
        self._pauses = Backoff(
            max(spec.retry_s, PROBE_TIMEOUTS * spec.reply_timeout_s),
            max(spec.retry_max_s, PROBE_TIMEOUTS * spec.reply_timeout_s),
        )
        self._probe: mktl.poll.Timer | None = None
        self._was_there = False
        #: Since when it has not answered, in the line's time; None while it does.
        self._away_from_s: float | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.title}, {self.state}>"

    # -- how it fares

    @property
    def state(self) -> State:
        """Whether the device is there."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        if state != self._state:
            self._state, self.since = state, time.time()

    @property
    def exchanges(self) -> int:
        """Commands sent on the line since it was made."""
        return self.line.counts.exchanges

    @property
    def timeouts(self) -> int:
        """Replies that did not come, or broke off."""
        return self.line.counts.timeouts

    @property
    def late_replies(self) -> int:
        """Times that something came which was no answer to what was asked last."""
        return self.line.counts.late_replies

    @property
    def reconnects(self) -> int:
        """Connections after the first one."""
        return max(0, self.line.counts.connections - 1)

    @property
    def last_error(self) -> str:
        """What went wrong last, or nothing."""
        return self.line.counts.last_error

    @property
    def title(self) -> str:
        """Its name and where it is."""
        return f"{self.name} ({self.line.transport.address})"

    @property
    def runner(self) -> Runner:
        """The thread of the line."""
        raise NotImplementedError

    # -- items

    def bind(self, spec: ItemSpec, device: Device) -> tuple[type[mktl.Item], dict[str, Any]]:
        """The class and the arguments for ``add_item`` that make *spec* an item of this link."""
        query = device.queries[spec.query] if spec.query is not None else None
        return BoundItem, {"link": self, "spec": spec, "query": query}

    def source(self, query: Query) -> Source:
        """What asks *query*: the same for everybody who sends the same and expects the same."""
        key = replace(query, name="", link=self.name)
        with self._lock:
            source = self._sources.get(key)
            if source is None:
                source = self._sources[key] = (Stream if query.unsolicited else Source)(self, query)
            return source

    @property
    def sources(self) -> list[Source]:
        """Everything that it is asked."""
        with self._lock:
            return list(self._sources.values())

    def attach(self, item: BoundItem) -> None:
        """Take *item* in: what comes is published, what goes wrong shows on it."""
        with self._lock:
            self.items = [*self.items, item]
        if item.source is not None:
            self._feed(item, item.source)

    def _feed(self, item: BoundItem, source: Source) -> None:
        with self._lock:
            source.items = [*source.items, item]
        if self.state == "connected":
            source.tick()

    def detach(self, item: BoundItem) -> None:
        """Let *item* go: it is fed no more; what fed nobody else is asked no more."""
        with self._lock:
            self.items = [other for other in self.items if other is not item]
        item.end()
        self._starve(item)

    def _starve(self, item: BoundItem) -> None:
        source = item.source
        if source is None:
            return
        item.poll(None)
        with self._lock:
            source.items = [other for other in source.items if other is not item]
            if source.items:
                return
            self._sources = {query: other for query, other in self._sources.items() if other is not source}
        source.stop()

    def follow(self, device: Device) -> None:
        """The file has changed, and with it some of the items; this link goes on with those it has now."""
        del device
        for item in self.items:
            item.begin()

    # -- for who wants to see what is said

    @property
    def taps(self) -> Taps:
        """Who is told of all that passes on the line."""
        return self.line.taps

    def raw(self, command: bytes) -> bytes:
        """Send *command*, with the link's end, ahead of all polls, and return the next whole reply.

        Raises:
            LinkDownError: The device is away; nothing was sent.
            DeviceTimeoutError: It was sent, and no reply came; some commands have none.
            DeviceError: The line is out of hand.
        """
        timeout_s = self.spec.reply_timeout_s
        reply: bytes = self.jobs.submit(lambda: self.line.ask(command, timeout_s), Priority.SET).result()
        return reply

    def rehearse(self, item: BoundItem, replies: Sequence[bytes], tap: Tap, **values: Any) -> None:
        """Read *item*, or set it, with *replies* in the place of the device's; see :func:`.rehearse`."""
        rehearse(item, replies, tap, **values)

    # -- from first to last

    @property
    def closing(self) -> threading.Event:
        """Set when the line is closed: nobody need wait for it any more."""
        return self.runner.closing

    def begin(self) -> None:
        """All items are there, and the line is about to be opened."""
        for item in self.items:
            item.begin()

    def end(self) -> None:
        """Ask nothing any more."""
        self._stop_probing()
        for source in self.sources:
            source.stop()
        self.jobs.refuse(f"{self.title} is closed; nothing was sent")
        for item in self.items:
            item.end()
        self.state = "closed"

    # -- by the line's thread

    def regain(self) -> None:
        """Get in step again, in the middle of a job.

        Raises:
            LinkDownError: That failed.
        """
        if not self.line.in_step:
            self.runner.resynchronise()

    def introduce(self) -> None:
        """See whether it is there, and the right one: then it is worked with.

        Raises:
            DeviceError: It is not; asked again later.
        """
        try:
            if self.spec.identity is not None:
                identify(self.line, self.spec.identity, self.spec.reply_timeout_s)
            elif self._misses:
                self._call_on()
            self.initialise()
        except DeviceError as error:
            self._later(str(error))
            raise
        self.connected(self.line.clock())

    def initialise(self) -> None:
        """Carry out what the file wants done after each connect."""
        if self.spec.init:
            self.line.converse(turns_of(self.spec.init, self.spec), frames_of(self.spec.init, {}))
        if self.check is not None:
            self.check.forget()

    def _call_on(self) -> None:
        """Ask something that is easily answered, for a device without an identity."""
        plain = (source for source in self.sources if source.question)
        source = max(plain, key=lambda one: one.answered_s or 0.0, default=None)
        if source is not None:
            self.line.ask(source.question, self.spec.reply_timeout_s)

    def connected(self, now_s: float) -> None:
        """The right device is there: take jobs, and read everything."""
        if self._was_there and self._misses:
            away_s = now_s - (self._away_from_s or now_s)
            log.info("%s: answering again after %.1f s", self.title, away_s)
        self._away_from_s = None
        self._was_there, self._misses = True, 0
        self._pauses.reset()
        self.state = "connected"
        self.jobs.accept()
        for item in self.items:
            if item.source is None and item.status == "disconnected":
                item.flag("unset" if item.time is None else "ok", "", "none")
        for source in self.sources:
            source.connected(now_s)
        for item in self.items:
            item.connected()

    def disconnected(self, reason: str) -> None:
        """It is away: what waits fails, and no value can be trusted."""
        self._stop_probing()
        self.state = "disconnected"
        self.jobs.refuse(f"{reason}; nothing was sent")
        for item in self.items:
            item.flag("disconnected", reason)

    # -- mute, among others

    def heard(self) -> None:
        """It has answered."""
        self._misses = 0

    def missed(self, error: Exception) -> None:
        """It has not answered, on a line where others might."""
        self._misses += 1
        if self._misses >= MUTE_AFTER and self.state == "connected":
            log.warning("%s: mute, left alone: %s", self.title, error)
            self._later(str(error))

    def _later(self, reason: str) -> None:
        """Leave it alone for a while."""
        self._misses = max(1, self._misses)
        if self._away_from_s is None:
            self._away_from_s = self.line.clock()
        self.disconnected(reason)
        if not self.closing.is_set():
            self._probe = mktl.poll.clock().once(self._pauses.next_s(), self.call)

    def call(self) -> None:
        """Have it introduced, when its turn comes; nothing is sent to it before."""
        if self.state == "connecting":
            self.jobs.refuse(f"{self.title} has not said yet what it is; nothing was sent")
        self.jobs.offer(self.introduce, self, although_refused=True)

    def _stop_probing(self) -> None:
        probe, self._probe = self._probe, None
        if probe is not None:
            probe.cancel()


class SharedLink(Unit):
    """A device on another link's line; the other opens and closes it."""

    def __init__(self, spec: LinkSpec, host: Unit) -> None:
        super().__init__(spec, host.line, Jobs(host.jobs.queue))
        self.host = host
        self.transport = host.line.transport

    @property
    def runner(self) -> Runner:
        """The host's."""
        return self.host.runner

    def open(self) -> None:
        """Begin; the line is opened by its host."""
        self.begin()

    def close(self) -> None:
        """End; the line stays open for the others."""
        self.end()
