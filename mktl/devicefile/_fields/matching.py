"""Text of certain characters, or by a regular expression."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import ItemValueError
from .base import Converter, SpecError, shown
from .escapes import encode_text, read_escape
from .text import CONTROLS, encode_any


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
