"""A plot as a picture. Only here is matplotlib used, and only when it is there."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MktlError

if TYPE_CHECKING:
    from .plotting import Record


class NoMatplotlibError(MktlError):
    """matplotlib is not installed."""


def check() -> Any:
    """The module of matplotlib that has figures and needs no display.

    Raises:
        NoMatplotlibError: With the command that installs it.
    """
    try:
        return import_module("matplotlib.figure")
    except ImportError:
        raise NoMatplotlibError("mark plot --output needs matplotlib: pip install 'mktl[plot]'") from None


def draw(records: Sequence[Record], until_s: float, path: Path) -> None:
    """Write a PNG of *records*; each line holds its value until the next, and ends at *until_s*.

    Raises:
        OSError: The file cannot be written.
    """
    figure = check().Figure(figsize=(9, 5), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    units = {one.units for one in records}
    for one in records:
        times, values = zip(*one.points, (until_s, one.points[-1][1]), strict=True)
        numbers = [float("nan") if value is None else value for value in values]
        name = one.key if len(units) == 1 or not one.units else f"{one.key} ({one.units})"
        axes.step(times, numbers, where="post", label=name)
    axes.set_xlabel("time (s)")
    axes.set_ylabel(f"value ({units.pop()})" if len(units) == 1 and "" not in units else "value")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path, format="png")
