"""``mark decode``: what some Modbus registers are in every type and order."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from typing import Any

import click

from ..devicefile.register import ORDERS, WORDS, Place, Register
from ..devicefile.words import decode
from ..errors import ItemValueError
from .endings import OK
from .reach import on_terminal, print_json
from .texts import json_safe, printable

MOST = 0xFFFF
_PLACE = Place("holding", 0)
_HEX_RUN = re.compile(r"(?:[0-9A-Fa-f]{4})+")
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9A-Fa-f]+|0[bB][01]+|[0-9]+)")


def run(texts: Sequence[str], *, as_json: bool = False) -> int:
    """Print what *texts*, one register each or a run of hex digits, may stand for; the exit code."""
    words = registers(texts)
    rows = list(readings(words))
    if as_json:
        print_json(
            [
                {"type": kind, **dict(zip(ORDERS, map(json_safe, values), strict=True))}
                for kind, values in rows
            ]
        )
        return OK
    click.echo(f"registers\t{' '.join(f'{word:04x}' for word in words)}")
    click.echo(f"bits\t\t{' '.join(f'{word:016b}' for word in words)}")
    cells = [(kind, *map(_shown, values)) for kind, values in rows]
    if on_terminal():
        from . import tables

        tables.show(tables.columns(("type", *ORDERS), cells))
    else:
        for row in (("type", *ORDERS), *cells):
            click.echo("\t".join(row))
    return OK


def registers(texts: Sequence[str]) -> list[int]:
    """The words, each 0..65535: hex, decimal or binary; or a run of hex digits, four to a register.

    Digits alone are decimal as long as a register can hold the number, and none beside them is in hex
    without saying so. A negative number is its two's complement.

    >>> registers(["0x41A0", "0"]), registers(["41a00000"]), registers(["-1", "0b101"])
    ([16800, 0], [16800, 0], [65535, 5])
    >>> registers(["41a0", "1000"]) == registers(["41a01000"])
    True

    Raises:
        click.UsageError: One is no register.
    """
    parts = [part for given in texts for part in given.replace(",", " ").split()]
    in_hex = any(_HEX_RUN.fullmatch(part) and not part.isdecimal() for part in parts)
    words: list[int] = []
    for part in parts:
        number = _number(part)
        if number is not None and not (in_hex and _HEX_RUN.fullmatch(part)):
            words.append(number)
        elif _HEX_RUN.fullmatch(part):
            words += [int(part[at : at + 4], 16) for at in range(0, len(part), 4)]
        else:
            raise click.UsageError(
                f"{part!r} is no register: 0x41A0, 16800, 0b0100000110100000, or a run of hex digits, "
                "four to a register"
            )
    if not words:
        raise click.UsageError("which registers? for example 0x41A0 0x0000")
    return words


def _number(text: str) -> int | None:
    """The register of a number in print; None for what is none, or does not fit one."""
    if not _NUMBER.fullmatch(text):
        return None
    number = int(text, 0 if text.lstrip("+-")[:2].lower() in ("0x", "0b") else 10)
    return number & MOST if -0x8000 <= number <= MOST else None


def readings(words: Sequence[int]) -> Iterator[tuple[str, list[Any]]]:
    """Each type that fits so many words, with the value in each order; None where there is none."""
    for kind, size in WORDS.items():
        if kind == "string":
            yield (
                kind,
                [_decoded(Register(_PLACE, kind, order, length=2 * len(words)), words) for order in ORDERS],
            )
        elif kind != "bool" and len(words) % size == 0:
            count = len(words) // size
            yield kind, [_decoded(Register(_PLACE, kind, order, count=count), words) for order in ORDERS]


def _decoded(register: Register, words: Sequence[int]) -> Any:
    try:
        return decode(register, words)
    except ItemValueError:  # digits that are none, in BCD
        return None


def _shown(value: Any) -> str:
    r"""A value for a table; floats with the digits that they have.

    >>> _shown(20.0), _shown([1, 2]), _shown("A\x01"), _shown(None)
    ('20', '1, 2', "'A\\x01'", '-')
    """
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, str):
        return f"'{printable(value)}'" if value.strip(string.whitespace) else "-"
    return f"{value:.9g}" if isinstance(value, float) else str(value)
