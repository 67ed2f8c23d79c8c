"""What a terminal shows. Rich is only imported here, so that a pipe never waits for it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .texts import age_text, printable, timestamp
from .values import Reading

FAINT = "dim"
#: Of the word that says what is wrong; a value that cannot be trusted is faint, not loud.
STYLE_OF_SEVERITY = {"minor": "yellow", "major": "red", "invalid": "red"}
STYLE_OF_STATUS = {"simulated": "cyan", "unset": FAINT, "disabled": FAINT, "stale": "yellow"}
STYLE_OF_VALUE = {"minor": "yellow", "major": "red", "invalid": FAINT}


def console() -> Console:
    """A console that prints what it is given: no markup, no numbers in colours of their own."""
    return Console(highlight=False, markup=False, emoji=False)


def show(table: Table | Text) -> None:
    """Print *table*, or a note below one, on stdout."""
    console().print(table)


def _table(*, header: bool = True) -> Table:
    return Table(box=None, show_header=header, header_style=FAINT, pad_edge=False, padding=(0, 3, 0, 0))


def readings(
    rows: Sequence[Reading],
    *,
    now: float | None = None,
    widest: dict[str, int] | None = None,
    has_times: bool = False,
) -> Table:
    """Item, value, age, and the status of those that are not ok.

    Args:
        rows: One line each.
        now: UNIX seconds from which ages count.
        widest: Column → width; kept between the frames of a live table, so that columns only ever grow.
        has_times: Show when a value was assumed, not how long ago.
    """
    now = time.time() if now is None else now
    widest = {} if widest is None else widest
    _grow(widest, "number", (len(_shown(row)) for row in rows if is_number(row)))
    values = [value_cell(row, widest["number"]) for row in rows]
    _grow(widest, "value", (value.cell_len for value in values))
    for value in values[:1]:  # blanks, not a least width: they give way where the terminal is small
        value.pad_right(widest["value"] - value.cell_len)
    ages = [_when(row.time, None if has_times else now) for row in rows]
    _grow(widest, "age", map(len, ages))
    is_all_ok = all(row.is_ok for row in rows)

    table = _table()
    table.add_column("item", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("time" if has_times else "age", justify="right", no_wrap=True)
    if not is_all_ok:
        table.add_column("status", overflow="fold")
    for row, value, age in zip(rows, values, ages, strict=True):
        aged = Text(age.rjust(widest["age"]), style=FAINT)
        table.add_row(key_cell(row.key), value, aged, *(() if is_all_ok else (status_cell(row),)))
    return table


def _when(time: float | None, now: float | None) -> str:
    if not time:
        return ""
    return timestamp(time) if now is None else age_text(now - time)


def _grow(widest: dict[str, int], column: str, lengths: Iterable[int]) -> None:
    widest[column] = max([widest.get(column, 0), *lengths])


def settings(rows: Sequence[tuple[str, str, Reading | str]]) -> Table:
    """Item, the text it was set to, and what its daemon shows now, or a word in its place."""
    table = _table()
    is_all_ok = all(isinstance(shown, str) or shown.is_ok for _, _, shown in rows)
    table.add_column("item", no_wrap=True)
    for header in ("set", "now") if is_all_ok else ("set", "now", "status"):
        table.add_column(header, overflow="fold")
    for key, text, shown in rows:
        now = Text(shown, style=FAINT) if isinstance(shown, str) else value_cell(shown)
        status = () if is_all_ok or isinstance(shown, str) else (status_cell(shown),)
        table.add_row(key_cell(key), Text(printable(text)), now, *status)
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


def columns(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Rows of plain text below *headers*; the last column folds where the terminal is small."""
    table = _table()
    for header in headers[:-1]:
        table.add_column(header, no_wrap=True)
    table.add_column(headers[-1], overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
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
    store, dot, key = printable(full_key).partition(".")
    return Text.assemble((store + dot, FAINT), key) if key else Text(store)


def value_cell(reading: Reading, number_width: int = 0) -> Text:
    """The value and its units; numbers end where *number_width* ends, so that they stand above each other."""
    if reading.value is None:
        return Text("-", style=FAINT)
    shown = _shown(reading)
    cell = Text(shown.rjust(number_width) if is_number(reading) else shown)
    cell.stylize(
        FAINT if reading.status in ("stale", "disabled") else STYLE_OF_VALUE.get(reading.severity, "")
    )
    if reading.formatted_units:
        cell.append(f" {printable(reading.formatted_units)}", style=FAINT)
    return cell


def is_number(reading: Reading) -> bool:
    """True for a value that is a number and is shown as one, not as a word."""
    return isinstance(reading.value, (int, float)) and _shown(reading)[:1] in "+-.0123456789"


def _shown(reading: Reading) -> str:
    text = reading.formatted if isinstance(reading.value, str) else reading.formatted.strip()
    return printable(text)


def status_cell(reading: Reading) -> Text:
    """The status in its colour and the reason beside it; nothing when all is well."""
    if reading.is_ok:
        return Text()
    reason = f"  {printable(reading.why)}" if reading.why else ""
    return Text.assemble((printable(reading.trouble), _style_of(reading)), (reason, FAINT))


def _style_of(reading: Reading) -> str:
    return STYLE_OF_SEVERITY.get(reading.severity) or STYLE_OF_STATUS.get(reading.status, "")
