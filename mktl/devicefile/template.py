r"""Templates: one line of text that formats a command from values and parses a reply into values.

A driver formats commands and parses replies; a simulator uses the same template the other way round.

====================================  ================================================================
literals                              any text; ``\r \n \t \0 \\ \xNN``; ``{{`` and ``}}`` for braces
``{:.4f} {p1:e} {:g}``                decimal numbers; ``{:.3f,}`` with a decimal comma
``{:d} {:03d} {:+d} {:02X} {:o}``     whole numbers in print
``{:s} {:15s} {:q} {:[A-Z0-9]}``      text: to the next literal, of 15 bytes, in "quotes", of a set
``{:OFF=0|ON=1} {:off=0|on=1/i}``     words for values; with ``/i`` in any case
``{:u8} {:i32le} {:sm16} {:bcd2}``    raw bytes, big-endian but for ``le``; ``{:bytes8}`` as they are
``{:hex4} {:ihex4}``                  exactly so many hex digits, unsigned or in two's complement
``{a:bits3}{_:bits5=0}``              bits of the same byte, the highest first
``{:block} {:block i16le}``           an IEEE 488.2 block: bytes, or an array of numbers
``{:f|OFF|LO<E-11}``                  a number, or one of these words as text
``{_:f} {_why:s}``                    skipped: read and dropped, written as something plain
``{_status:u8=100}``                  a constant: must come, is always written
``{item.other:.1f}``                  the value of another item
``{#sum8} {#crc16modbus}``            a checksum over all before it; ``{#xor8,hex,from=1}``
``{?, {unit:s}?}``                    an optional part
``{:f*,} {:f*6,} {:u16le*8}``         a list with a separator, of six; of eight raw numbers
``{:/[a-z]+/}``                       what a regular expression matches
====================================  ================================================================

Reading is liberal where writing is exact: any of the float formats reads any decimal number, blanks may stand
before a number and behind its sign, hex digits may be of either case. A number with a width that touches
another field takes exactly its width: ``{a:02x}{b:02x}``.

>>> reply = Template.compile(r"{status1:d},{p1:e}\r\n")
>>> reply.parse(b"0,8.1500E-05\r\n")
{'status1': 0, 'p1': 8.15e-05}
>>> Template.compile("SETP 1,{:.4f}").format({VALUE: 20.5})
b'SETP 1,20.5000'
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..errors import TemplateError, TemplateMismatchError
from ._fields.base import error_offset
from ._fields.compound import Constant
from ._fields.departure import find_departure
from ._fields.dissection import Dissection, dissect, usual_length
from ._fields.extent import block_offset, control_tail, fixed_length, has_block, measured
from ._fields.layout import grouped, lay_out, pattern_of, single
from ._fields.scan import ITEM, Part, Slot, Sum, scan
from ._fields.sentinel import NumberOrWord, spec_with
from ._fields.words import Words
from ._fields.writing import write

#: The name of the anonymous field, ``{:f}``.
VALUE = ""
# UTF-7 writes a plus as two bytes, IDNA no point at all, UTF-16 everything as two.
_PLAIN = "A0,+."
_BARE = re.compile(r"\{\{|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Field:
    """One placeholder of a template."""

    #: "" is the value; "status1" a field by name; "_..." is skipped in parsing; "item.other" another item's
    #: value; "#" a checksum.
    name: str
    #: "float", "int", "text", "word", "bytes", "array", "any" or "checksum".
    kind: str
    #: As written after the colon, or after the "#".
    spec: str
    #: What the words of a "word" stand for, or those that may stand for a number, in the order of the file.
    values: tuple[int | float | str, ...] = ()
    #: Something plain that it takes, as a simulator may need; None where nothing can be found.
    plain: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class _Reader:
    """One group of the regular expression and what is done with it; a name of None drops the value."""

    group: int
    name: str | None
    slot: Slot
    decode: Callable[[bytes], object]


@dataclass(frozen=True, slots=True, repr=False)
class Template:
    """A template, understood: immutable, equal to any other of the same source and encoding.

    Raises:
        TemplateError: The source is no template; the text says where, and what would be right.
    """

    source: str
    encoding: str = "ascii"
    fields: tuple[Field, ...] = field(init=False, compare=False)
    _parts: tuple[Part, ...] = field(init=False, compare=False)
    #: None where the length of a block makes it another one for every reply.
    _regex: re.Pattern[bytes] | None = field(init=False, compare=False)
    _readers: tuple[_Reader, ...] = field(init=False, compare=False)
    _sums: tuple[tuple[int, Sum], ...] = field(init=False, compare=False)

    @classmethod
    def compile(cls, source: str, *, encoding: str = "ascii") -> Template:
        """The template of *source*, as it stands in a device file.

        Args:
            source: Literals and placeholders; the table is at the top of this module.
            encoding: Of its literals, text and words: any in which ASCII is one byte a character.

        Raises:
            TemplateError: The source is no template.
        """
        return cls(source, encoding)

    def __post_init__(self) -> None:
        _check_encoding(self.source, self.encoding)
        parts = lay_out(self.source, scan(self.source, self.encoding))
        groups = grouped(parts)
        fields = single(parts)
        _check_names(self.source, fields)
        readers = [
            _reader(number, one)
            for number, slot in enumerate(groups, 1)
            if isinstance(slot, Slot)
            for one in slot.members or (slot,)
        ]
        filled = {
            "fields": tuple(map(_field, fields)),
            "_parts": parts,
            "_regex": None if has_block(parts) else _compiled(parts),
            "_readers": tuple(reader for reader in readers if reader is not None),
            "_sums": tuple((number, part) for number, part in enumerate(groups, 1) if isinstance(part, Sum)),
        }
        for name, value in filled.items():
            object.__setattr__(self, name, value)

    def format(self, values: Mapping[str, object]) -> bytes:
        """The bytes for *values*.

        Args:
            values: By the name of the field: :data:`VALUE` for the anonymous one, ``item.other`` for another
                item's. More than the template needs do no harm. A skipped field may have one, too.

        Raises:
            ItemValueError: A value is missing, or is none that the field can express.
            ItemTypeError: A value of another type than the field's.

        >>> Template.compile("RANGE 1,{:OFF=0|ON=1}").format({VALUE: 1})
        b'RANGE 1,ON'
        """
        return write(self._parts, values)

    def parse(self, raw: bytes) -> dict[str, object]:
        """The values in *raw*, all of which must match.

        Fields of an optional part that is absent are missing from the result.

        Raises:
            TemplateMismatchError: Bytes of another form, a constant of another value, a wrong checksum.

        >>> Template.compile("1TP{:f}").parse(b"1TP5.25")
        {'': 5.25}
        """
        parts: Sequence[Part] = self._parts
        regex = self._regex
        if regex is None:
            parts = measured(parts, raw)
            regex = _compiled(parts)
        match = regex.fullmatch(raw)
        if match is None:
            raise TemplateMismatchError(raw, *find_departure(parts, raw))
        values: dict[str, object] = {}
        for reader in self._readers:
            found = match[reader.group]
            if found is None:
                continue
            try:
                value = reader.decode(found)
            except ValueError as error:
                at = match.start(reader.group) + error_offset(error)
                raise TemplateMismatchError(raw, at, reader.slot.converter.expected) from None
            if reader.name is not None:
                values[reader.name] = value
        for group, part in self._sums:
            _verify(part, raw, match.start(group), match[group])
        return values

    def dissect(self, raw: bytes) -> Dissection:
        """How *raw* is taken apart, as far as it fits; for people, :meth:`parse` is for programs.

        >>> found = Template.compile("{p:f},{s:d}").dissect(b"8.15,x")
        >>> [(piece.source, piece.value) for piece in found.pieces], found.stopped
        ([('{p:f}', 8.15), ("','", None)], (5, 'a whole number'))
        """
        pieces = dissect(measured(self._parts, raw), raw)
        try:
            self.parse(raw)
        except TemplateMismatchError as error:
            return Dissection(pieces, (error.at, error.expected))
        return Dissection(pieces)

    @property
    def usual_length(self) -> int:
        """How many bytes it comes to, or usually does where fields have no certain length.

        >>> Template.compile("KRDG? A").usual_length, Template.compile("{a:u8}{b:u16}{#crc8}").usual_length
        (7, 4)
        """
        return usual_length(self._parts)

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that carry a value, "" for the anonymous one; skipped ones and other items' are none."""
        return tuple(
            f.name for f in self.fields if f.name[:1] not in ("_", "#") and not f.name.startswith(ITEM)
        )

    @property
    def item_references(self) -> tuple[str, ...]:
        """Keys of the other items whose values stand in the template."""
        return tuple(f.name.removeprefix(ITEM) for f in self.fields if f.name.startswith(ITEM))

    @property
    def is_constant(self) -> bool:
        """True without a single field."""
        return not self.fields

    @property
    def fixed_length(self) -> int | None:
        r"""How many bytes match, where that is always the same number; None where it varies.

        >>> Template.compile(r"\x02\x01{_status:u8=100}\x06{:i32}{#sum8}").fixed_length
        9
        """
        return fixed_length(self._parts)

    @property
    def tail(self) -> bytes:
        r"""The control characters that end it, where these stand nowhere else in it; for who cuts replies.

        >>> Template.compile(r"{a:d},{b:d}\r\n").tail, Template.compile(r"{a:d}\n{b:d}\n").tail
        (b'\r\n', b'')
        """
        return control_tail(self._parts)

    @property
    def block(self) -> int | None:
        """Where an IEEE 488.2 block begins, for :func:`~mktl.devicefile.blocks.block_end`.

        None without a block, or where what stands before it has no fixed length.

        >>> Template.compile(":CURV {:block i16}").block
        6
        """
        return block_offset(self._parts)

    def with_words(self, name: str, words: Iterable[str]) -> Template:
        """The same template, in which the device may put one of *words* in the place of a number.

        Args:
            name: Of the field. One of text reads these words as it is, and raw bytes have no place for
                any: the template is then returned unchanged.
            words: Read as they stand, and written where the value is one of them.

        Raises:
            TemplateError: No such field, or a word that its encoding cannot express.

        >>> Template.compile("{:f} mbar").with_words("", ["LO<E-11"]).parse(b"LO<E-11 mbar")
        {'': 'LO<E-11'}
        """
        slot = next((s for s in single(self._parts) if isinstance(s, Slot) and s.name == name), None)
        if slot is None:
            known = ", ".join(repr(known) for known in self.names)
            raise TemplateError(self.source, 0, f"no field is named {name!r}; there are {known or 'none'}")
        spec = spec_with(slot.spec, slot.converter, words, self.encoding)
        end = slot.at + len(slot.placeholder)
        placeholder = replace(slot, spec=spec).placeholder
        return Template(self.source[: slot.at] + placeholder + self.source[end:], self.encoding)

    def __repr__(self) -> str:
        encoding = "" if self.encoding == "ascii" else f", encoding={self.encoding!r}"
        return f"Template({self.source!r}{encoding})"

    def __reduce__(self) -> tuple[type[Template], tuple[str, str]]:
        return Template, (self.source, self.encoding)


