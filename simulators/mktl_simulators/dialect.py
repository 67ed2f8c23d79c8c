"""What a simulated device is: bytes in, bytes out, and a time that is handed to it.

No model reads a clock, sleeps or starts a thread, so that a test can let an hour pass in one call.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


class SimulatedDevice(Protocol):
    """A device as it looks from the other end of its line.

    One that also speaks when nobody asked is a :class:`Talkative` one.
    """

    def receive(self, data: bytes) -> bytes:
        """Take bytes as they arrive, split anywhere; what the device sends back right now."""
        ...

    def advance(self, dt_s: float) -> None:
        """Let *dt_s* of the device's own time pass."""
        ...

    def hang_up(self) -> None:
        """The connection ended, on a line where the device can tell: half a command is forgotten."""
        ...


@runtime_checkable
class Talkative(SimulatedDevice, Protocol):
    """A device that says something by itself, as scales and gauges do that send a reading each second.

    Whoever drives it asks after each :meth:`advance`, and passes on what there is to nobody in particular.
    """

    def unasked(self) -> bytes:
        """What it has said by itself since it was asked last; nothing is kept for a second time."""
        ...


@runtime_checkable
class Punctual(Talkative, Protocol):
    """A talkative device that knows when it speaks next, so that nobody need look often."""

    @property
    def due_in_s(self) -> float | None:
        """How much of its own time has to pass until then; None while it has nothing to say."""
        ...


@dataclass(slots=True)
class Manners:
    """How a device wishes to be spoken to. It answers the impolite too, and counts them.

    Times are the device's own: a simulation that runs faster than life is also more patient.
    """

    #: The least silence between the end of one exchange and the next command.
    quiet_s: float
    commands: int = 0
    too_fast: int = 0
    _last_s: float = -math.inf

    def note(self, now_s: float) -> None:
        """One command came, and was answered, at *now_s*."""
        self.commands += 1
        if now_s - self._last_s < self.quiet_s:
            self.too_fast += 1
        self._last_s = now_s


class LineDevice(ABC):
    """A device spoken to in lines of text; a subclass answers one command at a time.

    *line_end* ends a command and *reply_end* each reply; blanks around a command, and so the CR of a CR LF,
    do not count. *joint* stands between several commands on one line and between their replies, where the
    device allows that. A line of more than *longest* bytes is lost whole.
    """

    def __init__(
        self, *, line_end: bytes = b"\n", reply_end: bytes = b"\r\n", joint: str = "", longest: int = 4096
    ) -> None:
        self._line_end, self._reply_end, self._joint, self._longest = line_end, reply_end, joint, longest
        self._half = bytearray()

    @abstractmethod
    def answer(self, command: str) -> str | None:
        """The reply to one command, None where the device stays silent."""

    def too_long(self) -> None:  # noqa: B027 - most devices just lose the line
        """A line did not fit; the device has lost it."""

    def receive(self, data: bytes) -> bytes:
        """Answer each line that *data* completes."""
        self._half += data
        *lines, rest = bytes(self._half).split(self._line_end)
        # One byte more than fits marks the line as lost until its end comes.
        self._half = bytearray(rest[: self._longest + 1])
        replies = (self._answer_bytes(line) for line in lines)
        return b"".join(reply + self._reply_end for reply in replies if reply is not None)

    def hang_up(self) -> None:
        """Forget half a command."""
        self._half.clear()

    def answer_line(self, line: str) -> str | None:
        """The joined replies to the commands on one line, None when none of them has one."""
        commands = line.split(self._joint) if self._joint else [line]
        replies = [self.answer(command.strip()) for command in commands if command.strip()]
        said = [reply for reply in replies if reply is not None]
        return self._joint.join(said) if said else None

    def _answer_bytes(self, line: bytes) -> bytes | None:
        if len(line) > self._longest:
            self.too_long()
            return None
        reply = self.answer_line(line.decode("latin-1"))
        return None if reply is None else reply.encode("latin-1")
