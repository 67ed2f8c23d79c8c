"""`python -m tests.bench [METRIC ...]`: measure, print a table, write it as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from importlib import import_module
from typing import Any

from tests.bench.apart import apart
from tests.bench.effort import Effort
from tests.bench.metrics import METRICS
from tests.bench.row import Row
from tests.bench.table import markdown, plain


def main() -> int:
    arguments = _arguments()
    unknown = [name for name in arguments.metric if name.upper() not in METRICS]
    if unknown:
        print(f"no such metric: {', '.join(unknown)}; there are {', '.join(METRICS)}", file=sys.stderr)
        return 2
    wanted = [name.upper() for name in arguments.metric] or list(METRICS)
    rows, begun_s = [], time.monotonic()
    for name in wanted:
        since_s = time.monotonic()
        rows += measure(name, Effort(arguments.rounds))
        print(f"{name}: {time.monotonic() - since_s:.0f} s", file=sys.stderr)
    print(markdown(rows) if arguments.markdown else plain(rows))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(_report(rows, time.monotonic() - begun_s), file, indent=1, ensure_ascii=False)
    return 0 if all(row.reached for row in rows) else 1


def measure(name: str, effort: Effort) -> list[Row]:
    """The rows of one metric, measured apart from all other daemons."""
    with apart():
        rows: list[Row] = import_module(f"tests.bench.{METRICS[name]}").measure(effort)
        return rows


def _report(rows: list[Row], took_s: float) -> dict[str, Any]:
    return {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "took_s": round(took_s, 1),
        "rows": [row.as_json() for row in rows],
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("metric", nargs="*", help="S1 to S13, START; all of them when left out")
    parser.add_argument("--rounds", type=int, default=11, help="rounds of each; the median is shown")
    parser.add_argument("--json", default="bench.json", metavar="FILE", help="where all figures are written")
    parser.add_argument("--markdown", action="store_true", help="print the table as a page has it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
