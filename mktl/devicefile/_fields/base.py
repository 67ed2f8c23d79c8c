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
    @abstractmethod
    def pattern(self) -> bytes:
        """A regular expression for bytes, without groups, that what the field reads must match."""

    @property
    @abstractmethod
    def expected(self) -> str:
        """What the field reads, in the words of an error: "a decimal number"."""

    @abstractmethod
    def encode(self, value: object) -> bytes:
        """The bytes for *value*."""

    @abstractmethod
    def decode(self, raw: bytes) -> object:
        """The value of *raw*."""

    def placed(self, place: Place) -> Converter:
        """The same field, knowing what stands beside it."""
        return self


@dataclass(frozen=True, slots=True)
class Place:
    """What stands beside a field."""

    #: Fields that may stand directly before and after it, with no literal between.
    left: tuple[Converter, ...] = ()
    right: tuple[Converter, ...] = ()
    #: Literals of which one must follow; empty when something else may.
    stops: tuple[bytes, ...] = ()
    #: Nothing can follow but the end.
    last: bool = False

    @property
    def touches(self) -> bool:
        """True when another field may stand directly beside this one."""
        return bool(self.left or self.right)

    @property
    def rest_pattern(self) -> bytes:
        """Everything up to the first of the stops: it gives nothing back, so a long bad reply costs little."""
        if not self.stops:
            return rb".*+" if self.last else rb".*?"
        if all(len(stop) == 1 for stop in self.stops):
            return rb"[^%s]*+" % b"".join(map(re.escape, self.stops))
        return rb"(?:(?!%s).)*+" % b"|".join(map(re.escape, self.stops))

    def check_rest(self, data: bytes) -> None:
        """Refuse *data* that would be read back short, for a stop begins within it."""
        for stop in self.stops:
            if (data + stop).find(stop) != len(data):
                raise ItemValueError(f"takes nothing with {quoted(stop)} in it, got {shown(data)}")


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
