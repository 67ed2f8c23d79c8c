"""What a terminal shows. Rich is only imported here, so that a pipe never waits for it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .texts import age_text, printable
from .values import Reading

#: EPICS's colours for severities; what is neither is said without one.
STYLE_OF_SEVERITY = {"minor": "yellow", "major": "red", "invalid": "bold red"}
STYLE_OF_STATUS = {"simulated": "cyan", "unset": "dim", "disabled": "dim", "stale": "yellow"}
FAINT = "dim"


def console() -> Console:
    """A console that prints what it is given: no markup, no numbers in colours of their own."""
    return Console(highlight=False, markup=False, emoji=False)


def show(table: Table | Text) -> None:
    """Print *table*, or a note below one, on stdout."""
    console().print(table)


def _table(*, header: bool = True) -> Table:
    return Table(box=None, show_header=header, header_style=FAINT, pad_edge=False, padding=(0, 3, 0, 0))


def readings(
    rows: Sequence[Reading], *, now: float | None = None, widest: dict[str, int] | None = None
) -> Table:
    """Item, value, age, and the status of those that are not ok.

    Args:
        rows: One line each.
        now: UNIX seconds from which ages count.
        widest: Column → width; kept between the frames of a live table, so that columns only ever grow.
    """
    now = time.time() if now is None else now
    cells = [[key_cell(row.key), *value_cells(row), age_cell(row.time, now)] for row in rows]
    headers = ["item", "value", "", "age"]
    if not all(row.is_ok for row in rows):
        headers.append("status")
        for line, row in zip(cells, rows, strict=True):
            line.append(status_cell(row))
    table = _table()
    for index, header in enumerate(headers):
        _add_column(table, header, [line[index] for line in cells], widest)
    for line in cells:
        table.add_row(*line)
    return table


def _add_column(table: Table, header: str, cells: Iterable[Text], widest: dict[str, int] | None) -> None:
    width = None
    if widest is not None and header != "status":
        width = max([widest.get(header, 0), *(cell.cell_len for cell in cells)])
        widest[header] = width
    table.add_column(
        header,
        min_width=min(width, 60) if width else None,
        justify="right" if header in ("value", "age") else "left",
        no_wrap=header in ("item", "", "age"),
        overflow="fold" if header in ("value", "status", "set", "now") else "ellipsis",
    )


def settings(rows: Sequence[tuple[str, str, Reading | None]]) -> Table:
    """Item, the text it was set to, and what its daemon shows now, where that is known."""
    table = _table()
    headers = ["item", "set", "now"]
    if any(reading is not None and not reading.is_ok for _, _, reading in rows):
        headers.append("status")
    for header in headers:
        _add_column(table, header, (), None)
    for key, text, reading in rows:
        cells = [key_cell(key), Text(printable(text)), Text("sent" if reading is None else reading.shown)]
        if reading is None:
            cells[-1].stylize(FAINT)
        elif len(headers) > len(cells):
            cells.append(status_cell(reading))
        table.add_row(*cells)
    return table


def items(rows: Iterable[dict[str, Any]]) -> Table:
    """The items of a store: key, type, units, whether they can be set, description."""
    table = _table()
    table.add_column("item", no_wrap=True)
    table.add_column("type", no_wrap=True)
    table.add_column("units", no_wrap=True)
    table.add_column("set", no_wrap=True)
    table.add_column("description", overflow="fold")
    for row in rows:
        table.add_row(
            key_cell(row["key"]),
            Text(printable(row["type"])),
            Text(printable(row["units"])),
            Text("yes" if row["settable"] else "", style="green"),
            Text(printable(row["description"]), style=FAINT),
        )
    return table


def facts(rows: Iterable[tuple[str, str]], reading: Reading | None = None) -> Table:
    """Everything about one thing: a name and a text to a line."""
    table = _table(header=False)
    table.add_column(no_wrap=True, style=FAINT)
    table.add_column(overflow="fold")
    for name, text in rows:
        cell = Text(printable(text))
        if name == "status" and reading is not None:
            cell.stylize(_style_of(reading))
        table.add_row(name, cell)
    return table


def names(rows: Iterable[tuple[str, str]]) -> Table:
    """A name and a faint remark to a line."""
    table = _table(header=False)
    for name, remark in rows:
        table.add_row(key_cell(name), Text(printable(remark), style=FAINT))
    return table


def note(text: str) -> Text:
    """A faint line below a table."""
    return Text(text, style=FAINT)


def key_cell(full_key: str) -> Text:
    """A key with its store faint."""
    store, dot, key = full_key.partition(".")
    return Text.assemble((store + dot, FAINT), key) if key else Text(full_key)


def value_cells(reading: Reading) -> tuple[Text, Text]:
    """The value and its units, apart, so that numbers stand above each other."""
    if reading.value is None:
        return Text("-", style=FAINT), Text()
    units = Text(printable(reading.formatted_units), style=FAINT)
    return Text(printable(reading.formatted), style=_style_of(reading, faint_when_stale=True)), units


def age_cell(when: float | None, now: float) -> Text:
    """How long ago *when* was."""
    return Text(age_text(now - when) if when else "", style=FAINT)


def status_cell(reading: Reading) -> Text:
    """The status in its colour and the reason beside it; nothing when all is well."""
    if reading.is_ok:
        return Text()
    status, _, _ = reading.remark.partition(":")
    reason = f"  {printable(reading.reason)}" if reading.reason else ""
    return Text.assemble((status, _style_of(reading)), (reason, FAINT))


def _style_of(reading: Reading, *, faint_when_stale: bool = False) -> str:
    if faint_when_stale and reading.status in ("stale", "unset", "disabled"):
        return FAINT
    by_severity = STYLE_OF_SEVERITY.get(reading.severity)
    if faint_when_stale:
        return by_severity or ""
    return by_severity or STYLE_OF_STATUS.get(reading.status, "")
