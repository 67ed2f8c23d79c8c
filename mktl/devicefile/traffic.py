r"""What passed on the lines of a device, written down so that a person can read and edit it; pure.

One event is one line: seconds since the start, the link, ``>`` for what was sent to the device or ``<`` for
what came from it, and the bytes as a device file writes them. Anything else is a remark after ``#``::

    0.000 ls336 > *IDN?\n
    0.006 ls336 < LSCI,MODEL336,LSA2D1R,2.9\r\n
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ..errors import DeviceFileError, Problem
from ._fields.base import SpecError
from ._fields.escapes import unescape

_EVENT = re.compile(
    r"\s*(?P<at>\d+(?:\.\d*)?)\s+(?P<link>[A-Za-z0-9_-]+)\s+(?P<direction>[<>]) (?P<bytes>.*)"
)
_REMARK = re.compile(r"\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class Event:
    """Bytes that passed on one link."""

    at_s: float
    link: str
    direction: Literal[">", "<"]
    data: bytes
    #: Where it stands in its file, from 1; 0 for one that was not read.
    line: int = 0

    def __str__(self) -> str:
        return f"{self.at_s:.3f} {self.link} {self.direction} {escaped(self.data)}"


def as_text(data: bytes) -> str:
    r"""Bytes as a device file writes them: each byte always alike, so that positions can be counted.

    >>> print(as_text(b"SW 'ON'\r\n\x05"))
    SW 'ON'\r\n\x05
    """
    return repr(data)[2:-1].replace("\\'", "'")


def escaped(data: bytes) -> str:
    r"""Bytes as a device file writes them, with no blank at the end for an editor to lose.

    >>> print(escaped(b"SW 'ON'\r\n\x05"), escaped(b"a "))
    SW 'ON'\r\n\x05 a\x20
    """
    text = as_text(data)
    blanks = len(text) - len(text.rstrip(" "))
    return text[: len(text) - blanks] + r"\x20" * blanks


def unescaped(text: str) -> bytes:
    r"""The bytes of a text with escapes.

    >>> unescaped(r"SW ON\r\n")
    b'SW ON\r\n'

    Raises:
        ValueError: An escape that is none, or a character that is more than a byte.
    """
    return unescape(text, "latin-1")


def parse(lines: Iterable[str], file: str) -> list[Event]:
    """The events of a recording.

    Args:
        lines: Of the file.
        file: How to call it in problems.

    Raises:
        DeviceFileError: Lines that are none of a recording, all of them.
    """
    events: list[Event] = []
    problems: list[Problem] = []
    for number, text in enumerate(lines, 1):
        try:
            event = _event(text.rstrip("\n"), number)
        except SpecError as error:
            problems.append(Problem(file, number, "", str(error)))
            continue
        if event is not None:
            events.append(event)
    if problems:
        raise DeviceFileError(problems)
    return events


def _event(text: str, number: int) -> Event | None:
    if _REMARK.fullmatch(text):
        return None
    found = _EVENT.fullmatch(text)
    if found is None:
        raise SpecError("expected SECONDS LINK > BYTES, or < for what came from the device; or a # remark")
    direction: Literal[">", "<"] = ">" if found["direction"] == ">" else "<"
    return Event(float(found["at"]), found["link"], direction, unescaped(found["bytes"]), number)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was sent, and all that came before the next was; what came first was sent by nobody."""

    command: bytes
    reply: bytes
    line: int


def exchanges(events: Iterable[Event], link: str) -> Iterator[Said]:
    """The events of one link as commands with their replies."""
    command, reply, line = b"", b"", 0
    for event in events:
        if event.link != link:
            continue
        if event.direction == "<":
            reply += event.data
            continue
        if command or reply:
            yield Said(command, reply, line)
        command, reply, line = event.data, b"", event.line
    if command or reply:
        yield Said(command, reply, line)
