"""Reads the journals, and says what no correct system could have shown."""

from __future__ import annotations

import bisect
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.trust.history import Operation, violations
from tests.trust.soak.journal import read
from tests.trust.soak.served import KEPT

#: So old a good value may be: two seconds until a loss is known, and a poll, and a little for a busy machine.
OLDEST_S = 3.0
#: A daemon that stands still is noticed within three.
OLDEST_STOPPED_S = 4.0
#: So long after a stop its clients know of it.
NOTICED_S = 3.0
#: So long after a daemon goes on everything has been read again, unless it is stopped before.
AGAIN_S = 2.0
#: What a subscriber is shown was so at some moment of the last seconds.
SHOWN_WITHIN_S = 2.0
_STOPPED = "daemon stopped"


@dataclass(slots=True)
class Verdict:
    """What was found, and how much was looked at."""

    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    oldest_s: float = 0.0

    def add(self, texts: Sequence[str]) -> None:
        self.faults += texts


class _Machine:
    """When the daemon stood still, and when the whole machine was late: ages are judged otherwise then."""

    def __init__(self, trouble: Iterable[Mapping[str, Any]]) -> None:
        lines = list(trouble)
        ends = [line["t"] for line in lines if line.get("end") == _STOPPED]
        begins = [line["t"] for line in lines if line.get("begin") == _STOPPED]
        #: When a stop began and ended, and since when nothing may have been read again.
        self._stops: list[tuple[float, float, float]] = []
        for begin_s, end_s in zip_longest(begins, ends, fillvalue=math.inf):
            _, before_s, since_s = self._stops[-1] if self._stops else (0.0, -math.inf, 0.0)
            has_settled = begin_s > before_s + AGAIN_S
            self._stops.append((begin_s, end_s, begin_s if has_settled else since_s))
        self._late = [(line["t"], line["late_s"]) for line in lines if "late_s" in line]

    def late_s(self, at_s: float) -> float:
        """How much of the time that led up to *at_s* nobody was given."""
        before = bisect.bisect_left(self._late, (at_s - OLDEST_STOPPED_S,))
        behind = bisect.bisect_left(self._late, (at_s + 1.0,))
        return sum(late_s for _, late_s in self._late[before:behind])

    def oldest_s(self, at_s: float) -> float:
        """How old a value that claims to be good may be."""
        late_s = self.late_s(at_s)
        for begin_s, end_s, since_s in reversed(self._stops):
            if begin_s <= at_s <= end_s:
                # What it said again between two stops is believed until the second one is noticed.
                says_again = since_s < begin_s and at_s <= begin_s + NOTICED_S + late_s
                return at_s - since_s + OLDEST_S if says_again else OLDEST_STOPPED_S + late_s
            if end_s < at_s <= end_s + AGAIN_S + late_s:
                return at_s - since_s + OLDEST_S  # it says again what it knew, until it has read it anew
        return OLDEST_S + late_s


def judge(directory: Path) -> Verdict:
    """Everything that the processes of one run wrote into *directory*, compared."""
    verdict = Verdict()
    history: dict[str, list[Operation]] = defaultdict(list)
    machine = _Machine(read(directory / "trouble.journal"))
    for path in sorted(directory.glob("client*.journal")):
        _take(path, history, machine, verdict)
    executed = _executed(directory / "devices.journal")
    for key in sorted(history.keys() | executed.keys()):
        operations = history[key]
        initial = None if key.partition(".")[2] in KEPT else 0
        verdict.add([f"{key}: {text}" for text in violations(operations, initial)])
        if initial is not None:
            verdict.add([f"{key}: {text}" for text in _against_device(operations, executed.get(key, {}))])
    return verdict


