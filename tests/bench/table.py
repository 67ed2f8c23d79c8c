"""Rows as a table: for the terminal, and for a page."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.figures import median
from tests.bench.row import Row

HEADINGS = ("", "work", "unit", "bare", "ours", "ratio", "spread", "target", "reached")


def plain(rows: Sequence[Row]) -> str:
    """Columns in line, with what is to be said of a row below it."""
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    lines = [_line(HEADINGS, widths)]
    for row, texts in zip(rows, cells[1:], strict=True):
        lines.append(_line(texts, widths))
        lines += [f"{'':{widths[0]}}  {remark}" for remark in _remarks(row)]
    return "\n".join(lines)


def markdown(rows: Sequence[Row]) -> str:
    """The same for a page of the documentation."""
    lines = [HEADINGS, ("---",) * len(HEADINGS)]
    lines += [_cells(row) for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True)).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    low, high = min(row.figures), max(row.figures)
    return (
        row.metric,
        row.work,
        row.unit,
        number(median(row.bare)) if row.bare else "–",
        number(median(row.ours)),
        number(median(row.ratios)) if row.bare else "–",
        f"{number(low)}–{number(high)}",
        str(row.target),
        "yes" if row.reached else "NO",
    )


def _remarks(row: Row) -> list[str]:
    return [*(f"fault: {fault}" for fault in row.faults), *([row.note] if row.note else [])]


def number(value: float) -> str:
    """*value* with the digits that mean something.

    >>> number(6412.3), number(144.2), number(0.8765)
    ('6,412', '144', '0.88')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
