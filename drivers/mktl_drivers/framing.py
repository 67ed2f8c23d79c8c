"""Cuts what a port brings into replies; bytes in, bytes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mktl.devicefile import Counted, Framing, Template
from mktl.devicefile.blocks import NO_BLOCK, OPEN_END, block_end
from mktl.errors import TemplateMismatchError


class Cut(Protocol):
    """Knows the end of a reply when it sees it."""

    def find(self, buffer: bytearray) -> tuple[int, int] | None:
        """Where the first reply in *buffer* ends, and where the rest begins; None while it is not whole."""
        ...

    def at_silence(self, came: bytes) -> bytes | None:
        """The reply, when nothing more comes after *came*; None when it has broken off."""
        ...

    def __str__(self) -> str:
        """What is waited for, for errors."""
        ...


class _Needed:
    """A reply without its end has broken off."""

    __slots__ = ()

    def at_silence(self, came: bytes) -> bytes | None:  # noqa: ARG002
        """Nothing."""
        return None


@dataclass(frozen=True, slots=True)
class EndCut(_Needed):
    r"""A reply ends before *end*, which may be of any length.

    >>> EndCut(b"\r\n").find(bytearray(b"+77.35\r\n+4.2"))
    (6, 8)
    """

    end: bytes

    def find(self, buffer: bytearray) -> tuple[int, int] | None:
        """The first end."""
        at = buffer.find(self.end)
        return None if at < 0 else (at, at + len(self.end))

    def __str__(self) -> str:
        return f"an end {_shown(self.end)}"


@dataclass(frozen=True, slots=True)
class SilenceCut:
    """Only silence ends a reply: whoever reads takes what is there then."""

    def find(self, buffer: bytearray) -> None:
        """Never."""

    def at_silence(self, came: bytes) -> bytes | None:
        """All that came."""
        return came or None

    def __str__(self) -> str:
        return "silence"


@dataclass(frozen=True, slots=True)
class TailCut(_Needed):
    r"""A reply ends with *tail*, which is part of it: the end stands in the template.

    >>> TailCut(b"\r\n").find(bytearray(b"0,8.15E-05\r\n0"))
    (12, 12)
    """

    tail: bytes

    def find(self, buffer: bytearray) -> tuple[int, int] | None:
        """Behind the first one."""
        at = buffer.find(self.tail)
        return None if at < 0 else (at + len(self.tail), at + len(self.tail))

    def __str__(self) -> str:
        return f"an end {_shown(self.tail)}"


@dataclass(frozen=True, slots=True)
class LengthCut(_Needed):
    """A reply is so many bytes long."""

    length: int

    def find(self, buffer: bytearray) -> tuple[int, int] | None:
        """As soon as there are so many."""
        return (self.length, self.length) if len(buffer) >= self.length else None

    def __str__(self) -> str:
        return f"{self.length} bytes"


@dataclass(frozen=True, slots=True)
class CountedCut(_Needed):
    """A reply says how long it is.

    >>> CountedCut(Counted(at=1, plus=2)).find(bytearray([7, 3, 1, 2, 3, 9]))
    (5, 5)
    """

    counted: Counted

    def find(self, buffer: bytearray) -> tuple[int, int] | None:
        """As soon as the number is there, and so many bytes."""
        counted = self.counted
        number = buffer[counted.at : counted.at + counted.size]
        if len(number) < counted.size:
            return None
        length = int.from_bytes(number, "little" if counted.little_endian else "big") + counted.plus
        length = max(length, counted.at + counted.size)
        return (length, length) if len(buffer) >= length else None

    def __str__(self) -> str:
        return f"as many bytes as byte {self.counted.at + 1} of the reply says"


@dataclass(frozen=True, slots=True)
class LinesCut(_Needed):
    r"""A reply of several lines: *count* of them, or up to the first that *until* parses, that one included.

    >>> LinesCut(b"\n", until=Template.compile("END")).find(bytearray(b"A 1\nB 2\nEND\nA"))
    (11, 12)
    """

    end: bytes
    count: int = 1
    until: Template | None = None

    def find(self, buffer: bytearray) -> tuple[int, int] | None:
        """The end of the last line."""
        begin, lines = 0, 0
        while (at := buffer.find(self.end, begin)) >= 0:
            lines += 1
            if self._is_last(bytes(buffer[begin:at]), lines):
                return at, at + len(self.end)
            begin = at + len(self.end)
        return None

    def _is_last(self, line: bytes, number: int) -> bool:
        if self.until is None:
            return number >= self.count
        try:
            self.until.parse(line)
        except TemplateMismatchError:
            return False
        return True

    def __str__(self) -> str:
        return f"{self.count} lines" if self.until is None else f"a line '{self.until.source}'"


@dataclass(frozen=True, slots=True)
class BlockCut:
    r"""A reply with an IEEE 488.2 block in it, whose data may hold the end of a line.

    Some devices put an end after it and some do not, so silence is waited for where none comes.

    >>> BlockCut(0, b"\n").find(bytearray(b"#13a\nb\n"))
    (6, 7)
    """

    #: Where the block begins.
    at: int
    end: bytes

    def find(self, buffer: bytearray) -> tuple[int, int] | None:
        """The end after the data; of a reply that is no block, the first end."""
        after = block_end(buffer, self.at)
        if after is None or after == OPEN_END:
            return None
        if not self.end:
            return None if len(buffer) < after else (after, after)
        at = buffer.find(self.end, 0 if after == NO_BLOCK else after)
        return None if at < 0 else (at, at + len(self.end))

    def at_silence(self, came: bytes) -> bytes | None:
        """All but the end of the message; None while data are missing."""
        after = block_end(came, self.at)
        if after == OPEN_END:
            return came.removesuffix(self.end)
        return came if after is not None and 0 <= after <= len(came) else None

    def __str__(self) -> str:
        return "a block of data"


def cut_of(framing: Framing) -> Cut:
    """What finds the end of a reply that *framing* describes."""
    if framing.length is not None:
        return LengthCut(framing.length)
    if framing.counted is not None:
        return CountedCut(framing.counted)
    if not framing.end:
        return SilenceCut()
    if framing.until is not None or framing.lines > 1:
        return LinesCut(framing.end, framing.lines, framing.until)
    return EndCut(framing.end)


class Framer:
    r"""Collects bytes until a reply is whole.

    >>> framer, cut = Framer(), EndCut(b"\r\n")
    >>> framer.feed(b"+77.35\r"); framer.take(cut)
    >>> framer.feed(b"\n+4.2"); framer.take(cut), framer.rest
    (b'+77.35', b'+4.2')
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        #: Up to here there is no end of the kind looked for last.
        self._searched = 0
        self._sought: Cut | None = None

    def feed(self, data: bytes) -> None:
        """Add what has arrived."""
        self._buffer += data

    def take(self, cut: Cut) -> bytes | None:
        """The next whole reply without its end, or None while it is not there."""
        found = self._find_end(cut) if isinstance(cut, EndCut) else cut.find(self._buffer)
        if found is None:
            return None
        end, rest = found
        self._searched = 0
        reply = bytes(self._buffer[:end])
        del self._buffer[:rest]
        return reply

    def drop(self, count: int) -> None:
        """Forget the first *count* bytes."""
        self._searched = 0
        del self._buffer[:count]

    def _find_end(self, cut: EndCut) -> tuple[int, int] | None:
        """As the cut itself, but nothing is searched twice, however small the pieces of a long reply are."""
        if cut is not self._sought:
            self._sought, self._searched = cut, 0
        at = self._buffer.find(cut.end, self._searched)
        if at < 0:  # the end may be cut in two
            self._searched = max(0, len(self._buffer) - len(cut.end) + 1)
            return None
        return at, at + len(cut.end)

    @property
    def rest(self) -> bytes:
        """What came after the last reply taken."""
        return bytes(self._buffer)

    def __len__(self) -> int:
        return len(self._buffer)

    def clear(self) -> bytes:
        """Forget what is there, and return it."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._searched = 0
        return rest


def _shown(data: bytes) -> str:
    return repr(data)[1:]