def _take(path: Path, history: dict[str, list[Operation]], machine: _Machine, verdict: Verdict) -> None:
    """One client's journal; *history* and *verdict* grow."""
    begun: dict[str, dict[str, Any]] = {}
    for line in read(path):
        if "do" in line:
            begun[line["op"]] = line
        elif "op" in line:
            operation = _operation(begun.pop(line["op"]), line)
            verdict.counts[_counted(line, operation)] += 1
            if operation is not None:
                history[operation[0]].append(operation[1])
        else:
            _take_other(path.stem, line, history, machine, verdict)
    for line in begun.values():  # its client was killed, or ended, before the answer came
        verdict.counts["without an end"] += 1
        if line["do"] == "write":
            write = Operation("write", line["value"], line["t"], math.inf, "unknown", path.stem)
            history[line["key"]].append(write)


def _take_other(
    who: str,
    line: Mapping[str, Any],
    history: dict[str, list[Operation]],
    machine: _Machine,
    verdict: Verdict,
) -> None:
    if "shown" in line:
        verdict.counts["looks at a register"] += 1
        if _is_value(line):
            at_s = line["t"]
            since_s = at_s - SHOWN_WITHIN_S - machine.late_s(at_s)
            seen = Operation("read", line["value"], since_s, at_s, who=f"{who}, shown")
            history[line["shown"]].append(seen)
    elif "old" in line:
        verdict.oldest_s = max(verdict.oldest_s, line["age_s"])
        if line["age_s"] > machine.oldest_s(line["t"]):
            verdict.faults.append(f"{who}: {line['old']} is {line['age_s']:.2f} s old at {line['t']} and ok")
    elif "final" in line:
        bad = {key: said for key, said in line["final"].items() if not said.startswith("ok")}
        verdict.add([f"{who}: {key} at the end: {said}" for key, said in bad.items()])
        verdict.counts["callbacks"] += line["called_back"]
    elif "broken" in line or "strange" in line:
        verdict.faults.append(f"{who}: {line.get('broken') or line['strange']} at {line['t']}")


def _operation(begun: Mapping[str, Any], ended: Mapping[str, Any]) -> tuple[str, Operation] | None:
    """The key and what was done with it; None for a read that gave no value."""
    who = str(begun["op"])
    if begun["do"] == "write":
        end_s = math.inf if ended["is"] == "unknown" else ended["t"]
        said = f"{who} {ended.get('error', '')}".strip()
        return begun["key"], Operation("write", begun["value"], begun["t"], end_s, ended["is"], said)
    if not _is_value(ended):
        return None
    return begun["key"], Operation("read", ended["value"], begun["t"], ended["t"], who=who)


def _is_value(line: Mapping[str, Any]) -> bool:
    """True for a value that claims to be good; one that a daemon does not know yet claims nothing."""
    return line["is"] == "done" and (line.get("status") != "unset")


def _counted(ended: Mapping[str, Any], operation: tuple[str, Operation] | None) -> str:
    return (
        f"{operation[1].kind}s {ended['is']}" if operation is not None else f"reads {ended['is']}, no value"
    )


def _executed(path: Path) -> dict[str, dict[int, list[float]]]:
    """By key and value: when the device carried out a write of it."""
    found: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in read(path):
        found[line["wrote"]][line["value"]].append(line["t"])
    return found


def _against_device(
    operations: Sequence[Operation], executed: Mapping[int, Sequence[float]]
) -> Iterator[str]:
    """An acknowledged write was carried out once, when that was said; none was twice; a refused one never."""
    for write in (one for one in operations if one.kind == "write"):
        times = executed.get(int(str(write.value)), ())
        if len(times) > 1:
            yield f"carried out {len(times)} times: {write}"
        if write.outcome == "refused" and times:
            yield f"refused, yet the device carried it out at {times[0]:.3f} s: {write}"
        if write.outcome == "done" and not times:
            yield f"acknowledged, yet the device never had it: {write}"
        if any(not write.begun_s <= at_s <= write.ended_s for at_s in times):
            yield f"carried out at another time, {times[0]:.3f} s: {write}"
    written = {int(str(one.value)) for one in operations if one.kind == "write"}
    for value in executed.keys() - written:
        yield f"the device had {value}, which nobody set"
