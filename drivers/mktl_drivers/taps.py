"""Who listens in on a line: every byte both ways, and each reply as it was cut out of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mktl.devicefile import Step

from .framing import Cut


@dataclass(slots=True)
class Counts:
    """What a link has been through since it was made."""

    exchanges: int = 0
    timeouts: int = 0
    #: Times that something arrived which was no answer to what was sent last.
    late_replies: int = 0
    connections: int = 0
    last_error: str = ""


class Tap(Protocol):
    """Told of all that passes, by the link's thread, which waits: it returns at once and does not raise."""

    def sent(self, data: bytes) -> None:
        """The port took *data*."""

    def received(self, data: bytes) -> None:
        """The port brought *data*, which may be any piece of a reply."""

    def replied(self, reply: bytes, cut: Cut, step: Step) -> None:
        """*reply* is whole, as *cut* knows, and is about to be understood as the reply to *step*."""


@runtime_checkable
class Taker(Protocol):
    """A tap that is told as well what was made of what came."""

    def took(self, reply: bytes, step: Step | None) -> None:
        """*reply* has been understood as the reply to what was sent last; there is no *step* of registers."""


class Taps:
    """All taps of a line; any thread may add and remove them."""

    def __init__(self) -> None:
        # Replaced as a whole: the line's thread may be at it.
        self._taps: tuple[Tap, ...] = ()
        self._takers: tuple[Taker, ...] = ()

    def add(self, tap: Tap) -> None:
        """Have *tap* told from now on; a second time changes nothing."""
        if tap not in self._taps:
            self._taps = (*self._taps, tap)
            self._takers = tuple(one for one in self._taps if isinstance(one, Taker))

    def remove(self, tap: Tap) -> None:
        """Tell *tap* no more."""
        self._taps = tuple(known for known in self._taps if known is not tap)
        self._takers = tuple(one for one in self._taps if isinstance(one, Taker))

    def sent(self, data: bytes) -> None:
        """The port took *data*."""
        for tap in self._taps:
            tap.sent(data)

    def received(self, data: bytes) -> None:
        """The port brought *data*."""
        for tap in self._taps:
            tap.received(data)

    def replied(self, reply: bytes, cut: Cut, step: Step) -> None:
        """*reply* was cut out of it."""
        for tap in self._taps:
            tap.replied(reply, cut, step)

    def took(self, reply: bytes, step: Step | None) -> None:
        """*reply* was understood."""
        for taker in self._takers:
            taker.took(reply, step)
