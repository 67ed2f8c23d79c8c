"""A line to a device that is spoken to in text: one thread owns its port for as long as the daemon runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ValidationError

import mktl
from mktl.devicefile import Check, Device, Identity, ItemSpec, LinkSpec, Query
from mktl.errors import DeviceError, ItemValueError, LinkDownError, MktlError

from .backoff import Backoff
from .bound import BoundItem
from .commanding import carry_out
from .jobs import Job, Jobs
from .line import Counts, Line
from .source import Source
from .sync import identify, resynchronise
from .transport import Transport
from .wording import plural

log = logging.getLogger(__name__)

State = Literal["connecting", "connected", "disconnected", "closed"]

#: How long close waits for the thread; every wait of the thread ends at once when it is cancelled.
CLOSE_S = 1.0


class TextLink:
    """A link and its items; subclasses say what port it is.

    Args:
        spec: What the device file says of the link.
        clock: Seconds that never jump.

    Raises:
        ItemValueError: Settings that the driver does not know or cannot use.
    """

    #: The driver's own keys.
    Settings: ClassVar[type[BaseModel]]

    def __init__(self, spec: LinkSpec, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.spec = spec
        self.name = spec.name
        self._clock = clock
        self._transport = self._make_transport(self._checked_settings(spec))
        self.line = Line(spec.name, self._transport, spec, clock)
        self.jobs = Jobs()
        self.items: list[BoundItem] = []
        self._sources: dict[Query, Source] = {}
        self._backoff = Backoff(spec.retry_s, spec.retry_max_s)
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._known: bytes | None = None
        self._down_since_s: float | None = None
        #: What the link is at.
        self.state: State = "connecting"

    def _make_transport(self, settings: BaseModel) -> Transport:
        raise NotImplementedError

    @classmethod
    def _checked_settings(cls, spec: LinkSpec) -> BaseModel:
        try:
            return cls.Settings.model_validate(dict(spec.settings))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise ItemValueError(f"link {spec.name}: {key}: {first['msg']}, got {first['input']!r}") from None

    @classmethod
    def from_settings(
        cls,
        name: str,
        *,
        send_end: bytes = b"\n",
        reply_end: bytes = b"\n",
        reply_timeout_s: float = 1.0,
        gap_timeout_s: float = 0.2,
        quiet_s: float = 0.0,
        retry_s: float = 0.5,
        retry_max_s: float = 10.0,
        encoding: str = "ascii",
        identity: Identity | None = None,
        check_after_set: Check | None = None,
        **settings: Any,
    ) -> TextLink:
        """A link made in Python; *settings* are the driver's own, such as ``port`` and ``baudrate``.

        Times are in seconds and mean what they do in a device file.

        Raises:
            ItemValueError: Settings that the driver does not know or cannot use.
        """
        spec = LinkSpec(
            name, cls.__name__, settings, send_end, reply_end, reply_timeout_s, gap_timeout_s, quiet_s,
            retry_s, retry_max_s, encoding, identity, check_after_set,
        )  # fmt: skip
        return cls(spec)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.line.title}: {self.state}>"

    @property
    def counts(self) -> Counts:
        """What the link has been through: exchanges, timeouts, late replies, reconnects, last error."""
        return self.line.counts

    # -- items

    def bind(self, spec: ItemSpec, device: Device) -> tuple[type[mktl.Item], dict[str, Any]]:
        """The class and the arguments that make *spec* an item of this link."""
        query = device.queries[spec.query] if spec.query is not None else None
        source = self.source(query) if query is not None else None
        return BoundItem, {"link": self, "spec": spec, "source": source}

    def source(self, query: Query) -> Source:
        """The one reader of *query*, for all items that it feeds."""
        source = self._sources.get(query)
        if source is None:
            source = self._sources[query] = Source(self, query)
        return source

    def set(self, item: BoundItem, value: Any) -> None:
        """Command the device, on the link's thread; see :func:`carry_out`."""
        carry_out(self, item, value)

    # -- life

    def open(self) -> None:
        """Start the thread that owns the port; returns at once, also when the device is away."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"mktl-link-{self.name}", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Close the port; who waits for an exchange is told that the link is down."""
        self._closing.set()
        self.jobs.close(f"{self.line.title}: the link is being closed")
        self._transport.cancel()
        if self._thread is not None:
            self._thread.join(CLOSE_S)
        self.state = "closed"

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._connect()
                self._serve()
            except DeviceError as error:
                self._went_down(error)
            except Exception as error:
                log.exception("%s: an error of the driver's own", self.name)
                self._went_down(error)
            finally:
                self._transport.close()
            self._closing.wait(self._backoff.next_s())

    def _connect(self) -> None:
        """Open the port and make sure of the device; nothing else is sent to another one."""
        self._transport.open()
        self.line.opened()
        if self.spec.identity is not None:
            self._known = identify(self.line, self.spec.identity)
        check = self.spec.check_after_set
        if check is not None:
            # An error from before, or from power-on, is not the next set's.
            self.line.exchange(check.send.format({}), check.reply)
        if self.spec.identity is not None or check is not None:
            self._backoff.reset()
        self._came_up()

    def _came_up(self) -> None:
        if self._down_since_s is not None:
            self.counts.reconnects += 1
            log.info("%s: answering again after %.1f s", self.line.title, self._clock() - self._down_since_s)
            self._down_since_s = None
        self.state = "connected"
        self.jobs.accept()
        for source in self._sources.values():
            source.soon()

    def _went_down(self, error: Exception) -> None:
        text = str(error) or type(error).__name__
        self.jobs.refuse(text)
        if self._closing.is_set():
            return
        status = error.status if isinstance(error, MktlError) else "invalid"
        for item in self.items:
            item.flag("disconnected" if status == "timeout" else status, text)
        if text != self.counts.last_error or self._down_since_s is None:
            log.warning("%s; %s", text, f"{plural(len(self.items), 'item')} without news")
        self.counts.last_error = text
        if self._down_since_s is None:
            self._down_since_s = self._clock()
        self.state = "disconnected"

    def _serve(self) -> None:
        """Run jobs until the line is lost or the link closes."""
        while self.jobs.wait():
            job = self.jobs.take()
            if job is not None:
                self._run_job(job)
            if self.line.lost is not None:
                raise self.line.lost
            if not self.line.in_step:
                resynchronise(self.line, self._known, lambda: None)

    def _run_job(self, job: Job) -> None:
        try:
            result = job.run()
        except MktlError as error:
            self.counts.last_error = str(error)
            self.jobs.finish(job, error=error)
        except Exception as error:
            log.exception("%s: a job raised", self.name)
            self.jobs.finish(job, error=error)
        else:
            self._backoff.reset()
            self.jobs.finish(job, result)


__all__ = ["LinkDownError", "TextLink"]
