"""Cuts the bytes that a device hears into commands, by their ends or by the templates alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .phrases import Phrase

#: The longest command: where nothing ends one, only its form tells that it is whole.
LONGEST = 4096
#: The same for one with raw bytes in it, which may be a block of data.
LONGEST_RAW = 1 << 20


@dataclass(frozen=True, slots=True)
class Cut:
    """A command that is whole; *known* is False for one that only its end tells from the next."""

    command: bytes
    end: bytes
    known: bool = True

    def __len__(self) -> int:
        return len(self.command) + len(self.end)


class Cutter:
    """Finds the first command in what has come.

    Args:
        phrases: All commands that anybody on the line knows.
    """

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._phrases = list(phrases)
        self._constants = {
            (phrase.constant, phrase.end) for phrase in self._phrases if phrase.constant is not None
        }
        self._others = [phrase for phrase in self._phrases if phrase.constant is None]
        # The longest first: CR LF is one end and not two.
        self._ends = sorted({phrase.end for phrase in self._phrases} - {b""}, key=len, reverse=True)
        lengths = {phrase.send.fixed_length for phrase in self._phrases}
        #: The length of all commands, where they have one and no ends.
        self._length = next(iter(lengths)) if len(lengths) == 1 and not self._ends else None

    @property
    def needs_silence(self) -> bool:
        """True when no bytes end any command."""
        return not self._ends

    def take(self, buffer: bytearray) -> Cut | None:
        """Remove the first command from *buffer*; None while it is not whole."""
        while buffer:
            raw = bytes(buffer)
            known = max(self._known(raw), key=len, default=None)
            if known is None and self._may_go_on(raw):
                return None
            cut = known or self._unknown(raw)
            if cut is None:
                del buffer[:-LONGEST]
                return None
            del buffer[: len(cut)]
            if cut.known or cut.command:
                return cut
        return None

    def _known(self, raw: bytes) -> Iterator[Cut]:
        """The commands that *raw* begins with."""
        for end in self._ends:
            at = raw.find(end)
            if at >= 0 and (raw[:at], end) in self._constants:
                yield Cut(raw[:at], end)
        for constant, end in self._constants:
            if not end and constant and raw.startswith(constant):
                yield Cut(constant, b"")
        for phrase in self._others:
            length = _ended(phrase, raw) if phrase.end else _whole(phrase, raw)
            if length is not None:
                yield Cut(raw[:length], phrase.end)

    def _may_go_on(self, raw: bytes) -> bool:
        """True when the end that is there may stand within raw bytes of a command that is not whole yet."""
        if len(raw) > LONGEST_RAW:
            return False
        return any(
            phrase.is_raw and phrase.end and phrase.likeness(raw) >= len(raw) for phrase in self._others
        )

    def _unknown(self, raw: bytes) -> Cut | None:
        """A command that nobody knows, as far as it can be told from the next."""
        if self._length is not None:
            return Cut(raw[: self._length], b"", known=False) if len(raw) >= self._length else None
        found = [(at, end) for end in self._ends if (at := raw.find(end)) >= 0]
        if not found:
            return None
        at, end = min(found, key=lambda one: one[0])
        return Cut(raw[:at], end, known=False)


def _ended(phrase: Phrase, raw: bytes) -> int | None:
    """Length of the command without its end; raw bytes in it may look like the end."""
    at = raw.find(phrase.end)
    while at >= 0:
        if phrase.parse(raw[:at]) is not None:
            return at
        at = raw.find(phrase.end, at + 1) if phrase.is_raw else -1
    return None


def _whole(phrase: Phrase, raw: bytes) -> int | None:
    """Length of a command that only its form ends: the longest that makes sense."""
    fixed = phrase.send.fixed_length
    lengths = range(min(len(raw), LONGEST), 0, -1) if fixed is None else (fixed,)
    for length in lengths:
        if length <= len(raw) and phrase.parse(raw[:length]) is not None:
            return length
    return None
