"""Program messages: IEEE 488.2-1992, section 7 (separators), and SCPI-1999, 6.2.4 (the header's path)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Unit(NamedTuple):
    """One command of a message: its whole header, without a leading colon, and its parameters as typed."""

    header: str
    parameters: list[str]


def units(message: str) -> Iterator[Unit]:
    """Cut a message into its commands, each with its header in full.

    A header without a colon in front goes on from the node that the last one ended under; one with a colon
    begins at the root, and a common command (``*…``) leaves the path where it is.

    >>> [unit.header for unit in units("SOUR:VOLT:RANG 2;ILIM 0.1;*CLS;ILIM:TRIP?;:OUTP ON;VOLT?")]
    ['SOUR:VOLT:RANG', 'SOUR:VOLT:ILIM', '*CLS', 'SOUR:VOLT:ILIM:TRIP?', 'OUTP', 'VOLT?']
    """
    path = ""
    for text in filter(str.strip, split(message, ";")):
        header, *rest = text.split(None, 1)
        parameters = [part.strip() for part in split(rest[0], ",")] if rest else []
        if header.startswith("*"):
            yield Unit(header, parameters)
            continue
        whole = header[1:] if header.startswith(":") else path + header
        path = whole[: whole.rfind(":") + 1]
        yield Unit(whole, parameters)


def split(text: str, separator: str) -> list[str]:
    """Split where a separator stands outside quotes and parentheses.

    >>> split('"a;b";(@1,2);c', ";")
    ['"a;b"', '(@1,2)', 'c']
    """
    parts, quote, depth = [""], "", 0
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        else:
            depth += (letter == "(") - (letter == ")")
        if letter == separator and not quote and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
