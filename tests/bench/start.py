"""START: what an import and a command take beyond Python's own start and pyzmq's import."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import mktl
from tests.bench.child import Child
from tests.bench.effort import Effort
from tests.bench.ours import STORE, OurDaemon
from tests.bench.row import AtMost, Row
from tests.bench.s1_get import INITIAL, ITEMS

BARE = "import zmq"
IMPORT = "import mktl; mktl.get; mktl.Item"
MARK = (
    f"import sys; sys.argv = ['mark', 'get', '{STORE}.temp']; "
    "from mktl.cli.mark import main; sys.exit(main())"
)


def measure(effort: Effort) -> list[Row]:
    """Milliseconds from start to end of a process, all modules compiled before."""
    with Child(OurDaemon, ITEMS):
        if str(INITIAL) not in _run(MARK):
            raise AssertionError("`mark get` did not show the value")
        _run(IMPORT), _run(BARE)
        figures = effort.interleave(
            bare=lambda: _took_ms(BARE), ours=lambda: _took_ms(IMPORT), mark=lambda: _took_ms(MARK)
        )
    bare = figures["bare"]
    return [
        Row("START", "import mktl", "ms", AtMost(150), figures["ours"], bare, "difference"),
        Row("START", "mark get", "ms", AtMost(300), figures["mark"], bare, "difference"),
    ]


def _took_ms(code: str) -> float:
    begun_s = time.perf_counter()
    _run(code)
    return 1000 * (time.perf_counter() - begun_s)


def _run(code: str) -> str:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(mktl.home() / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
