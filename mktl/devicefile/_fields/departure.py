"""Where bytes leave the form of a template, and what was expected there; used only once they have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .base import quoted
from .compound import Array
from .layout import pattern_of
from .scan import Literal, Option, Part, Slot, Sum

_END = "the end"


def find_departure(parts: Sequence[Part], raw: bytes) -> tuple[int, str]:
    """The first byte of *raw* that does not fit *parts*, counted from 0, and what would.

    Found by matching ever more of the parts until one more does not fit.
    """
    fits, end = 0, 0
    for count in range(1, len(parts) + 1):
        found = re.match(b"".join(map(pattern_of, parts[:count])), raw, re.DOTALL)
        if found is None:
            break
        fits, end = count, found.end()
    if fits and _runs_to_the_end(parts, fits):
        end = len(raw)
    if fits and (element := _next_element(parts[fits - 1], raw, end)):
        return element
    # An optional part always "fits", by its absence: what it wanted is expected as well.
    first = fits
    while first and isinstance(parts[first - 1], Option) and _is_absent(parts, first, raw):
        first -= 1
    if fits < len(parts) and first == fits:
        return _within(parts[fits], raw, end)
    wanted = [_first_of(part) for part in parts[first:fits]]
    wanted.append(_first_of(parts[fits]) if fits < len(parts) else _END)
    return end, " or ".join(wanted)


def _runs_to_the_end(parts: Sequence[Part], fits: int) -> bool:
    """True when the last part that fits is text that only the next one could have ended."""
    last = parts[fits - 1]
    return isinstance(last, Slot) and last.converter.open == "text" and last.converter.kind != "array"


def _next_element(part: Part, raw: bytes, end: int) -> tuple[int, str] | None:
    """Where an array goes on with a separator, but not with an element."""
    if not isinstance(part, Slot) or not isinstance(part.converter, Array) or part.converter.count:
        return None
    separator = part.converter.separator
    if not separator or not raw.startswith(separator, end):
        return None
    return end + len(separator), part.converter.expected


def _is_absent(parts: Sequence[Part], count: int, raw: bytes) -> bool:
    """True when the optional part before *count* matched nothing."""
    with_it = re.match(b"".join(map(pattern_of, parts[:count])), raw, re.DOTALL)
    without = re.match(b"".join(map(pattern_of, parts[: count - 1])), raw, re.DOTALL)
    return with_it is not None and without is not None and with_it.end() == without.end()


def _within(part: Part, raw: bytes, at: int) -> tuple[int, str]:
    """A literal is compared byte by byte; of anything else the beginning is the place."""
    if not isinstance(part, Literal):
        return at, _first_of(part)
    same = 0
    while same < len(part.data) and raw[at + same : at + same + 1] == part.data[same : same + 1]:
        same += 1
    return at + same, quoted(part.data[same:])


def _first_of(part: Part) -> str:
    """What *part* wants to see first, in words."""
    if isinstance(part, Literal):
        return quoted(part.data)
    if isinstance(part, Sum):
        return part.checksum.expected
    if isinstance(part, Slot):
        return part.converter.expected
    return _first_of(part.parts[0]) if part.parts else _END
