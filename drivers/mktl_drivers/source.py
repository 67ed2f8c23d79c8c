"""A query and the items that it feeds: one exchange, one timestamp, however many want to know."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import mktl
from mktl.devicefile import Query
from mktl.errors import DeviceError

from .jobs import Priority

if TYPE_CHECKING:
    from .bound import BoundItem
    from .link import TextLink


class Source:
    """Reads *query* on *link*, when polled, refreshed or told to, and hands its reply to its items."""

    def __init__(self, link: TextLink, query: Query) -> None:
        self.link = link
        self.query = query
        self.items: list[BoundItem] = []
        self._send = query.send.format({})
        self._periods_s: dict[BoundItem, float] = {}

    def poll(self, item: BoundItem, period_s: float | None) -> None:
        """Read as often as the most impatient item wants; None ends it for *item*."""
        if period_s:
            self._periods_s[item] = period_s
        else:
            self._periods_s.pop(item, None)
        mktl.poll.start(self._tick, min(self._periods_s.values(), default=None))

    def _tick(self) -> None:
        self.link.jobs.offer(self.read, self)

    def soon(self) -> None:
        """Read once, as a poll would."""
        self._tick()

    def refresh(self) -> None:
        """Read now, and return when every item has it; whoever asks meanwhile joins.

        Raises:
            DeviceError: The link is down, or the device did not answer as it should.
        """
        self.link.jobs.submit(self.read, Priority.REFRESH, self).result()

    def read(self) -> None:
        """One exchange, on the link's thread.

        Raises:
            DeviceError: What went wrong; every item has been told.
        """
        try:
            reply = self.link.line.exchange(self._send, self.query.reply, self.query.reply_timeout_s)
        except DeviceError as error:
            for item in self.items:
                item.flag(error.status, str(error))
            raise
        now = time.time()
        for item in self.items:
            item.take(reply, now)

    def in_words(self, field: str, raw: Any) -> str:
        """What *raw* in *field* means, by the item that shows it, if there is one."""
        for item in self.items:
            if item.spec.field == field:
                return f"{item.key} is {item.to_format(item.from_device(raw))}"
        return f"{field} is {raw}"


def meets(reply: Mapping[str, Any], wanted: Mapping[str, tuple[Any, ...]]) -> str | None:
    """The first field that is not what is *wanted*; None when all are."""
    for field, values in wanted.items():
        if reply.get(field) not in values:
            return field
    return None
