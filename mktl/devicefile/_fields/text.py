"""Text: up to what follows, of fixed width, or in quotes.

What is written must be readable again: text with the literal in it that ends the field is refused, and so is
a control character, since a carriage return in a value would end the command and begin another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...errors import ItemTypeError, ItemValueError
from .base import ALONE, Converter, Openness, Place, SpecError, shown
from .numbers import plain_number
from .words import number_or_text

#: Bytes that no command carries unless its template says so; the tab is harmless.
CONTROLS = frozenset(range(32)) - {9} | {127}


def encode_printable(value: object, encoding: str) -> bytes:
    """*value* in *encoding*: a str without control characters.

    Raises:
        ItemTypeError: Not a str.
        ItemValueError: A character that the encoding does not have, or a control character.
    """
    data = encode_any(value, encoding)
    if not CONTROLS.isdisjoint(data):
        raise ItemValueError(f"takes text without control characters, got {shown(value)}")
    return data


def encode_any(value: object, encoding: str) -> bytes:
    """*value* in *encoding*: any str that it has the characters for."""
    if not isinstance(value, str):
        raise ItemTypeError(f"takes text, got {shown(value)}")
    try:
        return value.encode(encoding)
    except UnicodeEncodeError:
        raise ItemValueError(f"takes {encoding} text, got {shown(value)}") from None


@dataclass(frozen=True, slots=True)
class Text(Converter):
    """``s``: everything up to the literal that follows, or to the end; it may be empty."""

    encoding: str
    place: Place = ALONE

    kind = "text"
    default = ""

    @property
    def open(self) -> Openness | None:
        return "text"

    @property
    def pattern(self) -> bytes:
        return self.place.rest_pattern

    @property
    def expected(self) -> str:
        return f"{self.encoding} text"

    def encode(self, value: object) -> bytes:
        data = encode_printable(value, self.encoding)
        self.place.check_rest(data)
        return data

    def decode(self, raw: bytes) -> object:
        return raw.decode(self.encoding)

    def placed(self, place: Place) -> Text:
        return replace(self, place=place)


@dataclass(frozen=True, slots=True)
class Anything(Text):
    """An item of which the template does not say the kind: a number where it reads as one, else text."""

    kind = "any"

    def encode(self, value: object) -> bytes:
        if isinstance(value, str):
            return Text.encode(self, value)
        return repr(plain_number(value)).encode("ascii")

    def decode(self, raw: bytes) -> object:
        return number_or_text(raw.decode(self.encoding))


@dataclass(frozen=True, slots=True)
class FixedText(Converter):
    """``15s``: exactly so many bytes; blanks fill it up and are taken off again."""

    encoding: str
    width: int

    kind = "text"
    default = ""

    @property
    def size(self) -> int:
        return self.width

    @property
    def pattern(self) -> bytes:
        return rb".{%d}" % self.width

    @property
    def expected(self) -> str:
        return f"{self.width} bytes of {self.encoding} text"

    def encode(self, value: object) -> bytes:
        data = encode_printable(value, self.encoding)
        if len(data) > self.width:
            raise ItemValueError(f"takes at most {self.width} bytes, got {shown(value)}")
        return data.ljust(self.width)

    def decode(self, raw: bytes) -> str:
        return raw.decode(self.encoding).rstrip(" ")


@dataclass(frozen=True, slots=True)
class Quoted(Converter):
    """``q``: text in double quotes, a quote in it doubled, as IEEE 488.2 has its strings."""

    encoding: str

    kind = "text"
    default = ""

    @property
    def pattern(self) -> bytes:
        return rb'"(?:[^"]|"")*+"'

    @property
    def expected(self) -> str:
        return "text in double quotes"

    def encode(self, value: object) -> bytes:
        return b'"' + encode_printable(value, self.encoding).replace(b'"', b'""') + b'"'

    def decode(self, raw: bytes) -> str:
        return raw.decode(self.encoding)[1:-1].replace('""', '"')


def read_fixed_text(spec: str, encoding: str) -> FixedText:
    """The field of a spec such as ``15s``."""
    width = int(spec[:-1])
    if width == 0:
        raise SpecError(f"'{spec}' has no room for a character; text of any length is {{:s}}")
    return FixedText(encoding, width)
