"""How values are printed: bare or with their key, with or without units and times, formatted or not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import click

from .texts import plain, timestamp
from .values import Reading


@dataclass(frozen=True, slots=True)
class View:
    """What a person wants to see of a reading; None is whatever suits the rest."""

    #: Only the value.
    terse: bool = False
    timestamps: bool | None = None
    units: bool | None = None
    #: The value as the daemon holds it, in its own units, not as the item formats it.
    unformatted: bool = False

    @property
    def has_units(self) -> bool:
        """Whether units are shown; not in terse output, unless they are asked for."""
        return self.units if self.units is not None else not self.terse

    def check(self, *, as_json: bool) -> None:
        """Refuse what would have no effect.

        Raises:
            click.UsageError: JSON has everything in its fields already.
        """
        if as_json and self != View():
            raise click.UsageError(
                "--json has values, units and times in fields of their own; "
                "leave out --terse, --timestamps, --units and --unformatted"
            )

    def of(self, reading: Reading) -> Reading:
        """*reading* with the text and the units that are to be seen."""
        if self.unformatted and reading.value is not None:
            reading = replace(reading, formatted=_bare(reading.value), formatted_units=reading.units)
        return reading if self.has_units else replace(reading, units="", formatted_units="")

    def line_of(self, reading: Reading, *, when: float | None = None) -> str:
        """One line for a pipe; *when*, UNIX seconds, stands before it unless that is None.

        >>> temp = Reading("lab.temp", 77.351, "77.35", "K", "K")
        >>> View().line_of(temp), View(terse=True, unformatted=True).line_of(temp)
        ('lab.temp = 77.35 K', '77.351')
        """
        seen = self.of(reading)
        line = seen.shown if self.terse else seen.as_line()
        return line if when is None else f"{timestamp(when)} {line}"


def _bare(value: object) -> str:
    """Floats as Python writes them, which has NaN and infinities; the rest as anywhere."""
    return repr(value) if isinstance(value, float) else plain(value)