def fill(source: str, parameters: Mapping[str, object]) -> str:
    """Put *parameters* in the place of their ``{names}``, before the source is read as a template.

    Placeholders with a colon, names that are no parameter and ``{{`` stay as they are; a parameter may also
    stand within a placeholder. The text of a parameter goes in unchanged, so it may be a piece of template.

    >>> fill("KRDG? {input}", {"input": "A"}), fill("{:.{digits}f} {{input}}", {"digits": 3})
    ('KRDG? A', '{:.3f} {{input}}')
    """

    def replacement(found: re.Match[str]) -> str:
        name = found["name"]
        return str(parameters[name]) if name is not None and name in parameters else found[0]

    return _BARE.sub(replacement, source)


def _check_encoding(source: str, encoding: str) -> None:
    try:
        codecs.lookup(encoding)
        known = all(sign.encode(encoding) == sign.encode("ascii") for sign in _PLAIN)
    except (LookupError, ValueError):
        raise TemplateError(
            source, 0, f"'{encoding}' is not an encoding; there are ascii, latin-1, utf-8 …"
        ) from None
    if not known:
        raise TemplateError(
            source, 0, f"in '{encoding}' not each of {_PLAIN} is one byte; use ascii, latin-1, utf-8 …"
        )


def _check_names(source: str, fields: Sequence[Slot | Sum]) -> None:
    """Refuse a name that comes twice: parsing could keep only one of the values."""
    seen: set[str] = set()
    for slot in fields:
        if not isinstance(slot, Slot) or slot.is_skipped:
            continue
        if slot.name in seen:
            what = f"the field '{slot.name}'" if slot.name else "the field without a name"
            raise TemplateError(source, slot.at, f"{what} comes twice; {{_:{slot.spec}}} skips a value")
        seen.add(slot.name)


