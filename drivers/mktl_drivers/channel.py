"""One port, what comes and goes on it, and its silences; the link's thread alone uses it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from mktl.devicefile import LinkSpec
from mktl.errors import DeviceError, LinkDownError

from .framing import Framer, cut_of
from .put_off import PutOff
from .taps import Counts, Taps
from .transport import Transport, WriteError, messages_of
from .wording import quoted

log = logging.getLogger("mktl.drivers.line")

#: A line that does not fall silent within this many of the silences asked for is out of hand.
PATIENCE = 5
#: What comes unasked is logged, and then not again until there was none for so long.
STRAYS_LOGGED_S = 60.0
#: How often somebody who waits long looks up.
SLICE_S = 0.25


class Channel(PutOff):
    """The bytes of one port, and whether it is still known whose reply comes next.

    Args:
        name: The link's name, for errors and the log.
        transport: The port; opened and closed by the link.
        spec: Ends, times and manners.
        clock: Seconds that never jump.
    """

    def __init__(
        self,
        name: str,
        transport: Transport,
        spec: LinkSpec,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.name = name
        self.transport = transport
        self.spec = spec
        self.clock = clock
        self.counts = Counts()
        #: False after anything that leaves open whose reply comes next: nothing may be sent before a resync.
        self.in_step = True
        #: What broke the port, once it is broken.
        self.lost: LinkDownError | None = None
        #: True once the port has taken a byte of the present exchange.
        self.sent = False
        #: The longest that a reply took since the port was opened, late ones included.
        self.longest_s = 0.0
        #: How long the device was given for the first byte of the last reply.
        self.asked_timeout_s = 0.0
        #: How replies end where an exchange says nothing else.
        self.cut = cut_of(spec.framing)
        #: Told of all that passes.
        self.taps = Taps()
        #: Each takes a line that came unasked, or says False.
        self.listeners: list[Callable[[bytes], bool]] = []
        #: Called now and then while a job waits for silence.
        self.on_wait: Callable[[], object] | None = None
        self._framer = Framer()
        self._messages = messages_of(transport)
        #: When the last command had been written.
        self.sent_s = 0.0
        self._quiet_from_s = -float("inf")
        self._last_stray_s = -float("inf")

    @property
    def title(self) -> str:
        """The link and where it leads: ``ls336 (/dev/ttyUSB0)``."""
        return f"{self.name} ({self.transport.address})"

    def open(self) -> None:
        """Open the port: nothing is under way, and nothing is known of what comes.

        Raises:
            LinkDownError: It cannot be opened.
        """
        self._framer.clear()
        self._quiet_from_s = -float("inf")
        try:
            self.transport.open()
        except LinkDownError as error:
            raise self._broken(error) from None
        self.counts.connections += 1
        self.in_step, self.lost = True, None

    def close(self) -> None:
        """Give the port back."""
        self.transport.close()

    # -- silence

    def settle(self) -> None:
        """Wait out the link's ``quiet_s`` and throw away whatever has come unasked.

        Raises:
            DeviceError: The device does not fall silent.
        """
        if self.spec.quiet_s:
            self.keep_quiet()
        if self.listeners:
            self.listen(0.0)
            return
        stray = self._framer.clear() if len(self._framer) else self._read(0.0)
        if not stray:
            return
        self._discard(stray)
        silence_s = max(self.spec.quiet_s, self.spec.gap_timeout_s)
        if not self.await_silence(silence_s):
            self.in_step = False
            raise DeviceError(
                f"{self.title}: not silent for {silence_s} s before a command: {quoted(stray)} …"
            )

    def listen(self, timeout_s: float) -> None:
        """Take in what comes unasked within *timeout_s*, and the rest of a line that has begun."""
        self._framer.feed(self._read(timeout_s))
        self._sort_out()
        while len(self._framer):
            data = self._read(self.spec.gap_timeout_s)
            if not data:
                self._discard(self._framer.clear())
                return
            self._framer.feed(data)
            self._sort_out()

    def _sort_out(self) -> bool:
        """Hand on the whole lines that are there; False when one of them was for nobody."""
        known = True
        while (line := self._framer.take(self.cut)) is not None:
            if not self._heard_unasked(line):
                known = False
                self._discard(line)
        return known

    def _heard_unasked(self, line: bytes) -> bool:
        return any(listener(line) for listener in self.listeners)

    def keep_quiet(self) -> None:
        """Wait until the last exchange is ``quiet_s`` ago, or until something comes unasked."""
        while self.spec.quiet_s and not len(self._framer):
            wait_s = self._quiet_from_s + self.spec.quiet_s - self.clock()
            if wait_s <= 0:
                return
            self._framer.feed(self._read(wait_s))

    def await_silence(self, silence_s: float, on_wait: Callable[[], object] | None = None) -> bool:
        """Throw away what comes until nothing has for *silence_s*; False when that never happens.

        Args:
            silence_s: How long.
            on_wait: Called now and then meanwhile.
        """
        now_s = self.clock()
        until_s, give_up_s = now_s + silence_s, now_s + PATIENCE * silence_s
        while now_s < until_s:
            data = self._read(min(until_s - now_s, SLICE_S) if on_wait else until_s - now_s)
            now_s = self.clock()
            if on_wait:
                on_wait()
            if not data or self._is_chatter(data):
                continue
            self._discard(data)
            until_s = now_s + silence_s
            if until_s > give_up_s:
                return False
        return True

    def _is_chatter(self, data: bytes) -> bool:
        """True when this is nothing but lines that somebody listens to, or the beginning of one."""
        if not self.listeners:
            return False
        self._framer.feed(data)
        return self._sort_out()

    def _discard(self, stray: bytes) -> None:
        """Count and log what was no answer to anything; logged again after a minute without."""
        self.catch_up()
        self.counts.late_replies += 1
        now_s = self._quiet_from_s = self.clock()
        if not self.in_step:  # it may be the reply that was given up: that is how long they can take
            self._heard()
        level = logging.WARNING if now_s - self._last_stray_s > STRAYS_LOGGED_S else logging.DEBUG
        log.log(level, "%s: threw away %s, which answers nothing that was asked", self.name, quoted(stray))
        self._last_stray_s = now_s

    # -- the port

    def clear(self) -> bool:
        """Have the device drop what is under way; False where it cannot be told to."""
        self._framer.clear()
        try:
            return self._messages.clear()
        except LinkDownError as error:
            raise self._broken(error) from None

    def _read(self, timeout_s: float, *, wanted: bool = False) -> bytes:
        """What comes; a device that must be made to speak is so only when a reply is *wanted*."""
        try:
            data = (self.transport.read if wanted else self._messages.overhear)(timeout_s)
        except LinkDownError as error:
            raise self._broken(error) from None
        if data:
            self.taps.received(data)
        return data

    def _write(self, data: bytes) -> None:
        try:
            self.transport.write(data)
        except LinkDownError as error:
            self.sent = self.sent or not isinstance(error, WriteError) or error.accepted > 0
            raise self._broken(error) from None
        self.sent = True
        self.sent_s = self.clock()
        self._quiet_from_s = self.sent_s + self.transport.transmit_s(len(data))
        self.taps.sent(data)

    def _broken(self, error: LinkDownError) -> LinkDownError:
        """Note that the port is gone; the error as others see it."""
        self.in_step = False
        self.lost = LinkDownError(f"{self.title}: {error}")
        return self.lost

    def _heard(self) -> None:
        self._quiet_from_s = now_s = self.clock()
        if now_s - self.sent_s > self.longest_s:
            self.longest_s = now_s - self.sent_s
