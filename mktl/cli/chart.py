"""A chart of braille dots: pure drawing, from points in time to rows of text.

An item keeps its value until the next one comes, so a line is a staircase: it holds, then jumps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: (seconds, value); None is a gap: no value, or none that can be trusted.
Point = tuple[float, float | None]

#: Dots of a cell, by row and column (Unicode, block U+2800).
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BLANK = 0x2800
#: Rows and columns between two labels of an axis.
_ROWS_PER_LABEL, _COLUMNS_PER_LABEL = 4, 12
#: Below this nothing can be made out.
LEAST_WIDTH, LEAST_HEIGHT = 24, 5


@dataclass(frozen=True, slots=True)
class Span:
    """Text in the colour of one line of the chart; None is the chart's own."""

    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """What is between the two ends of a chart, and where its labels stand."""

    low: float
    high: float
    step: float

    @property
    def labels(self) -> list[tuple[float, str]]:
        """(value, text) of each label, from low to high."""
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        return [
            (number * self.step, label(number * self.step, self.step)) for number in range(first, last + 1)
        ]

    def place(self, value: float, cells: int) -> int:
        """In which of *cells* a value is, counted from *low*."""
        part = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return min(int(part * cells), cells - 1)


def axis_of(low: float, high: float, most_labels: int, *, margin: float = 0.0) -> Axis:
    """An axis from *low* to *high* with labels at round numbers.

    Args:
        most_labels: At most about so many.
        margin: What part of the span is left free at both ends.

    >>> axis_of(0.0, 60.0, 6).step
    10.0
    """
    low, high = (max(min(end, 1e300), -1e300) for end in (low, high))
    # Less than this much apart, floats have no digits left to label them with.
    least = max(abs(low), abs(high)) * 1e-9 or 1e-9
    if high - low < least:
        half = abs(low) * 0.05 or 1.0
        low, high = low - half, high + half
    free = (high - low) * margin
    low, high = low - free, high + free
    rough = (high - low) / max(1, most_labels)
    power = 10.0 ** math.floor(math.log10(rough))
    factor = next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return Axis(low, high, factor * power)


def label(value: float, step: float) -> str:
    """*value* with as many decimals as tell it from its neighbours.

    >>> label(0.30000000000000004, 0.1), label(-0.0, 5), label(12_000_000, 1_000_000)
    ('0.3', '0', '1.2e+07')
    """
    if abs(value) < step / 2:
        return "0"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if decimals > 6 or abs(value) >= 1e6:
        digits = max(2, math.ceil(math.log10(abs(value) / step)) + 1)
        return f"{value:.{min(digits, 12)}g}"
    return f"{value:.{decimals}f}"


def draw(
    lines: Sequence[Sequence[Point]],
    *,
    width: int,
    height: int,
    from_s: float,
    to_s: float,
    until_s: float | None = None,
    units: str = "",
) -> list[list[Span]]:
    """The rows of a chart of *lines*, *width* columns by *height* rows, axes and labels included.

    Args:
        from_s, to_s: What part of time is shown.
        until_s: How far the last values are known to hold; else to the right end.
        units: Of the values; stands above their axis.
    """
    width, height = max(width, LEAST_WIDTH), max(height, LEAST_HEIGHT)
    rows = height - 3
    until_s = to_s if until_s is None else min(until_s, to_s)
    seen = [value for line in lines for value in _seen(line, from_s, until_s)]
    values = axis_of(min(seen, default=0.0), max(seen, default=1.0), rows // _ROWS_PER_LABEL + 1, margin=0.05)
    texts = {rows - 1 - values.place(value, rows): text for value, text in values.labels}
    left = max(map(len, texts.values()), default=0)
    columns = max(2, width - left - 2)
    times = axis_of(from_s, to_s, columns // _COLUMNS_PER_LABEL)
    canvas = _Canvas(columns, rows)
    for number, line in enumerate(lines):
        canvas.add(number, line, times, values, until_s)
    body = [
        [Span(f"{texts.get(row, ''):>{left}} {'┤' if row in texts else '│'}"), *canvas.spans(row)]
        for row in range(rows)
    ]
    head = f"{units:>{left}}"[:width]
    return [[Span(head)], *body, *_time_axis(times, left, columns)]


def _seen(line: Sequence[Point], from_s: float, until_s: float) -> Iterator[float]:
    """The values between two times, with the one that held when it began."""
    held: float | None = None
    for at_s, value in line:
        if at_s > until_s:
            break
        if at_s >= from_s:
            if held is not None:
                yield held
                held = None
            if value is not None:
                yield value
        else:
            held = value
    if held is not None:
        yield held


def _time_axis(times: Axis, left: int, columns: int) -> list[list[Span]]:
    marks = ["─"] * columns
    texts = [" "] * (left + 2 + columns)
    free_from = 0
    for value, text in times.labels:
        column = times.place(value, columns)
        begin = min(max(0, left + 2 + column - len(text) // 2), len(texts) - len(text) - 2)
        if begin < free_from:
            continue
        marks[column] = "┬"
        texts[begin : begin + len(text)] = text
        free_from = begin + len(text) + 1
    texts[-2:] = " s"
    return [[Span(" " * (left + 1) + "└" + "".join(marks))], [Span("".join(texts))]]


class _Canvas:
    """Dots, two to a column and four to a row, and which line has each cell."""

    def __init__(self, columns: int, rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._bits = [[0] * columns for _ in range(rows)]
        self._line: list[list[int | None]] = [[None] * columns for _ in range(rows)]

    def add(self, number: int, line: Sequence[Point], times: Axis, values: Axis, until_s: float) -> None:
        across, down = self._columns * 2, self._rows * 4
        for x, (low, high) in _columns_of(line, times, across, until_s).items():
            top, bottom = (down - 1 - values.place(value, down) for value in (high, low))
            for y in range(top, bottom + 1):
                self._bits[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
                self._line[y // 4][x // 2] = number

    def spans(self, row: int) -> list[Span]:
        """The cells of a row, neighbours of one line together."""
        spans: list[Span] = []
        for bits, line in zip(self._bits[row], self._line[row], strict=True):
            cell = chr(_BLANK + bits) if bits else " "
            if spans and spans[-1].line == line:
                spans[-1] = Span(spans[-1].text + cell, line)
            else:
                spans.append(Span(cell, line))
        return spans


def _columns_of(
    line: Sequence[Point], times: Axis, across: int, until_s: float
) -> dict[int, tuple[float, float]]:
    """``{column: (lowest, highest)}`` of the values that a line has in each column of dots."""
    extent: dict[int, tuple[float, float]] = {}

    def stretch(x: int, value: float) -> None:
        low, high = extent.get(x, (value, value))
        extent[x] = min(low, value), max(high, value)

    for number, (at_s, value) in enumerate(line):
        end_s = min(line[number + 1][0], until_s) if number + 1 < len(line) else until_s
        if value is None or end_s < times.low or at_s > end_s:
            continue
        for x in range(times.place(at_s, across), times.place(end_s, across) + 1):
            stretch(x, value)
    return extent
