"""``mark set``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from ..errors import MktlError, OutcomeUnknownError
from .asking import Job
from .endings import Failures
from .names import Assignment, Name, parse_assignments
from .reach import ask, expand, finish, item_of, on_terminal, print_json
from .texts import json_safe, printable
from .typed import value_of
from .values import Reading, read_of

#: How long ``--no-wait`` stays: the request has left by then, and most refusals have come.
NO_WAIT_S = 0.3


@dataclass(frozen=True, slots=True)
class Done:
    """One set that was carried out, or sent."""

    assignment: Assignment
    value: Any
    #: What the daemon shows after it; None when it was not asked, or the item cannot be read.
    reading: Reading | None
    is_confirmed: bool

    @property
    def word(self) -> str:
        """What stands where no reading is known."""
        return "done" if self.is_confirmed else "sent"

    def as_line(self) -> str:
        """``KEY: set TEXT, now VALUE UNITS``; ``KEY: sent TEXT`` when nobody waited for it."""
        key, text = self.assignment.name, printable(self.assignment.text)
        if not self.is_confirmed:
            return f"{key}: sent {text}"
        if self.reading is None:
            return f"{key}: set {text}"
        remark = "" if self.reading.is_ok else f" ({self.reading.remark})"
        return f"{key}: set {text}, now {self.reading.shown}{remark}"

    def as_json(self) -> dict[str, Any]:
        """The fields of a reading, and ``set``: the value that was sent; ``confirmed``: the daemon did it."""
        fields = {"key": str(self.assignment.name)} if self.reading is None else self.reading.as_json()
        return {**fields, "set": json_safe(self.value), "confirmed": self.is_confirmed}


def run(
    assignments: Sequence[str],
    store: str | None,
    *,
    failures: Failures,
    no_wait: bool = False,
    serial: bool = False,
    timeout_s: float | None = None,
    as_json: bool = False,
    **meant: Any,
) -> int:
    """Carry out ``key=value`` *assignments*; the exit code."""
    wanted = parse_assignments(assignments, store, serial=serial)
    reachable = dict.fromkeys(expand([a.name for a in wanted], failures, timeout_s=timeout_s))
    one = partial(carry_out, no_wait=no_wait, timeout_s=timeout_s, **meant)
    jobs = [Job(str(a.name), partial(one, a), _unknown(a.name)) for a in wanted if a.name in reachable]
    done = [one for _, one in ask(jobs, failures, serial=serial, timeout_s=timeout_s)]
    show(done, as_json=as_json)
    return finish(failures)


def carry_out(
    assignment: Assignment,
    *,
    no_wait: bool = False,
    timeout_s: float | None = None,
    unit: str | None = None,
    unformatted: bool = False,
) -> Done:
    """Set one item; what its daemon shows then came with the answer."""
    item = item_of(assignment.name, timeout_s=timeout_s)
    value = value_of(item, assignment.text, unit=unit, unformatted=unformatted)
    if no_wait:
        response = item.set(value, wait=False).wait(NO_WAIT_S)
        return Done(assignment, value, None, is_confirmed=response is not None)
    item.set(value)
    is_readable = item.config.get("gettable") is not False
    return Done(assignment, value, read_of(item, unit) if is_readable else None, is_confirmed=True)


def _unknown(name: Name) -> Callable[[float], MktlError]:
    return lambda waited_s: OutcomeUnknownError(
        f"{name}: no answer within {waited_s:g} s; whether it was set is unknown"
    )


def show(done: Sequence[Done], *, as_json: bool) -> None:
    """Print what was set the way that whoever reads stdout likes it."""
    if as_json:
        print_json([one.as_json() for one in done])
    elif on_terminal():
        if done:
            from . import tables

            rows = [(str(one.assignment.name), one.assignment.text, one.reading or one.word) for one in done]
            tables.show(tables.settings(rows))
    else:
        for one in done:
            click.echo(one.as_line())
