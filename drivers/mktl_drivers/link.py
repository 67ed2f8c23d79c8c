"""A text device on a line: what a daemon, a device file and a person's Python see of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel

import mktl
from mktl.devicefile import Device, ItemSpec, LinkSpec, Query

from .bound import BoundItem
from .checks import ErrorCheck
from .jobs import Jobs
from .line import Line
from .reading import Source
from .runner import Runner
from .specs import link_spec
from .streams import Stream
from .transport import Transport

log = logging.getLogger("mktl.drivers.link")

State = Literal["connecting", "connected", "disconnected", "closed"]

#: How long :meth:`TextLink.close` waits for the thread.
CLOSE_S = 1.0


class TextLink:
    """Commands and replies over one port, which one thread owns from :meth:`open` to :meth:`close`.

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
        self.state: State = "connecting"
        self.items: Sequence[BoundItem] = ()
        self.transport = self._make_transport(self.Settings.model_validate(dict(spec.settings)))
        self.line = Line(spec.name, self.transport, spec, clock)
        self.jobs = Jobs()
        self.check = None if spec.check_after_set is None else ErrorCheck(self.line, spec.check_after_set)
        self._sources: dict[Query, Source] = {}
        self._lock = threading.Lock()
        self._runner = Runner(self)
        self._thread: threading.Thread | None = None

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
                name, known, identity, check_after_set, encoding, reply_end, send_end=send_end,
                reply_timeout_s=reply_timeout_s, gap_timeout_s=gap_timeout_s, quiet_s=quiet_s,
                retry_s=retry_s, retry_max_s=retry_max_s,
            )
        )  # fmt: skip

    def _make_transport(self, settings: BaseModel) -> Transport:
        """The port; subclasses know it."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.line.title}, {self.state}>"

    # -- how it fares

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
        return max(0, self.line.counts.connections - 1)

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
        key = replace(query, name="", link=self.name)
        with self._lock:
            source = self._sources.get(key)
            if source is None:
                source = self._sources[key] = (Stream if query.unsolicited else Source)(self, query)
            return source

    @property
    def sources(self) -> list[Source]:
        """Everything that is asked on this link."""
        with self._lock:
            return list(self._sources.values())

    def probes(self) -> list[bytes]:
        """The questions that the device has answered, the last one first: it can be called on with them."""
        answered = [
            (source.answered_s, source.question)
            for source in self.sources
            if source.answered_s is not None
            and source.question
            and source.query.steps[0].reply_timeout_s is None
        ]
        return [question for _, question in sorted(answered, reverse=True)]

    @property
    def closing(self) -> threading.Event:
        """Set when the link is closed: nobody need wait for it any more."""
        return self._runner.closing

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
            if self._thread is not None or self._runner.closing.is_set():
                return
            self._thread = threading.Thread(
                target=self._runner.run, name=f"mktl-link-{self.name}", daemon=True
            )
            self._thread.start()
        for item in self.items:
            item.begin()

    def close(self) -> None:
        """Close the port and end the thread; what waits fails with LinkDownError. Returns within 1 s."""
        self._runner.closing.set()
        for source in self.sources:
            source.stop()
        self.jobs.close(f"{self.line.title} is closed; nothing was sent")
        self.transport.cancel()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_S)
            if thread.is_alive():
                log.warning("%s: the port does not return; its thread ends when it does", self.line.title)
        self.state = "closed"

    # -- by the link's thread

    def regain(self) -> None:
        """Get in step again, in the middle of a job.

        Raises:
            LinkDownError: That failed.
        """
        if not self.line.in_step:
            self._runner.resynchronise()

    def connected(self, now_s: float) -> None:
        """The right device is there: take jobs, and read everything."""
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
        """The device is away: what waits fails, and no value can be trusted."""
        self.state = "disconnected"
        self.jobs.refuse(f"{reason}; nothing was sent")
        for item in self.items:
            item.flag("disconnected", reason)
