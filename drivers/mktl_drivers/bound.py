"""An item whose value is in a device."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol

import mktl
from mktl.devicefile import Done, ItemSpec, Query
from mktl.errors import MktlError, NotSettableError

from .alarm import AlarmState
from .conditions import Watched
from .finishing import Finish
from .jobs import Priority
from .judging import Verdict, in_words, judge
from .reading import Reading, Source
from .roles import Binder
from .wording import named
from .writing import Writer

log = logging.getLogger("mktl.drivers.bound")


class SetsItem(Protocol):
    """Carries values to a device."""

    def write(self, value: Any) -> None:
        """Send *value*, and publish what came of it; by the link's thread."""


def _unit(spec: ItemSpec) -> str:
    units = spec.metadata.get("units") or ""
    return str(units if isinstance(units, str) else units.get("", ""))


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
        self, *args: Any, link: Binder, spec: ItemSpec, query: Query | None = None, **kwargs: Any
    ) -> None:
        self.link = link
        self.spec = spec
        self.source: Source | None = link.source(query) if query is not None else None
        self._writer = self._make_writer()
        self._alarms = AlarmState(spec.alarms, _unit(spec)) if spec.alarms is not None else None
        self._fast: Watched | None = None
        #: What waits until the last set is done.
        self._finish: Finish | None = None
        self.sets_overlap = spec.done is None or not spec.done.queue
        #: What is to be written to the device once it is there, where the file wants that.
        self._stored: Any = None
        super().__init__(*args, **kwargs)
        link.attach(self)
        if spec.poll_s:
            self.poll(spec.poll_s)

    def _make_writer(self) -> SetsItem | None:
        """What carries a value to the device; None for an item that is only read."""
        return None if self.spec.command is None else Writer(self, self.spec.command)

    # -- from first to last

    def begin(self) -> None:
        """All items are there, at the start and after each change of the file."""
        if self.spec.fast is None:
            return
        is_new = self._fast is None
        self._fast = Watched(self.spec.fast.when, self.store)
        if is_new:  # an item that takes the place of another takes over whom it calls
            for item in self._fast.items.values():
                item.register(self._set_pace)

    def end(self) -> None:
        """The link is being closed: nothing is waited for any more."""
        if self._finish is not None:
            self._finish.abandon()

    def _set_pace(self, *_: Any) -> None:
        """Poll faster while the file's condition holds."""
        assert self._fast is not None
        assert self.spec.fast is not None
        self.poll(self.spec.fast.poll_s if self._fast.judge().holds else self.spec.poll_s)

    def restore(self, reading: Any) -> None:
        """Take on the value of the last run, where the file says so; it cannot be trusted yet.

        The device knows better what it holds: nothing else is done by default.
        """
        if self.spec.restore in ("value", "write"):
            super().restore(reading.flagged("stale", "invalid", "of the last run; not read since"))
        if self.spec.restore == "write":
            self._stored = reading

    def restore_failed(self, reason: str) -> None:
        """Of no interest where the device says what it holds."""
        if self.spec.restore in ("value", "write"):
            super().restore_failed(reason)

    def connected(self) -> None:
        """The device is there; by the link's thread."""
        stored, writer, self._stored = self._stored, self._writer, None
        if stored is not None and writer is not None and stored.value is not None:
            log.info("%s: written as it was in the last run: %r", self.full_key, stored.value)
            self.link.jobs.submit(partial(writer.write, stored.value), Priority.SET)

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

    def req_set(self, request: Any) -> Any:
        """Have the command sent; the Future that is returned has the device's word on it.

        A set that waits until it is done is superseded by the next one that the device carries out, unless
        the file says that sets queue up.

        Raises:
            MktlError: Refused; nothing was sent.
        """
        writer = self._writer
        if writer is None:
            raise NotSettableError(f"{self.full_key} is read only")
        value, outcome = request.payload.value, Future[None]()
        try:
            sent = self.link.jobs.submit(partial(self._write, writer, value), Priority.SET)
        except MktlError as error:
            raise named(error, self.full_key) from None
        sent.add_done_callback(partial(self._sent, value, outcome))
        return outcome

    # -- by the link's thread

    def _write(self, writer: SetsItem, value: Any) -> None:
        self.check_here()
        writer.write(value)

    def _sent(self, value: Any, outcome: Future[None], sent: Future[Any]) -> None:
        """The command has been carried out, or not; the set may be done only when a condition holds."""
        error, done = sent.exception(), self.spec.done
        if error is not None:
            outcome.set_exception(self._named(error))
        elif done is None or done.when is None:
            outcome.set_result(None)
        else:
            self._begin_to_wait(done, value, outcome)

    def _begin_to_wait(self, done: Done, value: Any, outcome: Future[None]) -> None:
        former = self._finish
        if former is not None:
            former.supersede(value)
        over: Future[None] = Future()
        over.add_done_callback(partial(self._is_over, outcome))
        try:
            self._finish = Finish(self, done, over)
        except MktlError as error:
            over.set_exception(error)

    def _is_over(self, outcome: Future[None], over: Future[None]) -> None:
        error = over.exception()
        if error is None:
            outcome.set_result(None)
        else:
            outcome.set_exception(self._named(error))

    def _named(self, error: BaseException) -> BaseException:
        return named(error, self.full_key) if isinstance(error, MktlError) else error

    def judge(self, reading: Reading) -> Verdict:
        """What *reading* says of this item."""
        return judge(self.spec, reading.fields, self._explain)

    def take(self, reading: Reading) -> None:
        """Publish this item's part of a reading, or say why it has none."""
        try:
            verdict = self.judge(reading)
            if verdict.status == "ok":
                self._show(verdict.value, reading.time)
            else:
                self.flag(verdict.status, verdict.reason)
        except Exception:  # an item that cannot be published must not cost the others their reading
            log.exception("%s: cannot take %r", self.full_key, reading.fields)

    def _show(self, value: Any, time: float) -> None:
        """Publish *value*, with the alarm that it may be; too small a change is none."""
        if self.spec.deadband and isinstance(self.value, (int, float)) and self.status in ("ok", "alarm"):
            value = self.value if abs(value - self.value) < self.spec.deadband else value
        alarm = self._alarms.judge(value) if self._alarms is not None else None
        if alarm is None:
            self.publish(value, time)
        else:
            severity, reason = alarm
            self.publish(value, time, status="alarm", severity=severity, reason=reason)

    def _explain(self, field: str, value: Any) -> str:
        """What *value* of another field of the reply means, by the item that shows that field."""
        shown = self.source.items if self.source is not None else []
        words = (in_words(value, item.config) for item in shown if item.spec.field == field)
        return next(filter(None, words), "")
