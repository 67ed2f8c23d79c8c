"""Words that stand for values: ``OFF=0|ON=1``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from ...errors import ItemTypeError, ItemValueError
from .base import Converter, SpecError, quoted, shown
from .escapes import unescape
from .numbers import plain_number

_NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*")
_SHOWN = 12


def number_or_text(text: str) -> int | float | str:
    """An int or a float where *text* reads as one; otherwise *text*.

    >>> number_or_text("-4"), number_or_text("1e3"), number_or_text("nan")
    (-4, 1000.0, 'nan')
    """
    if not _NUMBER.fullmatch(text):
        return text
    try:
        return int(text)
    except ValueError:
        return float(text)


@dataclass(frozen=True, slots=True)
class Words(Converter):
    """A map between the device's words and values; the longest word that fits is read."""

    #: In the order of the file; the first word of a value is the one that is written.
    pairs: tuple[tuple[bytes, int | float | str], ...]
    any_case: bool = False
    _values: dict[bytes, int | float | str] = field(init=False, compare=False, repr=False)
    _words: dict[object, bytes] = field(init=False, compare=False, repr=False)

    kind = "word"

    def __post_init__(self) -> None:
        values = {(word.lower() if self.any_case else word): value for word, value in self.pairs}
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "_words", {value: word for word, value in reversed(self.pairs)})

    @property
    def default(self) -> object:
        return self.pairs[0][1]

    @property
    def size(self) -> int | None:
        lengths = {len(word) for word, _ in self.pairs}
        return lengths.pop() if len(lengths) == 1 else None

    @property
    def alphabet(self) -> frozenset[int]:
        words = b"".join(word for word, _ in self.pairs)
        return frozenset(words.lower() + words.upper() if self.any_case else words)

    @property
    def pattern(self) -> bytes:
        longest_first = sorted((word for word, _ in self.pairs), key=len, reverse=True)
        flag = b"i" if self.any_case else b""
        return rb"(?%s:%s)" % (flag, b"|".join(map(re.escape, longest_first)))

    @property
    def expected(self) -> str:
        return "one of " + _listed([quoted(word) for word, _ in self.pairs])

    def encode(self, value: object) -> bytes:
        try:
            word = self._words.get(value)
        except TypeError:
            raise ItemTypeError(f"takes one of {self._known()}, got {shown(value)}") from None
        if word is None:
            word = self._nearly(value)
        if word is None:
            raise ItemValueError(f"takes one of {self._known()}, got {shown(value)}")
        return word

    def decode(self, raw: bytes) -> object:
        return self._values[raw.lower() if self.any_case else raw]

    def knows(self, raw: bytes) -> bool:
        """True for one of the words."""
        return (raw.lower() if self.any_case else raw) in self._values

    def _nearly(self, value: object) -> bytes | None:
        """The word of a number that differs from *value* by no more than the rounding of a scale."""
        if isinstance(value, str):
            return None
        try:
            number = plain_number(value)
        except ItemTypeError:
            return None
        close = (
            word
            for word, known in self.pairs
            if not isinstance(known, str) and math.isclose(known, number, rel_tol=1e-14, abs_tol=1e-9)
        )
        return next(close, None)

    def _known(self) -> str:
        return _listed([f"{value!r} ({quoted(word)})" for word, value in self.pairs])


def _listed(names: list[str]) -> str:
    """*names* by commas, the many cut short."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def read_words(spec: str, encoding: str) -> Words:
    """The map of a spec such as ``OFF=0|ON=1`` or, without regard to case, ``off=0|on=1/i``.

    A word without a value stands for itself.

    >>> read_words("NORM|REV=-1", "ascii").pairs
    ((b'NORM', 'NORM'), (b'REV', -1))

    Raises:
        SpecError: An empty word, or one that comes twice.
    """
    any_case = spec.endswith("/i")
    pairs: list[tuple[bytes, int | float | str]] = []
    seen: set[bytes] = set()
    for entry in spec.removesuffix("/i").split("|"):
        # The last "=" divides: a word may have one, as LO<=1 does, a value hardly.
        written, equals, text = entry.rpartition("=") if "=" in entry else (entry, "", entry)
        word = unescape(written, encoding)
        if not word:
            raise SpecError(f"'{spec}' has an empty word; words and their values are like OFF=0|ON=1")
        if equals and not text:
            raise SpecError(f"the word '{written}' in '{spec}' has no value; like {written}=1")
        value = number_or_text(unescape(text, encoding).decode(encoding))
        folded = word.lower() if any_case else word
        if folded in seen:
            raise SpecError(f"the word '{written}' comes twice in '{spec}'")
        seen.add(folded)
        pairs.append((word, value))
    return Words(tuple(pairs), any_case)
