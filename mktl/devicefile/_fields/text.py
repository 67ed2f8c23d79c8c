"""Text: up to what follows, of fixed width, of certain characters, in quotes, or by a regular expression.

What is written must be readable again: text with the literal in it that ends the field is refused, and so is
a control character, since a carriage return in a value would end the command and begin another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ...errors import ItemTypeError, ItemValueError
from .base import ALONE, Converter, Openness, Place, SpecError, shown
from .escapes import encode_text, read_escape
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


@dataclass(frozen=True, slots=True)
class CharSet(Converter):
    """``[A-Z0-9]`` or ``[^,]``: one or more bytes of a set."""

    encoding: str
    source: str
    allowed: frozenset[int]
    negated: bool

    kind = "text"

    @property
    def alphabet(self) -> frozenset[int]:
        return self.allowed

    @property
    def default(self) -> object:
        plain = [byte for byte in self.allowed if 32 < byte < 127] or self.allowed
        return bytes([ord("0") if ord("0") in plain else min(plain)]).decode(self.encoding, "replace")

    @property
    def pattern(self) -> bytes:
        return rb"[%s]+" % b"".join(rb"\x%02x" % byte for byte in sorted(self.allowed))

    @property
    def expected(self) -> str:
        return f"characters of {self.source}"

    def encode(self, value: object) -> bytes:
        data = encode_any(value, self.encoding)
        # [^,] means "not a comma", hardly "and carriage returns are welcome".
        allowed = self.allowed - CONTROLS if self.negated else self.allowed
        if not data or not allowed.issuperset(data):
            raise ItemValueError(f"takes one or more characters of {self.source}, got {shown(value)}")
        return data

    def decode(self, raw: bytes) -> str:
        return raw.decode(self.encoding)


@dataclass(frozen=True, slots=True)
class Expression(Converter):
    """``/regex/``: whatever a regular expression over bytes matches."""

    encoding: str
    source: str
    compiled: re.Pattern[bytes]

    kind = "text"

    @property
    def default(self) -> object:
        return next((text for text in ("", "0", "A") if self.compiled.fullmatch(text.encode())), None)

    @property
    def pattern(self) -> bytes:
        return rb"(?:%s)" % self.compiled.pattern

    @property
    def expected(self) -> str:
        return f"what matches /{self.source}/"

    def encode(self, value: object) -> bytes:
        data = encode_any(value if isinstance(value, str) else str(value), self.encoding)
        if not self.compiled.fullmatch(data):
            raise ItemValueError(f"takes what matches /{self.source}/, got {shown(value)}")
        return data

    def decode(self, raw: bytes) -> str:
        return raw.decode(self.encoding)


def read_fixed_text(spec: str, encoding: str) -> FixedText:
    """The field of a spec such as ``15s``."""
    width = int(spec[:-1])
    if width == 0:
        raise SpecError(f"'{spec}' has no room for a character; text of any length is {{:s}}")
    return FixedText(encoding, width)


def read_char_set(spec: str, encoding: str) -> CharSet:
    r"""The field of a spec such as ``[A-Z0-9]`` or ``[^,]``; ``\]`` and ``\-`` stand for themselves."""
    negated = spec.startswith("[^")
    at, end = 2 if negated else 1, len(spec) - 1
    found: set[int] = set()
    while at < end:
        first, at = _one_byte(spec, at, encoding)
        if spec[at : at + 1] == "-" and at + 1 < end:
            final, at = _one_byte(spec, at + 1, encoding)
            if final < first:
                raise SpecError(f"the range {chr(first)}-{chr(final)} in '{spec}' runs backwards")
            found.update(range(first, final + 1))
        else:
            found.add(first)
    allowed = frozenset(range(256)) - found if negated else frozenset(found)
    if not found or not allowed:
        raise SpecError(f"'{spec}' is an empty set; one or more capitals are [A-Z], all but a comma [^,]")
    return CharSet(encoding, spec, allowed, negated)


def _one_byte(spec: str, at: int, encoding: str) -> tuple[int, int]:
    """The byte at *at* of a character set, and the index after it."""
    if spec[at] == "\\":
        data, after = read_escape(spec, at, more="]-^[")
    else:
        data, after = encode_text(spec[at], encoding), at + 1
    if len(data) != 1:
        raise SpecError(f"{spec[at]!r} is {len(data)} bytes in {encoding}; a set has single bytes")
    return data[0], after


def read_expression(source: str, encoding: str) -> Expression:
    """The field of ``/source/``."""
    pattern = encode_text(source, encoding)
    try:
        compiled = re.compile(pattern, re.DOTALL)
        re.compile(rb"(?:%s)" % pattern, re.DOTALL)  # flags such as (?i) stand only at the start
    except (re.error, OverflowError, RecursionError) as error:
        raise SpecError(f"/{source}/ is not a regular expression: {error}") from None
    if compiled.groups:
        raise SpecError(
            f"/{source}/ has a group; write (?:...), for the field is all of what matches, "
            r"and what stands around it is a field of its own: {_:/T=/}{:/\d+/}"
        )
    return Expression(encoding, source, compiled)
