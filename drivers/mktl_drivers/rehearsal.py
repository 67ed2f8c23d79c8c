"""An exchange with no device: replies that somebody wrote down, in a time of their own."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mktl.errors import ItemValueError

from .line import Line
from .reading import Reading
from .taps import Tap
from .turns import frames_of, turns_of

if TYPE_CHECKING:
    from .bound import BoundItem


class Prompter:
    r"""A transport that answers each write with the next of its replies; to wait takes no time at all.

    >>> port = Prompter([b"+4.2\r\n"])
    >>> port.write(b"KRDG? A\n"); port.read(1.0), port.read(1.0), port.now_s
    (b'+4.2\r\n', b'', 1.0)
    """

    forgets_on_close = True
    address = "nobody"

    def __init__(self, replies: Sequence[bytes], *, echoes: bool = False) -> None:
        self._replies = deque(replies)
        self._echoes = echoes
        self._arrived = bytearray()
        #: Seconds that whoever reads has waited.
        self.now_s = 0.0

    def clock(self) -> float:
        """The time that has passed."""
        return self.now_s

    def open(self) -> None:
        """Nothing is under way."""

    def close(self) -> None:
        """Nothing to give back."""

    def write(self, data: bytes) -> None:
        """Have the next reply arrive."""
        if self._echoes:
            self._arrived += data
        if self._replies:
            self._arrived += self._replies.popleft()

    def read(self, timeout_s: float) -> bytes:
        """All that has arrived, or nothing after *timeout_s*."""
        if not self._arrived and self._replies and timeout_s:  # for who listens without having asked
            self._arrived += self._replies.popleft()
        data = bytes(self._arrived)
        self._arrived.clear()
        if not data:
            self.now_s += timeout_s
        return data

    def transmit_s(self, _count: int) -> float:
        """No time."""
        return 0.0

    def idle(self, timeout_s: float) -> None:
        """Let time pass."""
        self.now_s += timeout_s

    def nudge(self) -> None:
        """Nobody is idle here."""

    def cancel(self) -> None:
        """Nobody waits here."""


def rehearse(
    item: BoundItem,
    replies: Sequence[bytes],
    tap: Tap,
    *,
    value: Any = None,
    others: Mapping[str, Any] | None = None,
) -> None:
    """Ask the query of *item*, or send its command with *value*, and give the item what comes of it.

    Args:
        item: Made by a link that need not be open.
        replies: One for each thing that is sent.
        tap: Told of all that passes.
        value: In the unit of the item.
        others: ``{"item.other": number of the device}`` for what refers to other items.

    Raises:
        DeviceError: The replies are not what the exchange expects.
        ItemValueError: The item has nothing to ask, no command, or is no text.
    """
    if item.spec.register is not None:
        raise ItemValueError(f"{item.full_key} is in registers; replies can be written down for text devices")
    spec, source = item.link.spec, item.source
    port = Prompter(replies, echoes=spec.echo != "none")
    line = Line(spec.name, port, replace(spec, quiet_s=0.0), port.clock)
    line.taps.add(tap)
    line.open()
    if value is not None:
        if item.spec.command is None:
            raise ItemValueError(f"{item.full_key} is read only")
        command = item.spec.command
        steps, raw = command.steps, item.spec.conversion.to_device(value, whole=command.takes_whole)
        values = {"": raw, **(others or {})}
        line.converse(turns_of(steps, spec), frames_of(steps, values))
        item.publish(value)
    elif source is None:
        raise ItemValueError(f"{item.full_key} is only written: there is nothing to ask")
    else:
        steps = source.query.steps
        fields = line.converse(turns_of(steps, spec), frames_of(steps, others or {}))
        source.feed(Reading(fields, time.time()))
