"""A text device on a line: the one thread that owns the port, from :meth:`TextLink.open` on for ever."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel

import mktl
from mktl.devicefile import Device, ItemSpec, LinkSpec, Query
from mktl.errors import DeviceError, LinkDownError

from .backoff import Backoff
from .bound import BoundItem
from .checks import ErrorCheck
from .jobs import Job, Jobs
from .line import Line
from .reading import Source
from .specs import link_spec
from .sync import identify, need_silence, resynchronise
from .transport import Transport
from .wording import plural

log = logging.getLogger(__name__)

State = Literal["connecting", "connected", "disconnected", "closed"]

#: How long :meth:`TextLink.close` waits for the thread.
CLOSE_S = 1.0


class TextLink:
    """Commands and replies over one port.

    A set goes before a refresh, a refresh before a poll. After anything that leaves open whose reply comes
    next, the link gets in step again before it sends; when the port is gone, it is opened again with
    growing pauses, and everything is read anew.

    Args:
        spec: The link as the device file has it.
        clock: Seconds that never jump.

    Raises:
        pydantic.ValidationError: The driver's settings are wrong.
    """

    #: The driver's own keys; unknown ones are refused.
    Settings: ClassVar[type[BaseModel]]

    def __init__(self, spec: LinkSpec, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.spec = spec
        self.name = spec.name
        self.transport = self._make_transport(self.Settings.model_validate(dict(spec.settings)))
        self.line = Line(spec.name, self.transport, spec, clock)
        self.jobs = Jobs()
        self.check = None if spec.check_after_set is None else ErrorCheck(self.line, spec.check_after_set)
        self.items: list[BoundItem] = []
        self.state: State = "connecting"
        self._sources: dict[Query, Source] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._backoff = Backoff(spec.retry_s, spec.retry_max_s)
        self._known_identity: bytes | None = None
        #: True once something but the identity was answered on this connection.
        self._answered = False
        #: When the device last answered, or could have begun to; and whether its silence was reported.
        self._heard_s = clock()
        self._silence_logged = False

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
        identity: tuple[str, str] | None = None,
        check_after_set: tuple[str, str, Any] | None = None,
        **settings: Any,
    ) -> Self:
        """A link without a device file; *settings* are the driver's own, such as ``port`` or ``host``.

        Args:
            name: For errors and the log.
            identity: What to send and the template of the right answer: ``("*IDN?", "ACME,{_:s}")``.
            check_after_set: What to send after a set, the template of the answer, and its good value:
                ``("*ESR?", "{:d}", 0)``.

        Raises:
            pydantic.ValidationError: A setting is wrong or unknown.
            TemplateError: An exchange is.
        """
        known = cls.Settings.model_validate(settings).model_dump()
        return cls(
            link_spec(
                name, known, identity, check_after_set, encoding,
                send_end=send_end, reply_end=reply_end,
                reply_timeout_s=reply_timeout_s, gap_timeout_s=gap_timeout_s, quiet_s=quiet_s,
                retry_s=retry_s, retry_max_s=retry_max_s,
            )
        )  # fmt: skip

    def _make_transport(self, settings: BaseModel) -> Transport:
        """The port; subclasses know it."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.line.title}, {self.state}>"

    # -- what becomes of it

    @property
    def exchanges(self) -> int:
        """Commands sent since the link was made."""
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
        return self.line.counts.reconnects

    @property
    def last_error(self) -> str:
        """What went wrong last, or nothing."""
        return self.line.counts.last_error

    # -- items

    def bind(self, spec: ItemSpec, device: Device) -> tuple[type[mktl.Item], dict[str, Any]]:
        """The class and the arguments for ``add_item`` that make *spec* an item of this link."""
        query = device.queries[spec.query] if spec.query is not None else None
        return BoundItem, {"link": self, "spec": spec, "query": query}

    def source(self, query: Query) -> Source:
        """What asks *query*: the same for everybody who sends the same and expects the same."""
        key = Query("", self.name, query.send, query.reply, query.reply_timeout_s)
        with self._lock:
            source = self._sources.get(key)
            if source is None:
                source = self._sources[key] = Source(self, query)
            return source

    def attach(self, item: BoundItem) -> None:
        """Take *item* in: what comes is published, what goes wrong shows on it."""
        with self._lock:
            self.items = [*self.items, item]
            if item.source is not None:
                item.source.items = [*item.source.items, item]
        if self.state == "connected" and item.source is not None:
            item.source.tick()

    # -- from first to last

    def open(self) -> None:
        """Start the thread; returns at once, also when the device is away."""
        with self._lock:
            if self._thread is not None or self._closing.is_set():
                return
            self._thread = threading.Thread(target=self._run, name=f"mktl-link-{self.name}", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Close the port and end the thread; what waits fails with LinkDownError. Returns within 1 s."""
        self._closing.set()
        with self._lock:
            thread, sources = self._thread, list(self._sources.values())
        for source in sources:
            source.stop()
        self.jobs.close(f"{self.line.title} is closed; nothing was sent")
        self.transport.cancel()
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_S)
            if thread.is_alive():
                log.warning("%s: the port does not return; its thread ends when it does", self.line.title)
        self.state = "closed"

    # -- the thread

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                try:
                    self._connect()
                    self._serve()
                except DeviceError as error:
                    self._lost(error)
                except Exception as error:
                    log.exception("%s: a mistake in the driver; the link is opened again", self.name)
                    self._lost(LinkDownError(f"{self.line.title}: {type(error).__name__}: {error}"))
                self._pause()
        finally:
            self.transport.close()

    def _connect(self) -> None:
        line = self.line
        self.transport.open()
        line.opened()
        line.longest_s = 0.0
        if self.spec.identity is not None:
            self._known_identity = identify(line, self.spec.identity)
            if not self.transport.forgets_on_close:
                need_silence(line, self.spec.gap_timeout_s)
        if self.check is not None:
            self.check.forget()
        self._connected()

    def _connected(self) -> None:
        was, self.state = self.state, "connected"
        now_s = self.line.clock()
        if was == "connecting":
            log.info("%s: connected", self.line.title)
        else:
            self.line.counts.reconnects += 1
            log.info("%s: answering again after %.1f s", self.name, now_s - self._heard_s)
        self._answered, self._silence_logged, self._heard_s = False, False, now_s
        self.jobs.accept()
        with self._lock:
            items, sources = self.items, list(self._sources.values())
        for item in items:
            if item.source is None and item.status == "disconnected":
                item.flag("unset" if item.time is None else "ok", "", "none")
        for source in sources:
            source.good_s = now_s
            source.tick()

    def _serve(self) -> None:
        """Work until the port is lost or the link closed."""
        line, jobs = self.line, self.jobs
        while not self._closing.is_set():
            if not line.in_step:
                resynchronise(line, self._known_identity, self._look_at_silence)
            elif jobs.wait():
                stray = line.keep_quiet()  # before a job is taken: a set may still come and go first
                if stray:
                    line.throw_away(stray)
                job = jobs.take()
                if job is not None:
                    self._work(job)
            if line.lost is not None:
                raise line.lost

    def _work(self, job: Job) -> None:
        try:
            result = job.run()
        except Exception as error:
            self._troubled(error)
            self.jobs.finish(job, error=error)
        else:
            self.jobs.finish(job, result)
            self._well()

    def _well(self) -> None:
        self._heard_s = self.line.clock()
        if not self._answered:
            self._answered = True
            self._backoff.reset()
        if self._silence_logged:
            self._silence_logged = False
            log.info("%s: answering again", self.name)

    def _troubled(self, error: Exception) -> None:
        if not isinstance(error, mktl.errors.MktlError):
            log.exception("%s: a job raised", self.name)
        self.line.counts.last_error = str(error)
        if self.line.in_step:
            return  # refused, or never sent: the line is as well as ever
        if self.check is not None:
            self.check.forget()
        self._look_at_silence()

    def _look_at_silence(self) -> None:
        """Flag what is overdue while the device does not answer."""
        now_s = self.line.clock()
        silent_s = now_s - self._heard_s
        reason = f"{self.line.title}: silent for {silent_s:.1f} s"
        with self._lock:
            sources = list(self._sources.values())
        flagged = sum(source.flag_overdue(now_s, reason) for source in sources)
        if flagged and not self._silence_logged:
            self._silence_logged = True
            log.warning(
                "%s: silent for %.1f s, %s their last values",
                self.name, silent_s, plural(flagged, "item") + (" keeps" if flagged == 1 else " keep"),
            )  # fmt: skip

    def _lost(self, error: DeviceError) -> None:
        self.transport.close()
        if self._closing.is_set():
            return
        reason = str(error)
        self.jobs.refuse(f"{reason}; nothing was sent")
        with self._lock:
            items = self.items
        if self.state != "disconnected" or reason != self.line.counts.last_error:
            log.warning("%s; %s the last values", reason, plural(len(items), "item"))
        self.state = "disconnected"
        self.line.counts.last_error = reason
        for item in items:
            item.flag("disconnected", reason)

    def _pause(self) -> None:
        """Wait before the next attempt, but not after a connection that was good for something."""
        if self._answered:
            self._answered = False
        else:
            self._closing.wait(self._backoff.next_s())


__all__ = ["State", "TextLink"]
