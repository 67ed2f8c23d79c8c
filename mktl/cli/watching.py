"""``mark watch``."""

from __future__ import annotations

import os
import queue
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from .asking import Job
from .endings import Failures
from .names import Name, parse_all
from .reach import ask, expand, finish, item_of, json_line, no_answer, on_terminal
from .values import Reading, read_of, reading_of
from .viewing import View

if TYPE_CHECKING:
    from ..item import Item

#: How often a live table is drawn, so that ages move and a thousand updates are one frame.
FRAME_S = 0.2
#: How often a watch with nothing to print looks whether its reader is still there.
IDLE_S = 0.5


def run(
    names: Sequence[str],
    store: str | None,
    *,
    failures: Failures,
    everything: bool = False,
    count: int | None = None,
    for_s: float | None = None,
    as_json: bool = False,
    **looks: Any,
) -> int:
    """Print *names* whenever they change, until *count* updates, *for_s* seconds or Ctrl-C; the exit code.

    *looks* are those of a :class:`View`.
    """
    view = View(**looks)
    view.check(as_json=as_json)
    try:
        updates: queue.SimpleQueue[Reading] = queue.SimpleQueue()
        wanted = expand(parse_all(names, store), failures, everything=everything, readable=True)
        jobs = [Job(str(name), partial(follow, name, updates.put), no_answer(str(name))) for name in wanted]
        items = [item for _, item in ask(jobs, failures)]
        first = [read_of(item) for item in items]
        for reading in first:  # by hand: an item without a value has something to say as well
            updates.put(reading)
        if items:
            ends_s = None if for_s is None else time.monotonic() + for_s
            stream = until(
                updates, count=count, ends_s=ends_s, idle_s=IDLE_S if not on_terminal() else FRAME_S
            )
            _show(stream, first, view, as_json=as_json)
    except KeyboardInterrupt:
        failures.expired = True  # nothing is waited for: the connections go with the process
    return finish(failures)


def follow(name: Name, put: Callable[[Reading], None]) -> Item:
    """Hand every update of an item from now on to *put*; some may come twice."""
    item = item_of(name, subscribe=True)

    def take(item: Item, value: Any, time: float | None) -> None:
        put(reading_of(item, item.reading._replace(value=value, time=time)))

    item.register(take)
    return item


def until(
    updates: queue.SimpleQueue[Reading], *, count: int | None, ends_s: float | None, idle_s: float
) -> Iterator[Reading | None]:
    """Updates as they come, each once, and None after *idle_s* without one.

    Ends after *count* updates, or at *ends_s*, which is monotonic.
    """
    seen = 0
    latest: dict[str, tuple[object, ...]] = {}
    while count is None or seen < count:
        patience_s = idle_s if ends_s is None else min(idle_s, ends_s - time.monotonic())
        if patience_s <= 0:
            return
        update = _next(updates, patience_s)
        if update is not None:
            if latest.get(update.key) == update.identity:
                continue
            latest[update.key] = update.identity
            seen += 1
        yield update


def _next(updates: queue.SimpleQueue[Reading], patience_s: float) -> Reading | None:
    try:
        return updates.get(timeout=patience_s)
    except queue.Empty:
        return None


def _show(stream: Iterator[Reading | None], first: Sequence[Reading], view: View, *, as_json: bool) -> None:
    if as_json:
        _print(stream, lambda reading: json_line(reading.as_json()))
    elif on_terminal() and not view.terse:
        from .live import show

        show(stream, first, view)
    else:
        _print(stream, Lines(view).line_of)


class Lines:
    """One line per update, with its time before it unless only values are wanted."""

    def __init__(self, view: View = View()) -> None:  # noqa: B008 - frozen
        self._view = view
        self._has_times = view.timestamps if view.timestamps is not None else not view.terse
        self._latest: dict[str, float | None] = {}

    def line_of(self, reading: Reading) -> str:
        """When the item assumed the value; for a change of status alone, which moves no time, now."""
        changed = self._latest.get(reading.key) != reading.time
        self._latest[reading.key] = reading.time
        when = reading.time if changed and reading.time is not None else time.time()
        return self._view.line_of(reading, when=when if self._has_times else None)


def _print(stream: Iterator[Reading | None], line_of: Callable[[Reading], str]) -> None:
    """Print each update at once; end when whoever reads stdout has gone, also between two updates."""
    for reading in stream:
        if reading is not None:
            click.echo(line_of(reading))  # echo flushes
        elif reader_is_gone():
            raise BrokenPipeError


def reader_is_gone() -> bool:
    """True when stdout is a pipe that nobody will read from any more."""
    try:
        descriptor = sys.stdout.fileno()
        os.fstat(descriptor)
    except (OSError, ValueError):
        return False  # no file at all, as in a test
    poller = select.poll()
    poller.register(descriptor, 0)
    return any(events & select.POLLERR for _, events in poller.poll(0))
