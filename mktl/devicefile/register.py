"""Where a value stands in the registers of a Modbus device. Plain values, and how they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Table = Literal["coil", "discrete", "input", "holding"]

TABLES: tuple[Table, ...] = ("coil", "discrete", "input", "holding")
#: Types of values, with the registers that one takes; a string has a length of its own.
WORDS = {
    "bool": 1,
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "int64": 4,
    "uint64": 4,
    "float32": 2,
    "float64": 4,
    "bcd16": 1,
    "bcd32": 2,
    "string": 0,
}
#: ABCD has the high byte and the high word first, as the specification has it.
ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
#: Functions that write, with the table that they write to.
WRITE_FUNCTIONS: dict[int, Table] = {5: "coil", 6: "holding", 15: "coil", 16: "holding", 22: "holding"}

_PLACE = re.compile(r"(?P<table>coil|discrete|input|holding)s?\s+(?P<address>0[xX][0-9A-Fa-f]+|[0-9]+)")
# As manuals print them: one digit for the table, and the number of the register, which counts from 1.
_PRINTED = re.compile(r"(?P<table>[0134])(?P<number>[0-9]{4,5})")
_BY_DIGIT: dict[str, Table] = {"0": "coil", "1": "discrete", "3": "input", "4": "holding"}

HIGHEST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Place:
    """One register or bit of a device; the address is the one on the wire, from 0."""

    table: Table
    address: int

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place of *text*: ``"holding 1"``, ``"coil 0x0200"``, or as manuals print it, ``"40002"``.

        Raises:
            ValueError: It names none; the text says what would.

        >>> Place.parse("40002") == Place.parse("holding 1")
        True
        """
        found = _PLACE.fullmatch(text.strip())
        if found:
            table: Table = found["table"]  # type: ignore[assignment]
            address = int(found["address"], 0) if found["address"][1:2] in "xX" else int(found["address"])
        else:
            printed = _PRINTED.fullmatch(text.strip())
            if not printed or not int(printed["number"]):
                raise ValueError('expected a table and an address, "holding 1", or as printed, "40002"')
            table, address = _BY_DIGIT[printed["table"]], int(printed["number"]) - 1
        if address > HIGHEST:
            raise ValueError(f"addresses go to {HIGHEST}, not {address}")
        return cls(table, address)

    def __str__(self) -> str:
        return f"{self.table} {self.address}"


@dataclass(frozen=True, slots=True)
class Register:
    """A value in one or several registers, and how it is written."""

    place: Place
    #: One of :data:`WORDS`.
    type: str = "uint16"
    #: One of :data:`ORDERS`.
    order: str = "ABCD"
    #: How many values, for an array.
    count: int = 1
    #: Characters of a string.
    length: int = 0
    #: One bit of the value, from 0, as a boolean.
    bit: int | None = None
    #: Has the power of ten that the value is to be multiplied with.
    scale_place: Place | None = None
    #: Where it is written, when that is elsewhere.
    write_place: Place | None = None
    #: One of :data:`WRITE_FUNCTIONS`; None: the shortest that can write it.
    write_function: int | None = None
    #: Written again this often, for devices that want to hear that somebody is there; None: never.
    rewrite_s: float | None = None
    #: True when to write it twice is the same as once, so that it may be written again after no answer.
    repeatable: bool = False

    @property
    def width(self) -> int:
        """How many registers, or bits of a table of bits, it takes.

        >>> Register(Place("holding", 0), "float32", count=3).width
        6
        """
        if self.place.table in ("coil", "discrete"):
            return self.count
        return (self.length + 1) // 2 if self.type == "string" else WORDS[self.type] * self.count