def _field(part: Slot | Sum) -> Field:
    if isinstance(part, Sum):
        return Field("#", "checksum", part.checksum.spec)
    converter = part.converter
    words = converter.words if isinstance(converter, NumberOrWord) else converter
    values = tuple(value for _, value in words.pairs) if isinstance(words, Words) else ()
    return Field(part.name, converter.kind, part.spec, values, converter.default)


def _compiled(parts: Iterable[Part]) -> re.Pattern[bytes]:
    return re.compile(b"".join(map(pattern_of, parts)), re.DOTALL)


def _reader(group: int, slot: Slot) -> _Reader | None:
    """What reads this slot; None for one that is skipped unseen."""
    if slot.is_skipped and not isinstance(slot.converter, Constant):
        return None
    return _Reader(group, None if slot.is_skipped else slot.name, slot, slot.converter.decode)


def _verify(part: Sum, raw: bytes, at: int, found: bytes) -> None:
    """Refuse a checksum that is not that of what stands before it."""
    checksum = part.checksum
    try:
        right = checksum.over(raw[:at])
    except ValueError:
        expected = f"hex digits up to {part.placeholder}"
        raise TemplateMismatchError(raw, min(at, checksum.skip), expected) from None
    if not checksum.agrees(right, found):
        expected = f"the checksum {checksum.spec} {checksum.told(right)}, not {checksum.told(found)}"
        raise TemplateMismatchError(raw, at, expected)
