"""Reads that several items share: one exchange feeds them all, with one timestamp."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, NamedTuple

import mktl
from mktl.devicefile import Query
from mktl.errors import DeviceError, DeviceReplyError, DeviceTimeoutError, ItemTypeError, ItemValueError

from .backoff import Backoff
from .jobs import Priority
from .others import sources_of, values_of
from .roles import Fed, Party
from .turns import frames_of, turns_of

log = logging.getLogger("mktl.drivers.reading")

#: An item that has not been read for so many of its periods is not what it seems any more.
OVERDUE_PERIODS = 2
#: A query that nobody polls is asked again after a failure, with pauses that grow to this.
LONGEST_PAUSE_S = 60.0


class Reading(NamedTuple):
    """The reply to a query, and when it came in UNIX seconds."""

    fields: Mapping[str, Any]
    time: float


class Source:
    """One query of a link and the items that it feeds.

    It is asked at the shortest period that any of its items wants. Whoever asks for it while it waits or
    runs joins in.
    """

    def __init__(self, link: Party, query: Query) -> None:
        self.link = link
        self.query = query
        self.items: list[Fed] = []
        self.period_s: float | None = None
        #: True once it has been read well on this connection, and not failed since.
        self.is_fresh = False
        #: When it was answered last, in the link's time.
        self.answered_s: float | None = None
        self._turns = turns_of(query.steps, link.spec)
        self._references = query.item_references
        self._frames = () if self._references else frames_of(query.steps, {})
        #: When the last good reading was or could have been, in the link's time; None before that.
        self._good_s: float | None = None
        self._periods: dict[Fed, float] = {}
        self._lock = threading.Lock()
        self._retries = link.spec.retries if query.retries is None else query.retries
        self._failures = 0
        #: When the first of them was, in the link's time.
        self._failing_from_s = 0.0
        self._flagged_overdue = False
        self._pauses = Backoff(link.spec.retry_s, LONGEST_PAUSE_S)
        self._again: mktl.poll.Timer | None = None

    @property
    def question(self) -> bytes:
        """What is sent; empty where that is not all there is to the exchange."""
        plain = len(self._turns) == 1 and self._turns[0].is_usual and self._frames
        return self._frames[0] or b"" if plain else b""

    @property
    def failures(self) -> int:
        """How often in a row it has failed by now."""
        return self._failures

    # -- from any thread

    def schedule(self, item: Fed, period_s: float | None) -> None:
        """Have *item* read every *period_s* seconds; None or 0 ends that."""
        with self._lock:
            if period_s:
                self._periods[item] = period_s
            else:
                self._periods.pop(item, None)
            shortest_s = min(self._periods.values(), default=None)
            if shortest_s == self.period_s:
                return
            self.period_s = shortest_s
            mktl.poll.start(self.tick, shortest_s)

    def stop(self) -> None:
        """No more polls."""
        with self._lock:
            self._periods.clear()
            self.period_s = None
            mktl.poll.stop(self.tick)
        self._not_again()

    def tick(self) -> None:
        """Queue one read, unless one waits or runs already or the link is down."""
        self.link.jobs.offer(self.ask, self, self.feed)

    def refresh(self) -> Reading:
        """Read, or wait for the read that is under way.

        Raises:
            DeviceError: What went wrong.
        """
        return self.refreshing().result()

    def refreshing(self) -> Future[Reading]:
        """The same without waiting for it.

        Raises:
            DeviceError: It cannot be asked.
        """
        return self.link.jobs.submit(self.ask, Priority.REFRESH, self, self.feed)

    # -- by the link's thread

    def read(self) -> Reading:
        """Ask, and give every item its part of the answer.

        Raises:
            DeviceError: What went wrong; the items are flagged.
        """
        reading = self.ask()
        self.feed(reading)
        return reading

    def ask(self) -> Reading:
        """The exchange alone.

        Raises:
            DeviceError: What went wrong; the items are flagged.
        """
        line = self.link.line
        try:
            if self._references:
                line.catch_up()
                self._frames = self._referring()
            fields = self._converse()
        except DeviceError as error:
            line.catch_up()  # an earlier reading must not cover up what is flagged now
            self._failed(error)
            raise
        self._good_s = self.answered_s = line.clock()
        self.is_fresh = True
        if self._again is not None:
            self._not_again()
            self._pauses.reset()
        return Reading(fields, time.time())

    def feed(self, reading: Reading) -> None:
        """Give every item its part of *reading*."""
        for item in self.items:
            item.take(reading)
        if self._failures or self._flagged_overdue:
            self._recovered()

    def _converse(self) -> Mapping[str, Any]:
        """The exchange, again after no or a broken reply as often as the file says."""
        link, left = self.link, self._retries
        while True:
            try:
                return self._exchange()
            except (DeviceTimeoutError, DeviceReplyError) as error:
                if left <= 0:
                    raise
                left -= 1
                log.debug("%s; asked again", error)
                link.regain()

    def _exchange(self) -> Mapping[str, Any]:
        """The exchange, once."""
        return self.link.line.converse(self._turns, self._frames)

    def _referring(self) -> tuple[bytes | None, ...]:
        """What to send, with the values that other items have now; those not read yet are read first."""
        if not self.items:
            raise DeviceError(f"{self.link.name}: {self.query.name} is asked no more")
        store = self.items[0].store
        for source in sources_of(store, self._references, self.link):
            if not (source.is_fresh or source.query.item_references or source.query.unsolicited):
                source.read()
        try:
            return frames_of(self.query.steps, values_of(store, self._references))
        except (ItemTypeError, ItemValueError) as error:
            raise DeviceError(f"{self.link.name}: {self.query.name}: {error}") from None

    def connected(self, now_s: float) -> None:
        """The link is up: read at once, and count what is overdue from now on."""
        self._good_s = now_s
        self._failures, self._flagged_overdue, self.is_fresh = 0, False, False
        if self.items:
            self.tick()

    def _failed(self, error: DeviceError) -> None:
        self._failures += 1
        if self._failures == 1:
            self._failing_from_s = self.link.line.clock()
        self.is_fresh = False
        self.flag(error.status, str(error))
        if self.period_s is None:
            self._ask_again()
        # One lost reply is the line's everyday life and shows in the counters; two in a row are news.
        if self._failures == 2 and not self._flagged_overdue:
            log.warning("%s; %d items keep their last values", error, len(self.items))

    def _ask_again(self) -> None:
        """Later, since no poll will: a reply that was lost once must not be the last word."""
        self._not_again()
        self._again = mktl.poll.clock().once(self._pauses.next_s(), self.tick)

    def _not_again(self) -> None:
        again, self._again = self._again, None
        if again is not None:
            again.cancel()

    def _recovered(self) -> None:
        if self._failures >= 2 and not self._flagged_overdue:
            away_s = self.link.line.clock() - self._failing_from_s
            log.info("%s: %s is answered again after %.1f s", self.link.name, self.query.name, away_s)
        self._failures = 0
        self._flagged_overdue = False

    def flag(self, status: str, reason: str) -> None:
        """Say of every item that its value cannot be trusted."""
        for item in self.items:
            item.flag(status, reason)

    def flag_overdue(self, now_s: float, reason: str) -> int:
        """Flag the items if a poll is overdue; how many items are, flagged now or before."""
        if self.period_s is None or self._good_s is None:
            return 0
        if now_s - self._good_s < OVERDUE_PERIODS * self.period_s:
            return 0
        if not self._flagged_overdue and not self._failures:  # else its own failure says more
            self.flag("timeout", reason)
        self._flagged_overdue = True
        return len(self.items)
