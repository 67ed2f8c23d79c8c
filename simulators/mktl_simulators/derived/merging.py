"""One reply for several exchanges that send the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mktl.devicefile import Template

from .framing import fits


def merged(replies: Sequence[tuple[Template, bytes]]) -> bytes:
    """One reply for several exchanges that send the same: what one of them skips another may know.

    Args:
        replies: Each one's form and what it would have said, without ends.

    Returns:
        The first of them that all forms can read, with what the others know put in, or else the first.
    """
    templates = [template for template, _ in replies]
    candidates = [*_patched(replies), *(reply for _, reply in replies)]
    for reply in candidates:
        if all(fits(template, reply) for template in templates):
            return reply
    return replies[0][1]


def _patched(replies: Sequence[tuple[Template, bytes]]) -> Iterator[bytes]:
    """The first reply with the pieces put in that it skips and another one has."""
    first, reply = replies[0]
    pieces = [(piece, reply[piece.start : piece.end]) for piece in first.dissect(reply).pieces]
    for template, said in replies[1:]:
        others = template.dissect(said).pieces
        if len(others) != len(pieces):
            return
        pieces = [
            (mine, said[theirs.start : theirs.end])
            if mine.name is None and theirs.name is not None
            else (mine, text)
            for (mine, text), theirs in zip(pieces, others, strict=True)
        ]
    yield b"".join(text for _, text in pieces)
