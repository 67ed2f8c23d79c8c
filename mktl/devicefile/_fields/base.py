"""What every kind of field can do: write a value as bytes, and read it back."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from ...errors import ItemValueError

#: What keeps a field from ending by itself: more digits, or more of anything.
Openness = Literal["number", "text"]


class SpecError(ValueError):
    """What stands in a placeholder makes no sense; whoever knows the place makes a TemplateError of it."""


class DecodeError(ValueError):
    """Bytes of the right form that are no value all the same; *at* counts from the first of the field."""

    def __init__(self, at: int) -> None:
        super().__init__(f"no value at byte {at + 1}")
        self.at = at


def error_offset(error: ValueError) -> int:
    """How far into a field its bytes stop making sense."""
    if isinstance(error, UnicodeDecodeError):
        return error.start
    return error.at if isinstance(error, DecodeError) else 0


class Converter(ABC):
    """One field's way between a value and bytes; immutable.

    ``encode`` raises ItemTypeError or ItemValueError with a text that continues the name of the field:
    "takes a whole number, got 5.5". ``decode`` gets only bytes that match ``pattern`` and raises ValueError
    for those that still are no value.
    """

    #: What a field of this kind is called in :class:`~mktl.devicefile.template.Field`.
    kind: str
    #: The field always begins with a plus or a minus sign when it is written.
    signed: bool = False

    @property
    def default(self) -> object:
        """What a skipped field is written as; None where nothing plain can be found."""
        return 0

    @property
    def size(self) -> int | None:
        """Length in bytes, None when it varies."""
        return None

    @property
    def open(self) -> Openness | None:
        """What there could be more of, when only something else can tell where the field ends."""
        return None

    @property
    def alphabet(self) -> frozenset[int] | None:
        """The bytes that may stand in it; None when that is not known."""
        return None

    @property
    @abstractmethod
    def pattern(self) -> bytes:
        """A regular expression for bytes, without groups, that what the field reads must match."""

    @property
    @abstractmethod
    def expected(self) -> str:
        """What the field reads, in the words of an error: "a decimal number"."""

    @abstractmethod
    def encode(self, value: object, /) -> bytes:
        """The bytes for *value*."""

    @abstractmethod
    def decode(self, raw: bytes, /) -> object:
        """The value of *raw*."""

    def placed(self, _place: Place, /) -> Converter:
        """The same field, knowing what stands beside it."""
        return self


@dataclass(frozen=True, slots=True)
class Place:
    """What stands beside a field."""

    #: Fields that may stand directly before and after it, with no literal between.
    left: tuple[Converter, ...] = ()
    right: tuple[Converter, ...] = ()
    #: Literals that end it: one of them follows, or the end. Empty when anything else may follow.
    stops: tuple[bytes, ...] = ()
    #: Further bytes that cannot stand in it: the separator of an array.
    excluded: tuple[bytes, ...] = ()
    #: Nothing can follow but the end.
    last: bool = False

    @property
    def touches(self) -> bool:
        """True when another field may stand directly beside this one."""
        return bool(self.left or self.right)

    @property
    def rest_pattern(self) -> bytes:
        """Everything up to where the field must end.

        Where that is known the pattern gives nothing back, so that a long bad reply costs no more than a
        good one.
        """
        never = self.stops + self.excluded
        byte = b"."
        if never and all(len(end) == 1 for end in never):
            byte = rb"[^%s]" % b"".join(map(re.escape, never))
        elif never:
            byte = rb"(?:(?!%s).)" % b"|".join(map(re.escape, never))
        return byte + (b"*+" if self.stops or self.last else b"*?")

    def check_rest(self, data: bytes) -> None:
        """Refuse *data* that would be read back short, for what ends the field begins within it."""
        for end in self.stops + self.excluded:
            if (data + end).find(end) != len(data):
                raise ItemValueError(f"takes nothing with {quoted(end)} in it, got {shown(data)}")


def shown(value: object) -> str:
    """*value* for an error: its repr, cut where it gets long.

    >>> shown("x" * 100)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."
    """
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def quoted(data: bytes) -> str:
    r"""Bytes as an error shows them, without the b of Python.

    >>> print(quoted(b"\x06\r\n"))
    '\x06\r\n'
    """
    return repr(data)[1:]


#: Nothing known of what stands beside.
ALONE = Place()
