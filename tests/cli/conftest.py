"""Real ``markd`` and ``mark`` processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from running import BIN, SERVING, Running

from mktl.cli.mark import mark

ITEMS: dict[str, dict[str, Any]] = {
    "TEMP": {
        "type": "numeric",
        "units": "K",
        "format": "%.3f",
        "initial": 77.35,
        "description": "Cold plate",
    },
    "TARGET": {"type": "numeric", "units": "mm", "range": [0, 300], "format": "%.1f", "initial": 1},
    "HEATER": {"type": "enumerated", "enumerators": {"0": "off", "1": "low", "3": "high"}, "initial": 0},
    "ALARMS": {"type": "mask", "enumerators": {"none": "fine", "0": "hot", "2": "dry"}, "initial": 0},
    "RA": {
        "type": "numeric",
        "units": {"": "rad", "formatted": "h"},
        "format": "%2d:%02d:%04.1f",
        "initial": 1.25,
    },
    "LABEL": {"type": "string", "initial": "two\nlines \u001b[31m"},
    "SERIAL": {"type": "string", "settable": False, "initial": "LSA1234"},
    "UNSET": {"type": "numeric", "units": "V"},
    "SECRET": {"type": "numeric", "gettable": False},
    "CURVE": {"type": "numeric array"},
    "ANY": {},
}


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start ``mark`` or ``markd`` as a process of its own, in the temporary directory."""
    running: list[Running] = []

    def start(program: str, *argv: object, **options: Any) -> Running:
        options.setdefault("cwd", tmp_path)
        running.append(Running(BIN / program, *argv, **options))
        return running[-1]

    yield start
    for process in running:
        process.close()


@pytest.fixture
def items_file(tmp_path: Path) -> Path:
    path = tmp_path / "lab.json"
    path.write_text(json.dumps(ITEMS))
    return path


@pytest.fixture
def lab(run: Callable[..., Running], items_file: Path) -> Running:
    """A daemon of store ``lab`` in a process of its own, serving."""
    daemon = run("markd", "lab", "cold", "-c", items_file)
    daemon.wait_for(SERVING)
    return daemon


@pytest.fixture
def call(home: Path) -> Callable[..., Result]:
    """Run ``mark`` in this process, as in a pipe."""

    def invoke(*argv: str) -> Result:
        result = CliRunner().invoke(mark, argv, prog_name="mark")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return invoke
