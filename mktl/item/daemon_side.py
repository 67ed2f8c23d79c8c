"""What the daemon that is the authority for an item does with it; the hooks that subclasses write."""

from __future__ import annotations

import logging
import threading
import time as timemodule
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from .. import poll
from ..errors import ItemValueError, MktlError
from ..limits import raised_by
from ..protocol.incoming import Incoming
from ..protocol.message import Request
from ..wire.bulk import array_from
from ..wire.codec import JSON, VERSIONS
from ..wire.frames import topic
from ..wire.payload import Bulk, Payload
from .callbacks import Callbacks
from .forms import Forms
from .performers import Performers
from .primer import PREFIX, Primer
from .reading import SOUND, Reading, reading_of, same_value
from .setting import Waiting
from .types import check_value

if TYPE_CHECKING:
    from ..lane import Lane
    from ..limits import Limits
    from ..protocol.server import Server
    from ..workers import Workers

log = logging.getLogger(__name__)


class Publisher:
    """Where authoritative items send their broadcasts and have their work done."""

    def __init__(
        self, server: Server, workers: Workers, limits: Limits, clock: poll.Clock | None = None
    ) -> None:
        self.server = server
        self.workers = workers
        #: What calls polls when they are due.
        self.clock = clock or poll.clock()
        self.limits = limits
        self.waiting = Waiting(limits.waiting_sets)


