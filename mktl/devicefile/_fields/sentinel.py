"""A number, in whose place the device may put one of some words: ``f|LO<E-11|OFF``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...errors import ItemValueError
from .base import Converter, Openness, Place, shown
from .digits import HexInt
from .numbers import Float, Whole
from .words import Words

#: Numbers in whose place a word may stand.
PRINTED = (Float, Whole, HexInt)
#: What has a meaning of its own in a row of words, or ends the placeholder.
_SPECIAL = frozenset(b"\\|=*/{}")


@dataclass(frozen=True, slots=True)
class NumberOrWord(Converter):
    """A printed number, or a word; text is written as the word for it, anything else as the number."""

    number: Converter
    words: Words

    @property
    def kind(self) -> str:  # type: ignore[override]
        return self.number.kind

    @property
    def default(self) -> object:
        return self.number.default

    @property
    def size(self) -> int | None:
        return self.number.size if self.number.size == self.words.size else None

    @property
    def open(self) -> Openness | None:
        return self.number.open

    @property
    def alphabet(self) -> frozenset[int] | None:
        number, words = self.number.alphabet, self.words.alphabet
        return None if number is None or words is None else number | words | {ord(" ")}

    @property
    def pattern(self) -> bytes:
        blanks = b" *" if self.size is None else b""
        return rb"(?:%s|%s%s)" % (self.number.pattern, blanks, self.words.pattern)

    @property
    def expected(self) -> str:
        return f"{self.number.expected} or {self.words.expected}"

    def encode(self, value: object) -> bytes:
        if not isinstance(value, str):
            return self.number.encode(value)
        try:
            return self.words.encode(value)
        except ItemValueError:
            raise ItemValueError(f"takes {self.expected}, got {shown(value)}") from None

    def decode(self, raw: bytes) -> object:
        for word in (raw, raw.lstrip(b" ")):
            if self.words.knows(word):
                return self.words.decode(word)
        return self.number.decode(raw)

    def placed(self, place: Place) -> NumberOrWord:
        return replace(self, number=self.number.placed(place))


def spec_with(spec: str, converter: Converter, words: Iterable[str], encoding: str) -> str:
    r"""The *spec* of *converter* that also takes *words*; unchanged where a word cannot stand for the value.

    Text reads any word as it is. Raw bytes, arrays and constants have no place for one.

    >>> spec_with(".2f", Float(".2f"), ["---", "A|B"], "ascii")
    '.2f|---|A\\x7CB'
    """
    if not isinstance(converter, (*PRINTED, Words, NumberOrWord)):
        return spec
    known = converter.words if isinstance(converter, NumberOrWord) else converter
    new = [
        word
        for word in dict.fromkeys(words)
        if not (isinstance(known, Words) and known.knows(word.encode(encoding, "replace")))
    ]
    any_case = "/i" if spec.endswith("/i") else ""
    return "|".join([spec.removesuffix("/i"), *map(_escaped, new)]) + any_case


def _escaped(word: str) -> str:
    """*word* as a row of words has it."""
    return "".join(
        f"\\x{ord(letter):02X}" if ord(letter) in _SPECIAL or ord(letter) < 32 else letter for letter in word
    )
