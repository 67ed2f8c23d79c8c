"""A port and a device in memory, in a time of their own."""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from mktl_drivers import TextLink
from mktl_drivers.specs import link_spec
from mktl_drivers.transport import WriteError
from pydantic import BaseModel, ConfigDict

from mktl.devicefile import LinkSpec
from mktl.errors import LinkDownError

#: What the device says to a command: pieces of reply with the seconds until each.
Answer = bytes | Iterable[tuple[float, bytes]]


class FakePort:
    """A transport whose device is a function; waiting takes no time, for the clock is its own.

    Args:
        device: From a command, with its end, to the answer.
        forgets: As a TCP connection does, or not, as a serial port.
    """

    def __init__(
        self, device: Callable[[bytes], Answer] = lambda command: b"", forgets: bool = False
    ) -> None:
        self.device = device
        self.forgets_on_close = forgets
        self.now_s = 100.0
        #: Every command that left, with its end.
        self.received: list[bytes] = []
        #: When each of them left.
        self.times_s: list[float] = []
        self.opened = 0
        #: Raised by the next calls of the methods of these names, for as long as it stands here.
        self.broken: dict[str, LinkDownError] = {}
        #: A read waits for this while it is clear: a device that takes its time in ours.
        self.may_answer = threading.Event()
        self.may_answer.set()
        #: Set while a read waits for that.
        self.waiting = threading.Event()
        self._pieces: list[tuple[float, bytes]] = []
        self._is_open = False
        self._cancelled = threading.Event()
        self._nudged = threading.Event()

    address = "fake:1"

    def clock(self) -> float:
        return self.now_s

    def open(self) -> None:
        self._break("open")
        self.opened += 1
        self._is_open = True
        if self.forgets_on_close:
            self._pieces.clear()

    def close(self) -> None:
        self._is_open = False

    def write(self, data: bytes) -> None:
        self._break("write")
        self.received.append(data)
        self.times_s.append(self.now_s)
        answer = self.device(data)
        for after_s, piece in [(0.0, answer)] if isinstance(answer, bytes) else answer:
            self.send(piece, after_s)

    def send(self, data: bytes, after_s: float = 0.0) -> None:
        """Have *data* come from the device."""
        if data:
            due_s = self.now_s + after_s
            insort(self._pieces, (due_s, data), key=lambda piece: piece[0])

    def read(self, timeout_s: float) -> bytes:
        self.waiting.set()
        while not self.may_answer.wait(0.001):
            self._break("read")
        self.waiting.clear()
        self._break("read")
        until_s = self.now_s + timeout_s
        if self._pieces and self._pieces[0][0] <= until_s:
            due_s, data = self._pieces.pop(0)
            self.now_s = max(self.now_s, due_s)
            return data
        self.now_s = max(self.now_s, until_s)
        return b""

    def _break(self, where: str) -> None:
        if self._cancelled.is_set():
            raise LinkDownError("the link is being closed")
        if where in self.broken:
            raise self.broken[where]
        if where != "open" and not self._is_open:
            raise LinkDownError("the port is not open")

    def idle(self, timeout_s: float) -> None:
        """Until the next piece, or not at all: time does not pass by itself here."""
        if self._pieces and self._pieces[0][0] <= self.now_s + timeout_s:
            self.now_s = max(self.now_s, self._pieces[0][0])
        elif not self._nudged.wait(0.005):
            self.now_s += 0.005
        self._nudged.clear()

    def nudge(self) -> None:
        self._nudged.set()

    def transmit_s(self, count: int) -> float:
        return 0.0 * count

    def cancel(self) -> None:
        self._cancelled.set()

    def unplug(self) -> None:
        """The cable is out: nothing works any more."""
        gone = LinkDownError("the port is gone")
        self.broken = {"open": gone, "read": gone, "write": WriteError("the port is gone", 0)}

    def plug(self) -> None:
        self.broken = {}


class FakeInstrument(FakePort):
    """A port of messages: the device speaks when it is read, and drops a reply when it is cleared."""

    ended = False

    def __init__(self, **manners: Any) -> None:
        super().__init__(**manners)
        self.clears = 0
        #: What comes of a clear: done, not to be had, or trouble.
        self.can_clear: bool | LinkDownError = True
        #: Seconds that were waited without making the device speak.
        self.paused_s = 0.0

    def read(self, timeout_s: float) -> bytes:
        data = super().read(timeout_s)
        self.ended = bool(data)
        return data

    def overhear(self, timeout_s: float) -> bytes:
        self.paused_s += timeout_s
        self.now_s += timeout_s
        return b""

    def clear(self) -> bool:
        if isinstance(self.can_clear, LinkDownError):
            raise self.can_clear
        self.clears += self.can_clear
        if self.can_clear:
            self._pieces.clear()
        return self.can_clear


class NoSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FakeLink(TextLink):
    """A link on a :class:`FakePort`, living in the port's time."""

    Settings: ClassVar[type[BaseModel]] = NoSettings

    def __init__(self, spec: LinkSpec, port: FakePort) -> None:
        self._port = port
        super().__init__(spec, clock=port.clock)

    def make_transport(self, settings: BaseModel) -> FakePort:
        return self._port


def spec_of(
    name: str = "dev",
    *,
    identity: tuple[str, str] | None = None,
    check_after_set: tuple[str, str, object] | None = None,
    **manners: object,
) -> LinkSpec:
    """A link's description, with short times."""
    usual = {
        "send_end": b"\n", "reply_end": b"\r\n", "reply_timeout_s": 1.0, "gap_timeout_s": 0.2,
        "quiet_s": 0.0, "retry_s": 0.005, "retry_max_s": 0.02,
    }  # fmt: skip
    return link_spec(name, {}, identity, check_after_set, "ascii", **{**usual, **manners})


def fake_link(port: FakePort, **spec: object) -> FakeLink:
    return FakeLink(spec_of(**spec), port)


class Dialogue:
    """A device that answers by the book; what is not in it gets no answer.

    >>> Dialogue({"KRDG? A": "+4.2"})(b"KRDG? A\\n")
    b'+4.2\\r\\n'
    """

    def __init__(self, book: dict[str, str]) -> None:
        self.book = dict(book)
        #: Commands that get no answer however good they are, so many times.
        self.mute: dict[str, int] = {}

    def __call__(self, command: bytes) -> bytes:
        text = command.decode().removesuffix("\n")
        if self.mute.get(text, 0) > 0:
            self.mute[text] -= 1
            return b""
        answer = self.book.get(text)
        return b"" if answer is None else answer.encode() + b"\r\n"
