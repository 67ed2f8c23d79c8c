"""What was measured, in a file: for the pages of the documentation, and to compare with later."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.row import Row


def write(path: Path, rows: Sequence[Row], took_s: float) -> None:
    """Write *rows*, with what they were measured on."""
    report = {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "took_s": round(took_s, 1),
        "rows": [row.as_json() for row in rows],
    }
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False), "utf-8")


def read(path: Path) -> list[Row]:
    """The rows of a file that :func:`write` has written."""
    return [Row.from_json(row) for row in json.loads(path.read_text("utf-8"))["rows"]]
