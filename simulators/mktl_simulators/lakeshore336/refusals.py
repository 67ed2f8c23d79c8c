"""Lake Shore 336 refusals: user's manual, section 6.2.5 (event register), and how arguments are read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .control_loop import Output
from .instrument import Instrument
from .sensors import Input


class RefusedError(Exception):
    """The instrument does not do this; *bits* go to its event register."""

    bits = 0


class CommandError(RefusedError):
    """Not a command: an unknown word, too few or too many arguments, or letters for a number."""

    bits = 1 << 5


class ExecutionError(RefusedError):
    """A command, but not one that can be carried out: a value out of range."""

    bits = 1 << 4


def take(fields: Sequence[str], count: int) -> Sequence[str]:
    """The arguments, when there are as many as the command has."""
    if len(fields) != count:
        raise CommandError(f"{count} arguments, got {len(fields)}")
    return fields


def number(text: str, least: float, most: float) -> float:
    """A number within limits."""
    try:
        value = float(text)
    except ValueError:
        raise CommandError(text) from None
    if not math.isfinite(value):
        raise CommandError(text)
    if not least <= value <= most:
        raise ExecutionError(text)
    return value


def choice(text: str, least: int, most: int) -> int:
    """A whole number within limits."""
    value = number(text, least, most)
    if value != int(value):
        raise ExecutionError(text)
    return int(value)


def which_input(instrument: Instrument, letter: str) -> Input:
    """The input of this letter."""
    try:
        return instrument.inputs[letter.strip().upper()]
    except KeyError:
        raise ExecutionError(letter) from None


def which_output(instrument: Instrument, text: str, among: Sequence[int] = (1, 2, 3, 4)) -> Output:
    """The output of this number, if the command is for it."""
    at = choice(text, 1, 4)
    if at not in among:
        raise ExecutionError(text)
    return instrument.outputs[at]
