"""One bad night: the processes, the trouble, the gauges, and the verdict."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.trust.soak import children
from tests.trust.soak.children import Child
from tests.trust.soak.gauges import Gauge, look
from tests.trust.soak.journal import Journal
from tests.trust.soak.served import device_file
from tests.trust.soak.trouble import Pacer, Trouble
from tests.trust.soak.verdict import Verdict, judge

#: Of the daemon that is let live, and of the one that is not; others on this machine have other stores.
STORES = (f"steady{os.getpid()}", f"mortal{os.getpid()}")
#: A client that stays, one that comes and goes all the time, and the first of those that are killed.
STAYS, NOMAD, VICTIM = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how bad, and from when on memory has to be level."""

    length_s: float
    seed: int
    #: Until caches are filled and every path has been walked.
    warm_up_s: float = 600.0
    gauge_s: float = 10.0
    #: The longest that a disturbance lasts.
    longest_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a night has shown."""

    verdict: Verdict
    gauges: list[Gauge]
    disturbances: dict[str, int]

    def report(self) -> str:
        """The figures, line by line."""
        counts = ", ".join(f"{count} {what}" for what, count in sorted(self.verdict.counts.items()))
        trouble = ", ".join(f"{count} {what}" for what, count in sorted(self.disturbances.items()))
        return "\n".join(
            [
                f"requests: {counts}",
                f"{sum(self.disturbances.values())} disturbances: {trouble}",
                f"oldest good value: {self.verdict.oldest_s:.2f} s",
                *map(str, self.gauges),
                f"{len(self.verdict.faults)} faults",
                *self.verdict.faults[:40],
            ]
        )


class Gauges:
    """Looks at processes that stay, every so often."""

    def __init__(self, processes: list[Child], period_s: float, journal: Journal) -> None:
        self._journal = journal
        self._pids = {one.name: one.pid for one in processes}
        self._period_s, self._next_s = period_s, time.monotonic() + period_s
        self.of = {name: Gauge(name) for name in self._pids}

    def tick(self) -> None:
        """Look, if it is time."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s += self._period_s
            for name, pid in self._pids.items():
                try:
                    sample = look(pid, now_s)
                except ProcessLookupError as error:
                    raise AssertionError(f"{name}: {error}") from None
                self.of[name].samples.append(sample)
                self._journal.note(gauge=name, **asdict(sample))


def run(directory: Path, plan: Plan) -> Outcome:
    """Have a bad night, and judge it."""
    with ExitStack() as stack:
        devices = stack.enter_context(_ending(children.devices(directory, *STORES)))
        urls = devices.hear()
        for store in STORES:
            (directory / f"{store}.toml").write_text(device_file(urls, store))
        steady, mortal = (stack.enter_context(_ending(children.markd(directory, store))) for store in STORES)
        stays, nomad, victim = (
            children.client(directory, number, role, STORES)
            for number, role in ((STAYS, "watcher"), (NOMAD, "nomad"), (VICTIM, "watcher"))
        )
        trouble = Trouble(
            directory, devices, mortal, victim, VICTIM,
            stores=STORES, seed=plan.seed, longest_s=plan.longest_s,
        )  # fmt: skip
        stack.callback(lambda: [one.close() for one in (stays, nomad, trouble.victim)])
        for one in (stays, victim):
            one.hear()  # it has found both daemons
        gauges = Gauges([steady, stays, nomad, devices], plan.gauge_s, trouble.journal)
        begun_s = time.monotonic()
        pacer = Pacer(trouble.journal, gauges.tick)
        pacer.wait(min(3.0, plan.length_s / 4))
        _disturb(trouble, begun_s + plan.length_s, pacer)
        ends = [one.end_input() for one in (stays, nomad, trouble.victim)]
        ends += [one.terminate() for one in (steady, mortal)]
        trouble.close()
        verdict = judge(directory)
        verdict.add([f"exit code {code}" for code in (*ends, *trouble.bad_ends) if code])
        verdict.add(list(_outbursts(directory)))
        warm = [gauge.after(begun_s + plan.warm_up_s) for gauge in gauges.of.values()]
        return Outcome(verdict, [gauge for gauge in warm if gauge.samples], dict(trouble.counts))


def _disturb(trouble: Trouble, end_s: float, pacer: Pacer) -> None:
    """Trouble until it is time; the last disturbance is healed."""
    for number, pause_s in enumerate(trouble.rounds()):
        pacer.wait(pause_s)
        if time.monotonic() >= end_s and number % 2:
            return


def _outbursts(directory: Path) -> Iterator[str]:
    """Tracebacks in what the processes logged: nothing that was foreseen has one."""
    for path in sorted(directory.glob("*.log")):
        text = path.read_text()
        if (at := text.find("Traceback")) >= 0:
            yield f"{path.name}: {text[max(0, at - 300) : at + 3000]}"


@contextmanager
def _ending(child: Child) -> Iterator[Child]:
    try:
        yield child
    finally:
        child.close()


if __name__ == "__main__":
    here = Path(sys.argv[1])
    here.mkdir()
    print(run(here, Plan(float(sys.argv[2]), int(sys.argv[3]), warm_up_s=float(sys.argv[4]))).report())
