"""``mark plot``: values over time, live in a terminal, as CSV in a pipe, or as a picture."""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from ..errors import ItemTypeError, MktlError
from ..item.types import unit_of
from .asking import Job
from .chart import Point
from .endings import FAILED, OK, Failures
from .names import Name, parse_all
from .reach import ask, expand, finish, no_answer, on_terminal
from .values import Reading, read_of
from .watching import FRAME_S, IDLE_S, follow, reader_is_gone, until

#: How much time a live chart shows unless told otherwise.
WINDOW_S = 60.0
#: Points that are kept of one item; beyond them the older half goes.
MOST_POINTS = 200_000
#: Types whose values are numbers; an item without a type may hold one.
NUMBERS = frozenset({None, "numeric", "boolean", "enumerated", "mask"})


@dataclass(slots=True)
class Record:
    """What one item has been since the plot began; seconds count from then."""

    key: str
    units: str
    latest: Reading
    points: list[Point] = field(default_factory=list)

    def add(self, reading: Reading, at_s: float) -> None:
        """Take a reading in."""
        self.latest = reading
        self.points.append((at_s, number_of(reading)))
        if len(self.points) > MOST_POINTS:
            del self.points[: MOST_POINTS // 2]


Stream = Iterator[Reading | None]


def number_of(reading: Reading) -> float | None:
    """What of *reading* can be drawn; None when it cannot be trusted, or is no number."""
    value = reading.value
    if reading.severity == "invalid" or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def run(
    names: Sequence[str],
    store: str | None,
    *,
    failures: Failures,
    for_s: float | None = None,
    window_s: float | None = None,
    output: str | None = None,
) -> int:
    """Plot *names* for *for_s* seconds or until Ctrl-C; the exit code."""
    if output is not None and not _can_draw(Path(output), failures):
        return FAILED
    try:
        updates: queue.SimpleQueue[Reading] = queue.SimpleQueue()
        records = _begin(parse_all(names, store), updates, failures)
        if records:
            ends_s = None if for_s is None else time.monotonic() + for_s
            idle_s = FRAME_S if on_terminal() else IDLE_S
            stream = until(updates, count=None, ends_s=ends_s, idle_s=idle_s)
            _show(stream, records, output=output, window_s=window_s or for_s or WINDOW_S)
    except KeyboardInterrupt:
        failures.expired = True  # nothing is waited for: the connections go with the process
    return finish(failures)


def _can_draw(path: Path, failures: Failures) -> bool:
    """Whether there will be a picture; not only known when all has been recorded."""
    from . import picture

    if not path.parent.is_dir():
        raise click.UsageError(f"{path}: there is no directory {path.parent}")
    try:
        picture.check()
    except MktlError as error:
        failures.add("", error)
    return failures.code == OK


def _begin(names: Sequence[Name], updates: queue.SimpleQueue[Reading], failures: Failures) -> list[Record]:
    """Follow the items that are numbers; of those named, others are told of, of a store they are left out."""
    named = {name for name in names if name.key is not None}
    jobs = [
        Job(str(name), partial(follow, name, updates.put), no_answer(str(name)))
        for name in expand(names, failures, readable=True)
    ]
    records = []
    for name, item in ask(jobs, failures):
        if item.config.get("type") in NUMBERS:
            reading = read_of(item)
            records.append(Record(name, unit_of(item.config), reading, [(0.0, number_of(reading))]))
        elif any(str(one) == name for one in named):
            kind = item.config.get("type")
            failures.add(name, ItemTypeError(f"{name} is of type {kind}: only numbers can be plotted"))
    return records


def _show(stream: Stream, records: list[Record], *, output: str | None, window_s: float) -> None:
    if output is not None:
        _to_file(stream, records, output)
    elif on_terminal():
        from .plotting_live import show

        show(record(stream, records), records, window_s)
    else:
        _to_pipe(stream, records)


def record(stream: Stream, records: Sequence[Record]) -> Iterator[float]:
    """Sort readings into *records*; gives the seconds since the beginning, with all news and between."""
    begun_s = time.monotonic()
    by_key = {one.key: one for one in records}
    for reading in stream:
        at_s = time.monotonic() - begun_s
        if reading is not None and reading.key in by_key:
            by_key[reading.key].add(reading, at_s)
        yield at_s


def _to_pipe(stream: Stream, records: Sequence[Record]) -> None:
    """CSV: UNIX seconds, and what each item then was; nothing for a value that cannot be trusted."""
    click.echo(",".join(["time", *(one.key for one in records)]))
    click.echo(_row(records))
    told = {one.key: one.points[-1][1] for one in records}
    for _ in record(stream, records):
        now = {one.key: one.points[-1][1] for one in records}
        if now != told:
            click.echo(_row(records))
            told = now
        elif reader_is_gone():
            raise BrokenPipeError


def _row(records: Sequence[Record]) -> str:
    values = (one.points[-1][1] for one in records)
    return ",".join([f"{time.time():.3f}", *("" if value is None else f"{value:.15g}" for value in values)])


def _to_file(stream: Stream, records: Sequence[Record], output: str) -> None:
    """Record until the end, or Ctrl-C, then draw what there is."""
    from . import picture

    at_s = 0.0
    clock = record(stream, records)
    try:
        while (now_s := next(clock, None)) is not None:
            at_s = now_s
    except KeyboardInterrupt:
        pass  # enough: what was recorded is drawn
    picture.draw(records, at_s, Path(output))
    samples = sum(len(one.points) for one in records)
    click.echo(f"{output}: {len(records)} items, {samples} values in {at_s:.1f} s")
