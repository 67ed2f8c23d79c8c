"""How long a template's bytes are: fixed by the template itself, or said by the header of a block."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .block import Block
from .layout import pattern_of
from .scan import Literal, Option, Part, Slot

_CONTROL = bytes(range(0x20)) + b"\x7f"


def fixed_length(parts: Iterable[Part]) -> int | None:
    """How many bytes *parts* always are; None when that varies."""
    total = 0
    for part in parts:
        length = length_of(part)
        if length is None:
            return None
        total += length
    return total


def length_of(part: Part) -> int | None:
    """How many bytes *part* always is; None when that varies."""
    if isinstance(part, Literal):
        return len(part.data)
    if isinstance(part, Slot):
        return part.converter.size
    return None if isinstance(part, Option) else part.checksum.size


def control_tail(parts: Sequence[Part]) -> bytes:
    """The control characters that *parts* end with, where these stand nowhere else in them."""
    last = parts[-1] if parts else None
    if not isinstance(last, Literal):
        return b""
    tail = last.data[len(last.data.rstrip(_CONTROL)) :]
    others = [part.data for part in parts[:-1] if isinstance(part, Literal)] + [last.data[: -len(tail)]]
    return b"" if any(tail in data for data in others) else tail


def block_offset(parts: Sequence[Part]) -> int | None:
    """Where the first block of *parts* begins; None without one, or where what stands before it varies."""
    before = next((count for count, part in enumerate(parts) if _is_block(part)), None)
    return None if before is None else fixed_length(parts[:before])


def has_block(parts: Iterable[Part]) -> bool:
    """True when one of *parts* is as long as its bytes say."""
    return any(map(_is_block, parts))


def measured(parts: Sequence[Part], raw: bytes) -> list[Part]:
    """*parts* with each block as long as its header in *raw* says."""
    done: list[Part] = []
    for part in parts:
        if isinstance(part, Slot) and isinstance(part.converter, Block):
            start = re.match(b"".join(map(pattern_of, done)) + b"(?=#)", raw, re.DOTALL)
            if start is not None:
                part = replace(part, converter=part.converter.measured(raw, start.end()))
        done.append(part)
    return done


def _is_block(part: Part) -> bool:
    return isinstance(part, Slot) and isinstance(part.converter, Block)
