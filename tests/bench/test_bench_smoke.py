"""Every metric can still be measured: a few messages each, and nothing said about how fast they were."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Iterator
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import Any

import pytest

from tests.bench.__main__ import measure
from tests.bench.child import Child
from tests.bench.effort import Effort
from tests.bench.metrics import METRICS

SMALL = Effort(rounds=1, share=0.01)

#: Many processes, or fresh ones: more than the suite of every day can wait for.
SLOW = ("S7", "S9", "S10", "S11", "S12", "S13", "START", "SCALE")


@pytest.fixture(scope="module", autouse=True)
def quick_children() -> Iterator[None]:
    """Children begin as copies of a process that has imported everything: a tenth of the time."""
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"tests.bench.{module}" for module in METRICS.values()])
    resource_tracker.ensure_running()
    forkserver.ensure_running()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Child, "start_method", "forkserver")
        yield
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "metric", [pytest.param(name, marks=pytest.mark.soak if name in SLOW else ()) for name in METRICS]
)
def test_a_small_run_of_each_metric_has_figures_and_loses_nothing(metric: str, home: Path) -> None:
    for row in measure(metric, SMALL):
        assert not row.faults
        assert row.figures
        assert all(math.isfinite(figure) for figure in row.figures), row
