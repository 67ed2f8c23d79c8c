"""`python -m tests.bench [METRIC ...]`: measure, print a table, write everything to a file."""

from __future__ import annotations

import argparse
import math
import sys
import time
from importlib import import_module
from pathlib import Path

from tests.bench.apart import apart
from tests.bench.child import ChildError
from tests.bench.effort import Effort
from tests.bench.metrics import APART, METRICS
from tests.bench.report import read, write
from tests.bench.row import AtLeast, Row
from tests.bench.table import markdown, plain


def main() -> int:
    arguments = _arguments()
    everyday = [name for name in METRICS if name not in APART]
    unknown = [name for name in arguments.metric if name.upper() not in METRICS]
    if unknown:
        print(f"no such metric: {', '.join(unknown)}; there are {', '.join(METRICS)}", file=sys.stderr)
        return 2
    if arguments.show:
        rows = read(arguments.show)
    else:
        begun_s = time.monotonic()
        rows = _measure_all([name.upper() for name in arguments.metric] or everyday, arguments.rounds)
        write(arguments.json, rows, time.monotonic() - begun_s)
    print(markdown(rows) if arguments.markdown else plain(rows))
    return 0 if all(row.reached for row in rows) else 1


def _measure_all(names: list[str], rounds: int) -> list[Row]:
    rows = []
    for name in names:
        begun_s = time.monotonic()
        try:
            rows += measure(name, Effort(rounds))
        except (ChildError, AssertionError) as error:
            print(error, file=sys.stderr)
            rows.append(_not_measured(name, str(error).strip().splitlines()[-1]))
        print(f"{name}: {time.monotonic() - begun_s:.0f} s", file=sys.stderr)
    return rows


def measure(name: str, effort: Effort) -> list[Row]:
    """The rows of one metric, measured apart from all other daemons."""
    with apart():
        rows: list[Row] = import_module(f"tests.bench.{METRICS[name]}").measure(effort)
        return rows


def _not_measured(name: str, why: str) -> Row:
    return Row(name, "not measured", "", AtLeast(0), [math.nan], judged_by="ours", faults=[why])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("metric", nargs="*", help="S1 to S13, START; all of them when left out")
    parser.add_argument("--rounds", type=int, default=11, help="rounds of each; the median is shown")
    parser.add_argument(
        "--json", type=Path, default=Path("bench.json"), metavar="FILE", help="what is written"
    )
    parser.add_argument("--show", type=Path, metavar="FILE", help="measure nothing; show what is in FILE")
    parser.add_argument("--markdown", action="store_true", help="print the table as a page has it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
