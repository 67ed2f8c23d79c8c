"""The live table of ``mark watch``."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from rich.live import Live
from rich.table import Table

from . import tables
from .values import Reading

#: How often the table is drawn while updates come faster.
FRAME_S = 0.1


class Board:
    """The latest reading of each item, in the order in which they were named."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self._latest: dict[str, Reading] = {}
        self._widest: dict[str, int] = {}

    def put(self, reading: Reading) -> None:
        """Take an update in."""
        self._latest[reading.key] = reading

    def table(self) -> Table:
        """The frame to draw now; columns never shrink from one to the next."""
        rows = [self._latest[key] for key in self._keys if key in self._latest]
        return tables.readings(rows, now=time.time(), widest=self._widest)


def show(stream: Iterator[Reading | None], keys: Sequence[str]) -> None:
    """Draw the latest of every item until *stream* ends; the last frame stays on the terminal."""
    board = Board(keys)
    with Live(board.table(), console=tables.console(), auto_refresh=False) as live:
        drawn_s = 0.0
        for reading in stream:
            if reading is not None:
                board.put(reading)
            if reading is None or time.monotonic() - drawn_s > FRAME_S:
                live.update(board.table(), refresh=True)
                drawn_s = time.monotonic()
        live.update(board.table(), refresh=True)
