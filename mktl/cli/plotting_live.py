"""The live chart of ``mark plot``, as large as the terminal is at each moment."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from . import tables
from .chart import draw

if TYPE_CHECKING:
    from .plotting import Record

#: How often the chart is drawn while updates come faster.
FRAME_S = 0.1
STYLES = ("cyan", "yellow", "magenta", "green", "red", "blue")
#: The last frame stays on the terminal, among what else is there: not taller than this.
MOST_ROWS_LEFT = 24


def frame(records: Sequence[Record], now_s: float, window_s: float, width: int, height: int) -> Text:
    """A legend of one line for each item, and the chart below it; *now_s* counts from the beginning."""
    legend = [_legend(number, one, width) for number, one in enumerate(records)]
    legend = legend[: max(1, height // 3)]
    begin_s = max(0.0, now_s - window_s)
    for one in records:
        _forget(one, begin_s)
    units = {one.units for one in records}
    rows = draw(
        [one.points for one in records],
        width=width,
        height=height - len(legend),
        from_s=begin_s,
        to_s=begin_s + window_s,
        until_s=now_s,
        units=units.pop() if len(units) == 1 else "",
    )
    drawn = [
        Text.assemble(
            *((span.text, tables.FAINT if span.line is None else _style(span.line)) for span in row)
        )
        for row in rows
    ]
    return Text("\n", no_wrap=True, overflow="crop").join([*legend, *drawn])


def _forget(one: Record, before_s: float) -> None:
    """Drop the points that are not seen any more; the last of them may still hold."""
    old = next((index for index, (at_s, _) in enumerate(one.points) if at_s >= before_s), len(one.points))
    del one.points[: max(0, old - 1)]


def _style(number: int) -> str:
    return STYLES[number % len(STYLES)]


def _legend(number: int, one: Record, width: int) -> Text:
    line = Text.assemble(
        ("━ ", _style(number)), tables.key_cell(one.key), "  ", tables.value_cell(one.latest)
    )
    if not one.latest.is_ok:
        line.append("  ").append_text(tables.status_cell(one.latest))
    line.truncate(width, overflow="ellipsis")
    return line


def show(clock: Iterator[float], records: Sequence[Record], window_s: float) -> None:
    """Draw *records* until *clock*, which gives the seconds since the beginning, ends or Ctrl-C does."""
    console = tables.console()
    now_s = 0.0
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            drawn_s = 0.0
            for now_s in clock:
                if time.monotonic() - drawn_s > FRAME_S:
                    live.update(frame(records, now_s, window_s, console.width, console.height), refresh=True)
                    drawn_s = time.monotonic()
    finally:
        # One row less than there are, so that the prompt does not push the first one out.
        rows = min(console.height - 2, MOST_ROWS_LEFT)
        console.print(frame(records, now_s, window_s, console.width - 1, rows), no_wrap=True, crop=True)
