"""An item whose value is in a device."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import mktl
from mktl.devicefile import ItemSpec, Query
from mktl.errors import MktlError, NotSettableError

from .jobs import Priority
from .judging import Verdict, in_words, judge
from .reading import Reading, Source
from .wording import named
from .writing import Writer

if TYPE_CHECKING:
    from .link import TextLink

log = logging.getLogger("mktl.drivers.bound")


class BoundItem(mktl.Item):
    """Reads by its link's queries, sets by its command; the link's thread does both.

    A subclass may override :meth:`take` to see each reading, and ``req_refresh`` and ``req_set`` as in any
    item. Nothing is ever sent because a daemon starts or ends, but for reads.

    Args:
        link: The line to the device.
        spec: Where the value comes from and goes to.
        query: What ``spec.query`` names.
    """

    #: What the device was seen to hold is published here; the core need not.
    publish_on_set = False

    def __init__(
        self, *args: Any, link: TextLink, spec: ItemSpec, query: Query | None = None, **kwargs: Any
    ) -> None:
        self.link = link
        self.spec = spec
        self.source: Source | None = link.source(query) if query is not None else None
        self._writer = Writer(self, spec.command) if spec.command is not None else None
        super().__init__(*args, **kwargs)
        link.attach(self)
        if spec.poll_s:
            self.poll(spec.poll_s)

    # -- hooks of mktl.Item

    def poll(self, period: float | None) -> None:
        """Have the query that feeds this item asked every *period* seconds; None or 0 ends it."""
        if self.source is not None:
            self.source.schedule(self, period)

    def refresh_failed(self, error: Exception) -> None:
        """Nothing more to say: who read for all items of the query has told each of them."""

    def req_refresh(self) -> dict[str, Any] | None:
        """Ask the device; everything that its reply feeds is published by then.

        Raises:
            DeviceError: What went wrong.
        """
        if self.source is None or self.source.query.unsolicited:
            return None
        try:
            reading = self.source.refresh()
        except MktlError as error:
            raise named(error, self.full_key) from None
        verdict = self.judge(reading)
        if verdict.status == "ok":
            return {"value": verdict.value, "time": reading.time}
        trust = {"status": verdict.status, "severity": "invalid", "reason": verdict.reason}
        return {"value": self.value, "time": self.time, **trust}

    def req_poll(self, repeat: bool = False) -> dict[str, Any] | None:
        """Ask the device, and return what it says.

        It has been published by the link's thread. To publish it here once more might undo what that thread
        has read since.
        """
        refreshed = self.req_refresh()
        if repeat and refreshed is not None and self.status == "ok":
            self.publish(self.value, repeat=True)
        return refreshed

    def req_set(self, request: Any) -> None:
        """Send the command, and wait for the device's word on it.

        Raises:
            MktlError: Refused, not sent, or of unknown outcome; the text says which.
        """
        writer = self._writer
        if writer is None:
            raise NotSettableError(f"{self.full_key} is read only")
        value = request.payload.value
        try:
            self.link.jobs.submit(lambda: writer.write(value), Priority.SET).result()
        except MktlError as error:
            raise named(error, self.full_key) from None

    # -- by the link's thread

    def judge(self, reading: Reading) -> Verdict:
        """What *reading* says of this item."""
        return judge(self.spec, reading.fields, self._explain)

    def take(self, reading: Reading) -> None:
        """Publish this item's part of a reading, or say why it has none."""
        try:
            verdict = self.judge(reading)
            if verdict.status == "ok":
                self.publish(verdict.value, reading.time)
            else:
                self.flag(verdict.status, verdict.reason)
        except Exception:  # an item that cannot be published must not cost the others their reading
            log.exception("%s: cannot take %r", self.full_key, reading.fields)

    def _explain(self, field: str, value: Any) -> str:
        """What *value* of another field of the reply means, by the item that shows that field."""
        shown = self.source.items if self.source is not None else []
        words = (in_words(value, item.config) for item in shown if item.spec.field == field)
        return next(filter(None, words), "")
