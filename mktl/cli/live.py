"""The live table of ``mark watch``."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from rich.constrain import Constrain
from rich.live import Live

from . import tables
from .values import Reading
from .viewing import View

#: How often the table is drawn while updates come faster.
FRAME_S = 0.1


class Board:
    """The latest reading of each item, in the order of the *first* ones."""

    def __init__(self, first: Sequence[Reading], view: View = View()) -> None:  # noqa: B008 - frozen
        self._view = view
        self._latest = {reading.key: reading for reading in first}
        self._widest: dict[str, int] = {}

    def put(self, reading: Reading) -> None:
        """Take an update in."""
        self._latest[reading.key] = reading

    def frame(self, width: int) -> Constrain:
        """What to draw now on a terminal of *width* columns; columns never shrink from frame to frame."""
        rows = [self._view.of(reading) for reading in self._latest.values()]
        has_times = bool(self._view.timestamps)
        table = tables.readings(rows, now=time.time(), widest=self._widest, has_times=has_times)
        # The terminal echoes Ctrl-C as ^C: it must not wrap, or the last frame lands one line too low.
        return Constrain(table, max(20, width - 3))


def show(stream: Iterator[Reading | None], first: Sequence[Reading], view: View) -> None:
    """Draw the latest of every item until *stream* ends; the last frame stays on the terminal."""
    board = Board(first, view)
    console = tables.console()
    with Live(board.frame(console.width), console=console, auto_refresh=False) as live:
        drawn_s = time.monotonic()
        for reading in stream:
            if reading is not None:
                board.put(reading)
            if reading is None or time.monotonic() - drawn_s > FRAME_S:
                live.update(board.frame(console.width), refresh=True)
                drawn_s = time.monotonic()
        live.update(board.frame(console.width), refresh=True)
