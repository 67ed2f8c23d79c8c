"""A template's source, read into parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import TemplateError
from .base import Converter, SpecError
from .block import Block
from .checksums import Checksum, read_checksum
from .compound import Constant
from .escapes import encode_text, read_escape
from .spec import read_spec, set_end
from .text import Anything

#: What the name of another item's value begins with.
ITEM = "item."
#: How many optional parts may stand in each other: far more than any reply has, far less than Python's stack.
_DEEPEST = 20
#: A field's name: anonymous, an identifier, or another item's.
_NAME = re.compile(r"(?:item\.[A-Za-z0-9_][A-Za-z0-9_.\-]*|[A-Za-z_][A-Za-z0-9_]*|)")
_EXPRESSION_END = re.compile(r"(?:[^\\]|\\.)*?/(?=\})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that must come as they are."""

    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Slot:
    """A field, and how its bytes are written and read."""

    at: int
    name: str
    spec: str
    converter: Converter
    #: Bit fields that share the bytes of this one, which is then but a place for them.
    members: tuple[Slot, ...] = ()

    @property
    def is_skipped(self) -> bool:
        """True for a field whose value nobody gets: ``{_:f}`` and constants."""
        return self.name.startswith("_")

    @property
    def placeholder(self) -> str:
        """The field as the template has it."""
        if self.members:
            return "".join(member.placeholder for member in self.members)
        return f"{{{self.name}:{self.spec}}}" if self.spec else f"{{{self.name}}}"


@dataclass(frozen=True, slots=True)
class Sum:
    """A checksum over all that stands before it."""

    at: int
    checksum: Checksum

    @property
    def placeholder(self) -> str:
        """The checksum as the template has it."""
        return f"{{#{self.checksum.spec}}}"


@dataclass(frozen=True, slots=True)
class Option:
    """Parts that may be absent together."""

    at: int
    parts: tuple[Part, ...]


Part = Literal | Slot | Sum | Option


def scan(source: str, encoding: str) -> tuple[Part, ...]:
    """The parts of *source* in order; neighbouring literal characters are one part.

    Raises:
        TemplateError: Something that is no template, with its place.
    """
    return _Scanner(source, encoding).parts()


class _Scanner:
    """Walks over a source once; *pos* is the next character."""

    def __init__(self, source: str, encoding: str) -> None:
        self.source, self.encoding, self.pos = source, encoding, 0
        self._depth = 0

    def parts(self, option_at: int | None = None) -> tuple[Part, ...]:
        """Everything up to the end, or up to the ``?}`` of the option that began at *option_at*."""
        parts: list[Part] = []
        while self.pos < len(self.source):
            if option_at is not None and self.source.startswith("?}", self.pos):
                self.pos += 2
                return tuple(parts)
            part = self._part(in_option=option_at is not None)
            if isinstance(part, Literal) and parts and isinstance(before := parts[-1], Literal):
                parts[-1] = Literal(before.at, before.data + part.data)
            else:
                parts.append(part)
        if option_at is not None:
            raise self._error(
                option_at, "the optional part that begins here has no end; it is like {?, {b:d}?}"
            )
        return tuple(parts)

    def _part(self, *, in_option: bool) -> Part:
        start = self.pos
        two = self.source[start : start + 2]
        if two in ("{{", "}}"):
            self.pos += 2
            return Literal(start, two[:1].encode("ascii"))
        if two == "{?":
            return self._option(start)
        if two == "{#":
            return self._sum(start, in_option=in_option)
        if two[0] == "{":
            return self._slot(start, in_option=in_option)
        if two[0] == "}":
            raise self._error(start, "a '}' closes nothing here; the character itself is written '}}'")
        return Literal(start, self._byte(start))

    def _option(self, start: int) -> Option:
        self.pos += 2
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(start, f"optional parts stand in each other at most {_DEEPEST} deep")
        parts = self.parts(option_at=start)
        self._depth -= 1
        return Option(start, parts)

    def _byte(self, start: int) -> bytes:
        try:
            if self.source[start] == "\\":
                data, self.pos = read_escape(self.source, start)
                return data
            self.pos += 1
            return encode_text(self.source[start], self.encoding)
        except SpecError as error:
            raise self._error(start, str(error)) from None

    def _sum(self, start: int, *, in_option: bool) -> Sum:
        if in_option:
            raise self._error(
                start, "a checksum cannot stand in an optional part, for it covers all before it"
            )
        spec = self._up_to_brace(start, start + 2)
        try:
            return Sum(start, read_checksum(spec))
        except SpecError as error:
            raise self._error(start, str(error)) from None

    def _slot(self, start: int, *, in_option: bool) -> Slot:
        colon = self.source.find(":", start)
        brace = self.source.find("}", start)
        if colon < 0 or 0 <= brace < colon:
            return self._bare(start)
        name = self.source[start + 1 : colon]
        if not _NAME.fullmatch(name):
            raise self._error(
                start,
                f"'{name}' is not a field's name; fields are like {{status1:d}}, {{:f}} or {{item.other:f}}",
            )
        spec = self._spec(start, colon + 1)
        try:
            converter = read_spec(spec, self.encoding)
        except SpecError as error:
            raise self._error(start, str(error)) from None
        slot = Slot(start, name, spec, converter)
        if isinstance(converter, Constant) and not slot.is_skipped:
            raise self._error(start, f"a constant carries no value; name it {{_{name}:{spec}}}")
        if isinstance(converter, Block) and in_option:
            raise self._error(
                start, "a block cannot stand in an optional part, for its header says where it ends"
            )
        return slot

    def _bare(self, start: int) -> Slot:
        """A placeholder without a colon: only another item's value may do without a format."""
        name = self._up_to_brace(start, start + 1)
        if name.startswith(ITEM) and _NAME.fullmatch(name):
            return Slot(start, name, "", Anything(self.encoding))
        like = name if _NAME.fullmatch(name) and name else "name"
        raise self._error(
            start,
            f"unknown parameter '{name}'; a field has a format, like {{{like}:f}} or {{{like}:s}}, "
            f"another item's value is {{item.{like}}}",
        )

    def _spec(self, start: int, at: int) -> str:
        """What stands from *at* to the brace that closes; sets and expressions may have braces in them."""
        if self.source.startswith("/", at):
            found = _EXPRESSION_END.match(self.source, at + 1)
            if found is None:
                raise self._error(start, "the regular expression has no end; it is like {:/[0-9]+/}")
            end = found.end()
        elif self.source.startswith("[", at):
            end = set_end(self.source, at)
            if end < 0:
                raise self._error(start, "the character set has no end; it is like {:[A-Z]} or {:[^,]}")
        else:
            end = at
        return self.source[at:end] + self._up_to_brace(start, end)

    def _up_to_brace(self, start: int, at: int) -> str:
        end = self.source.find("}", at)
        if end < 0 or "{" in self.source[at:end]:
            raise self._error(start, "a '{' without its '}'; the character itself is written '{{'")
        self.pos = end + 1
        return self.source[at:end]

    def _error(self, at: int, message: str) -> TemplateError:
        return TemplateError(self.source, at, message)
