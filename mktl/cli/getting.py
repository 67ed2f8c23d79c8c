"""``mark get``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from .asking import Job
from .endings import Failures
from .names import Name, parse_all
from .reach import ask, expand, finish, item_of, no_answer, on_terminal, print_json
from .values import Reading, read_of
from .viewing import View


def run(
    names: Sequence[str],
    store: str | None,
    *,
    failures: Failures,
    everything: bool = False,
    refresh: bool = False,
    serial: bool = False,
    timeout_s: float | None = None,
    unit: str | None = None,
    as_json: bool = False,
    **looks: Any,
) -> int:
    """Print the values of *names*, with the *looks* of a :class:`View`; the exit code."""
    view = View(**looks)
    view.check(as_json=as_json)
    wanted = expand(
        parse_all(names, store), failures, everything=everything, readable=True, timeout_s=timeout_s
    )
    one = partial(read, refresh=refresh, timeout_s=timeout_s, unit=unit)
    jobs = [Job(str(name), partial(one, name), no_answer(str(name))) for name in wanted]
    readings = [reading for _, reading in ask(jobs, failures, serial=serial, timeout_s=timeout_s)]
    show(readings, as_json=as_json, view=view)
    return finish(failures)


def read(
    name: Name, *, refresh: bool = False, timeout_s: float | None = None, unit: str | None = None
) -> Reading:
    """Ask the daemon for one item; with *refresh*, have it ask the hardware."""
    item = item_of(name, timeout_s=timeout_s)
    item.get(refresh=refresh)
    return read_of(item, unit)


def show(readings: Sequence[Reading], *, as_json: bool, view: View = View()) -> None:  # noqa: B008 - frozen
    """Print *readings* the way that whoever reads stdout likes them."""
    if as_json:
        print_json([reading.as_json() for reading in readings])
    elif on_terminal() and not view.terse:
        if readings:
            from . import tables

            seen = [view.of(reading) for reading in readings]
            tables.show(tables.readings(seen, has_times=bool(view.timestamps)))
    else:
        for reading in readings:
            click.echo(view.line_of(reading, when=reading.time if view.timestamps else None))
