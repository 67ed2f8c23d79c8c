"""What long-lived processes hold: memory, threads and files, and how that grows."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a process."""

    at_s: float
    rss_mb: float
    threads: int
    files: int


def look(pid: int, at_s: float) -> Sample:
    """What *pid* holds now.

    Raises:
        ProcessLookupError: It has ended.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    found = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE))
    if "VmRSS" not in found:
        raise ProcessLookupError(f"process {pid} has ended by itself")
    files = len(os.listdir(f"/proc/{pid}/fd"))
    return Sample(at_s, int(found["VmRSS"]) / 1024, int(found["Threads"]), files)


@dataclass(slots=True)
class Gauge:
    """The samples of one process."""

    name: str
    samples: list[Sample] = field(default_factory=list)

    def after(self, begin_s: float) -> Gauge:
        """The same without what came before *begin_s*."""
        return Gauge(self.name, [sample for sample in self.samples if sample.at_s >= begin_s])

    @property
    def slope_mb_per_hour(self) -> float:
        """How the memory grows: the straight line of least squares."""
        return slope([one.at_s for one in self.samples], [one.rss_mb for one in self.samples]) * _HOUR_S

    def growth(self, what: str) -> float:
        """How many more ``threads`` or ``files`` in the last third than in the first, by their medians."""
        counts = [getattr(sample, what) for sample in self.samples]
        third = max(1, len(counts) // 3)
        return median(counts[-third:]) - median(counts[:third])

    def __str__(self) -> str:
        first, last = self.samples[0], self.samples[-1]
        return (
            f"{self.name}: {len(self.samples)} samples, {first.rss_mb:.1f} to {last.rss_mb:.1f} MB "
            f"({self.slope_mb_per_hour:+.2f} MB/h), {first.threads} to {last.threads} threads, "
            f"{first.files} to {last.files} files"
        )


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Of the straight line of least squares.

    >>> slope([0, 1, 2, 3], [1, 3, 5, 7])
    2.0
    """
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((one - x) ** 2 for one in xs)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / spread if spread else 0.0
