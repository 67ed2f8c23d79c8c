"""What the parts of a link need of each other, and no more: none of them has to know the whole."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from mktl.devicefile import ItemSpec, LinkSpec, Query

from .checks import ErrorCheck
from .jobs import Jobs
from .line import Line
from .transport import Transport


class Party(Protocol):
    """A device on a line, as its sources and its items see it."""

    @property
    def name(self) -> str:
        """Of its link."""
        ...

    @property
    def spec(self) -> LinkSpec:
        """Its link in the device file."""
        ...

    @property
    def line(self) -> Line:
        """That it is on."""
        ...

    @property
    def jobs(self) -> Jobs:
        """Its lane."""
        ...

    @property
    def check(self) -> ErrorCheck | None:
        """What is asked after a set."""
        ...

    @property
    def closing(self) -> threading.Event:
        """Set when the line is closed."""
        ...

    def regain(self) -> None:
        """Get in step again, in the middle of a job."""
        ...


class Binder(Party, Protocol):
    """A device that items are bound to."""

    def source(self, query: Query) -> Any:
        """What asks *query*, for everybody who wants to know."""
        ...

    def attach(self, item: Any) -> None:
        """Take *item* in."""
        ...

    def detach(self, item: Any) -> None:
        """Let *item* go."""
        ...


class Readable(Protocol):
    """Something that is read by one exchange."""

    @property
    def query(self) -> Query:
        """What is asked."""
        ...

    @property
    def is_fresh(self) -> bool:
        """True once it has been read well on this connection, and not failed since."""
        ...

    def read(self) -> object:
        """Ask, and give every item its part; by the line's thread."""
        ...

    def refreshing(self) -> Future[Any]:
        """Have it read, or join the read that is under way; returns at once."""
        ...


class Fed(Protocol):
    """An item that takes its part of each reading."""

    @property
    def config(self) -> Any:
        """What clients are told of it."""
        ...

    @property
    def spec(self) -> ItemSpec:
        """The item in the device file."""
        ...

    @property
    def store(self) -> Any:
        """Has its siblings."""
        ...

    @property
    def status(self) -> str:
        """How good its value is."""
        ...

    @property
    def time(self) -> float | None:
        """When its value last changed; None for one that never had any."""
        ...

    def take(self, reading: Any) -> None:
        """Publish what is its own."""
        ...

    def flag(self, status: str, reason: str, severity: str = ...) -> None:
        """Say that the value cannot be trusted."""
        ...


class Written(Protocol):
    """An item that is set by a command."""

    @property
    def link(self) -> Party:
        """The device."""
        ...

    @property
    def spec(self) -> ItemSpec:
        """The item in the device file."""
        ...

    @property
    def source(self) -> Readable | None:
        """What it is read by."""
        ...

    @property
    def store(self) -> Any:
        """Has its siblings."""
        ...

    def publish(self, new_value: Any) -> None:
        """Show what was set."""
        ...


class Member(Party, Protocol):
    """A device on a line, as the line's thread sees it."""

    @property
    def state(self) -> str:
        """``connecting``, ``connected``, ``disconnected`` or ``closed``."""
        ...

    @property
    def items(self) -> Sequence[object]:
        """All that it has."""
        ...

    @property
    def sources(self) -> Sequence[Any]:
        """Everything that it is asked."""
        ...

    def call(self) -> None:
        """Have it introduced, when its turn comes."""
        ...

    def heard(self) -> None:
        """It has answered."""
        ...

    def missed(self, error: Exception) -> None:
        """It has not answered, on a line where others might."""
        ...

    def disconnected(self, reason: str) -> None:
        """It is away."""
        ...


class Host(Member, Protocol):
    """The device whose link has the port."""

    @property
    def transport(self) -> Transport:
        """The port."""
        ...

    @property
    def units(self) -> Sequence[Member]:
        """All devices on the line."""
        ...

    def probes(self) -> list[bytes]:
        """Questions that were answered, the last one first."""
        ...

    def initialise(self) -> None:
        """Carry out what the file wants done after each connect."""
        ...

    def connected(self, now_s: float) -> None:
        """The right device is there."""
        ...
