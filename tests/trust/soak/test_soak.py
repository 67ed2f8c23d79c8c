"""Mixed traffic through a bad night: what clients were told was true, and what stays up does not grow.

``make soak SOAK_MINUTES=10 SOAK_SEED=7`` for another length, and for other accidents. What the processes
wrote down stays in the test's directory; its path is in the report, with the figures.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.trust.soak.night import Plan, run

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
SEED = int(os.environ.get("SOAK_SEED", "20"))
#: A slope over less than this tells of nothing but how things began.
SLOPE_FROM_S = 1500.0
MOST_MB_PER_HOUR = 1.0


@pytest.mark.timeout(180)  # of which it needs ten seconds on a machine that is not busy otherwise
def test_ten_seconds_of_mixed_traffic_with_accidents(tmp_path: Path) -> None:
    night = run(tmp_path, Plan(length_s=4.0, seed=4, warm_up_s=0.0, gauge_s=0.5, longest_s=0.5))
    assert not night.verdict.faults, night.report()
    assert min(night.verdict.counts[what] for what in ("writes done", "reads done", "callbacks")) > 10
    assert sum(night.disturbances.values()) >= 3


@pytest.mark.soak
@pytest.mark.timeout(MINUTES * 60 + 600)
def test_one_hour_of_mixed_traffic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night = run(tmp_path, Plan(length_s=MINUTES * 60, seed=SEED, warm_up_s=min(600.0, MINUTES * 20)))
    with capsys.disabled():
        print(f"\n{night.report()}\njournals in {tmp_path}")
    assert not night.verdict.faults
    for gauge in night.gauges:
        assert gauge.growth("threads") <= 1, gauge
        assert gauge.growth("files") <= 2, gauge
        if MINUTES * 60 >= SLOPE_FROM_S:
            assert gauge.slope_mb_per_hour < MOST_MB_PER_HOUR, gauge
