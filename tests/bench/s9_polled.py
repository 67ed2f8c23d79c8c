"""S9: a daemon that polls 10,000 items at 1 Hz."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import mktl
from tests.bench.child import Child
from tests.bench.effort import Effort
from tests.bench.figures import median, percentile
from tests.bench.ours import STORE
from tests.bench.row import AtMost, Row
from tests.bench.usage import Usage

ITEMS, PERIOD_S = 10_000, 1.0
PERIODS = 4
#: The shortest period of a small run.
LEAST_S = 0.2


class Polled(mktl.Item):
    """A reading that is another at each poll; it costs nothing to take."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.polled_s: list[float] = []

    def req_refresh(self) -> dict[str, Any]:
        self.polled_s.append(time.monotonic())
        return {"value": len(self.polled_s), "time": time.time()}


class _Polling(mktl.Daemon):
    def describe_items(self) -> dict[str, dict[str, Any]]:
        return {f"I{number:05d}": {"type": "numeric"} for number in range(self.options[0])}

    def setup(self) -> None:
        for key in self.describe_items():
            self.add_item(Polled, key)

    def setup_final(self) -> None:
        for item in self.polled:
            item.poll(self.options[1])

    @property
    def polled(self) -> list[Polled]:
        return [item for item in self.items.values() if isinstance(item, Polled)]


class PollingDaemon(Usage):
    """Made, it serves; *start_s* is what that took, *first_s* until every item had a value too."""

    def __init__(self, count: int, period_s: float) -> None:
        begun_s = time.monotonic()
        # A store of its own: others of its kind may run beside it.
        self.daemon = _Polling(f"{STORE}{os.getpid()}", "polled", (count, period_s))
        self.start_s = time.monotonic() - begun_s
        while not all(item.polled_s for item in self.daemon.polled):
            time.sleep(0.01)
        self.first_s = time.monotonic() - begun_s
        self._period_s = period_s

    def poll_for(self, duration_s: float) -> float:
        """Percent of a core that polls take while *duration_s* passes."""
        for item in self.daemon.polled:
            item.polled_s.clear()
        before_s, begun_s = self.cpu_s(), time.monotonic()
        time.sleep(duration_s)
        return 100 * (self.cpu_s() - before_s) / (time.monotonic() - begun_s)

    def lateness_ms(self, percent: float) -> float:
        """How late polls were, each against the earliest of its item."""
        late = [late_s for item in self.daemon.polled for late_s in lateness(item.polled_s, self._period_s)]
        return 1000 * percentile(late, percent)

    def missed(self, polls: int) -> int:
        """Polls short of *polls* of each item."""
        return sum(max(0, polls - len(item.polled_s)) for item in self.daemon.polled)

    def close(self) -> None:
        self.daemon.close()


def lateness(polled_s: Sequence[float], period_s: float) -> list[float]:
    """Seconds by which each poll came after its time, when the most punctual one came at its own.

    >>> lateness([10.0, 11.25, 12.0], 1.0)
    [0.0, 0.25, 0.0]
    """
    if not polled_s:
        return []
    begun_s = polled_s[0]
    offsets = [each - begun_s - period_s * round((each - begun_s) / period_s) for each in polled_s]
    return [offset - min(offsets) for offset in offsets]


def measure(effort: Effort) -> list[Row]:
    """Each round is a daemon of its own: how long it takes to start, then what it takes of the machine."""
    count, periods = effort.count(ITEMS, least=10), effort.count(PERIODS, least=3)
    rounds = [
        _round(count, periods, max(LEAST_S, effort.seconds(PERIOD_S))) for _ in range(min(effort.rounds, 5))
    ]
    faults = [f"{each['missed']} polls missed" for each in rounds if each["missed"]]
    work = f"{count:,} items at 1 Hz"
    note = f"every item had a value {median([each['first'] for each in rounds]):.2f} s after the start began"

    def row(name: str, unit: str, most: float, note: str = "") -> Row:
        figures = [each[name] for each in rounds]
        return Row(
            "S9", f"{work}, {name}", unit, AtMost(most), figures, judged_by="ours", faults=faults, note=note
        )

    return [
        row("start", "s", 1.5, note),
        row("threads", "", 19),
        row("lateness p99", "ms", 2),
        row("CPU", "% CPU", 20),
        row("memory", "MB", 120),
    ]


def _round(count: int, periods: int, period_s: float) -> dict[str, float]:
    with Child(PollingDaemon, count, period_s) as daemon:
        time.sleep(period_s)
        cpu = daemon.ask("poll_for", periods * period_s)
        return {
            "start": daemon.ask("start_s"),
            "first": daemon.ask("first_s"),
            "threads": float(daemon.ask("threads")),
            "lateness p99": daemon.ask("lateness_ms", 99),
            "CPU": cpu,
            "memory": daemon.ask("memory_mb"),
            "missed": daemon.ask("missed", periods - 1),
        }