class DaemonSide(Performers):
    """The half of :class:`mktl.Item` that is used where it is authoritative."""

    key: str
    full_key: str
    config: Mapping[str, Any]
    authoritative: bool
    pub: Publisher | None
    #: Whether a SET whose hook published nothing is followed by a poll, or by publishing what was set.
    publish_on_set = True
    #: Whether hooks of this item may be called while a Future that ``req_set`` returned is not done.
    sets_overlap = False

    _lock: threading.Lock
    _reading: Reading
    _callbacks: Callbacks

    def _become_authoritative(self, pub: Publisher | None) -> None:
        self.pub = pub
        self._topics = {version: topic(self.full_key, version) for version in VERSIONS}
        self._lane: Lane | None = pub.workers.lane() if pub is not None else None
        self._primer = Primer(self._prime)
        self._put_on_wire = pub.server.publish if pub is not None else None
        #: Of the reading that was wanted last.
        self._forms = Forms()
        self._forms.reading = Reading()
        self._published = 0
        self._poll_waiting = False
        self._joinable: list[Incoming] | None = None
        #: Polls skipped because the one before had not finished.
        self.late_polls = 0
        self._complaint = ""
        self._gone = ""
        #: Set by the daemon for an item whose value outlives it: called with each new value.
        self._persist: Callable[[Reading], Future[None]] | None = None
        self._saved: Future[None] | None = None

    # -- hooks for subclasses

    def req_refresh(self) -> dict[str, Any] | None:
        """Acquire the newest value: ``{"value": ..., "time": UNIX seconds}``, or None for nothing new.

        The value may be None in the dictionary: that clears the item. Raise to say that it could not be
        had: clients see the item as invalid with your text, and its value as it was.
        """
        return self._performed()

    def req_set(self, request: Request) -> Any:
        """Handle a SET; block until it is done. ``request.payload.value`` has been validated.

        Raise to refuse; the client gets your exception's text. A value that is returned goes to the
        client in the place of True.

        A hook that would block for long may return a ``concurrent.futures.Future`` instead: the SET is
        answered when that is done, with its result or exception, and no thread waits for it. The item's next
        hook is called after that, unless :attr:`sets_overlap`.
        """
        value, published = self._validated(request), self._published
        returned = self.perform_set(value)
        if self.publish_on_set and self._published == published and not isinstance(returned, Future):
            self.publish(value)
        return returned

    def _checked(self, payload: Payload) -> Any:
        bulk = payload.bulk
        return self._checked_value(payload.get("value") if bulk is None else array_from(payload, bulk))

    def _checked_value(self, value: Any) -> Any:
        if isinstance(value, str) and self.pub is not None and len(value) > self.pub.limits.string_chars:
            raise ItemValueError(
                f"{self.full_key}: {len(value)} characters, {self.pub.limits.string_chars} at the most; "
                f"{raised_by('string_chars')}"
            )
        return self.validate_type(value)

    def _validated(self, request: Request) -> Any:
        """The value of *request* after :meth:`validate`, which sees each request once."""
        if not request.validated:
            value = request.payload["value"] if request.checked else self._checked(request.payload)
            request.payload["value"] = self.validate(value)
            request.validated = True
        return request.payload["value"]

    def validate_type(self, value: Any) -> Any:
        """Check a new value against the item's type and range; comes before :meth:`validate`.

        Raises:
            ItemTypeError, ItemValueError: What was found and what would be right.
        """
        return check_value(self.full_key, self.config, value)

    def validate(self, value: Any) -> Any:
        """Check a new value beyond its type and range; return it, or what it should be instead."""
        return value

    def req_get(self, request: Request) -> dict[str, Any] | None:
        """Handle a GET; most subclasses write :meth:`req_refresh` instead."""
        if request.payload.refresh:
            return self.req_poll()
        return None

    def req_poll(self, repeat: bool = False) -> dict[str, Any] | None:
        """Refresh, publish what came, and return it.

        May be registered as a callback of another item, to refresh this one whenever that one changes.
        """
        refreshed = self.req_refresh()
        if refreshed is not None:
            fields = dict(refreshed)
            value, time = fields.pop("value", None), fields.pop("time", None)
            trust = {name: fields[name] for name in ("status", "severity", "reason") if name in fields}
            self.publish(value, time, repeat, **trust)
        self._complaint = ""
        return refreshed

    def poll(self, period: float | None) -> None:
        """Call :meth:`req_poll` now and every *period* seconds; None or 0 ends it.

        A tick that finds the one before still running is skipped. In a daemon of more than 100 polls the
        second call of most comes early, so that they spread over their periods.
        """
        clock = self.pub.clock if self.pub is not None else poll.clock()
        clock.start(self._poll_soon, period)

    # -- publishing

    def publish(
        self,
        new_value: Any,
        timestamp: float | None = None,
        repeat: bool = False,
        *,
        status: str = "ok",
        severity: str | None = None,
        reason: str = "",
    ) -> None:
        """Make *new_value* the value of this item, and broadcast it if it is new.

        Args:
            timestamp: UNIX seconds when the item assumed the value; now, when left out.
            repeat: Broadcast even if nothing has changed.
            status: How far the value can be trusted; see the statuses of the wire.
            severity: ``none``, ``minor``, ``major`` or ``invalid``; by default what the status means.
            reason: Why, when the status is not ``ok``.
        """
        now = timemodule.time()
        with self._lock:
            known = self._reading
            is_news = repeat or known.time is None or not same_value(known.value, new_value)
            time = known.time if not is_news else now if timestamp is None else float(timestamp)
            is_sound = status in SOUND
            if severity is None:
                severity = "none" if is_sound else "invalid"
            sampled = now if is_sound else known.sampled
            self._reading = reading = reading_of((new_value, time, sampled, status, severity, reason))
            self._published += 1
            if is_news or not reading.same_trust(known):
                self._broadcast(reading)

    def restore(self, reading: Reading) -> None:
        """Take on a stored value, with the time it was assumed at; called before the daemon serves.

        An item bound to a device overrides this: its device knows better.
        """
        with self._lock:
            self._reading = reading

    def take_over(self, reading: Reading) -> None:
        """Go on with what another item in this place had, unless something has come since."""
        with self._lock:
            if self._reading.status == "unset":
                self._reading = reading

    def restore_failed(self, reason: str) -> None:
        """A value was stored, perhaps, and cannot be had any more; called before the daemon serves."""
        self.flag("invalid", reason)

    def flag(self, status: str, reason: str, severity: str = "invalid") -> None:
        """Say that the value cannot be trusted any more; value, time and sampled stay as they are.

        Broadcast once for each change of status, severity or reason.
        """
        with self._lock:
            reading = self._reading.flagged(status, severity, reason)
            if reading.same_trust(self._reading):
                return
            self._reading = reading
            self._broadcast(reading)

    def _broadcast(self, reading: Reading) -> None:
        """Send and call back; with the lock held, so that everybody sees changes in their order."""
        if self._put_on_wire is not None:
            forms = Forms()
            forms.reading = reading
            self._forms = forms
            self._put_on_wire(self._topics, forms.__getitem__)
        if self._persist is not None:
            self._saved = self._persist(reading)
        self._callbacks.notify(reading)

    def _prime(self) -> None:
        if self._put_on_wire is not None:
            topics = {JSON: PREFIX + self._topics[JSON]}
            self._put_on_wire(topics, partial(self._encode, self._reading))

    def _encode(self, reading: Reading, version: bytes) -> tuple[bytes, Bulk]:
        """*reading* as it travels, encoded once for its broadcast and all GETs."""
        forms = self._forms
        if forms.reading is not reading:
            forms = Forms()
            forms.reading = reading
            self._forms = forms
        return forms[version]

    def _refreshes(self) -> bool:
        """True when there is something behind this item that can be asked for its value."""
        return self._overrides("req_refresh", "perform_get")

    def _overrides(self, *hooks: str) -> bool:
        """True when the subclass, or a performer, has one of *hooks* of its own."""
        own: Any = type(self)
        return _has_own(own, hooks) or not vars(self).keys().isdisjoint(hooks)

    def _submit(self, job: Callable[[], object]) -> None:
        assert self._lane is not None
        self._lane.submit(job)

    def check_here(self) -> None:
        """Return while this is an item of its daemon.

        Raises:
            MktlError: A reload has taken it away, or put another in its place.
        """
        if self._gone:
            raise MktlError(f"{self.full_key}: {self._gone}")

    # -- polls

    def _poll_soon(self, *_change: object) -> None:
        """A tick of the clock, or a change of another item: queue one poll, unless one waits or runs."""
        if self._poll_waiting:
            self.late_polls += 1
            return
        self._poll_waiting = True
        self._submit(self._poll_now)

    def _poll_now(self) -> None:
        try:
            self.req_poll()
        except Exception as error:
            self.refresh_failed(error)
        finally:
            self._poll_waiting = False

    def refresh_failed(self, error: Exception) -> None:
        """A refresh that raised: clients see it, the log has it once, the next poll tries again."""
        text = str(error).removeprefix(f"{self.full_key}: ") or type(error).__name__
        if text != self._complaint:
            self._complaint = text
            expected = isinstance(error, MktlError)
            log.warning("%s: %s", self.full_key, text, exc_info=None if expected else error)
        self.flag(getattr(error, "status", "invalid"), text)


@lru_cache(maxsize=1024)
def _has_own(item_class: Hashable, hooks: tuple[str, ...]) -> bool:
    """Whether a subclass has one of *hooks* of its own; asked with every request."""
    return any(getattr(item_class, hook) is not getattr(DaemonSide, hook) for hook in hooks)
