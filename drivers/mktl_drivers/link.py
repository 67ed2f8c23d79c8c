"""A text device on a line: what a daemon, a device file and a person's Python see of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, Self

from pydantic import BaseModel

from mktl.devicefile import LinkSpec

from .jobs import Jobs
from .line import Line
from .runner import Runner
from .specs import link_spec
from .transport import Transport
from .unit import SharedLink, Unit

log = logging.getLogger("mktl.drivers.link")

#: How long :meth:`TextLink.close` waits for the thread.
CLOSE_S = 1.0


class TextLink(Unit):
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
        self.transport = self.make_transport(self.Settings.model_validate(dict(spec.settings)))
        super().__init__(spec, self._make_line(spec, clock), Jobs())
        #: All devices on the line, this one first.
        self.units: tuple[Unit, ...] = (self,)
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

    def make_transport(self, settings: BaseModel) -> Transport:
        """The port; subclasses know it."""
        raise NotImplementedError

    def _make_line(self, spec: LinkSpec, clock: Callable[[], float]) -> Line:
        """The talk on the port."""
        return Line(spec.name, self.transport, spec, clock)

    @property
    def runner(self) -> Runner:
        """The thread of the line."""
        return self._runner

    # -- others on the line

    def share(self, spec: LinkSpec) -> SharedLink:
        """Another device on this line; it has a name, an identity and items of its own."""
        # Whoever answers for the line is one of several now: any of them may be away.
        self.line.spec = replace(self.line.spec, identity=None, check_after_set=None, init=())
        other = self._make_other(spec)
        self.units = (*self.units, other)
        return other

    def _make_other(self, spec: LinkSpec) -> SharedLink:
        return SharedLink(spec, self)

    def probes(self) -> list[bytes]:
        """The questions that were answered, the last one first: the line can be tried with them."""
        answered = [
            (source.answered_s, source.question)
            for unit in self.units
            for source in unit.sources
            if source.answered_s is not None and source.question
        ]
        return [question for _, question in sorted(answered, reverse=True)]

    # -- from first to last

    def open(self) -> None:
        """Start the thread; returns at once, also when the device is away."""
        if self._thread is not None or self._runner.closing.is_set():
            return
        self.begin()
        self._thread = threading.Thread(target=self._runner.run, name=f"mktl-link-{self.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the port and end the thread; what waits fails with LinkDownError. Returns within 1 s."""
        self._runner.closing.set()
        self.jobs.queue.close()
        for unit in self.units:
            unit.end()
        self.transport.cancel()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_S)
            if thread.is_alive():
                log.warning("%s: the port does not return; its thread ends when it does", self.line.title)
        self.state = "closed"
