"""S13: MessagePack against JSON, at the same daemon."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from tests.bench.child import Child, together
from tests.bench.effort import Effort
from tests.bench.ours import OurClient, OurDaemon
from tests.bench.published import Side
from tests.bench.row import AtLeast, Row
from tests.bench.s1_get import INITIAL, Getter
from tests.bench.s2_set import Setter
from tests.bench.s3_in_flight import DEPTH, Asker

ENCODINGS = {"bare": "a", "ours": "m"}
# Each has items of its own, so that a broadcast is encoded for one of them.
ITEMS = {
    f"{key}_{encoding}": {"type": "numeric", **({"initial": INITIAL} if key == "TEMP" else {})}
    for key in ("TEMP", "TARGET", "COUNT")
    for encoding in ENCODINGS.values()
}
COUNT = 20_000
#: So many turns in the place of one.
TURNS = 16


def speaking(encoding: str, make: Callable[..., Any], *args: Any) -> Any:
    """What *make* makes, in a process whose client speaks this version of the wire where it can choose."""
    if encoding == "a":
        os.environ["MKTL_ENCODING"] = "a"
    return make(*args)


def measure(effort: Effort) -> list[Row]:
    """JSON stands in the place of the bare side."""
    # What differs is small against what a machine does by itself: shorter turns, and more of them.
    finer = effort.times(TURNS)
    duration_s = effort.seconds(0.5) / TURNS
    depth, count = effort.count(DEPTH, least=10), effort.count(COUNT)
    rows = []
    with ExitStack() as stack:
        daemon = stack.enter_context(Child(OurDaemon, ITEMS))
        port = int(daemon.ask("addresses")[0].rpartition(":")[2])

        def clients(make: Callable[..., Any], key: str, *args: Any) -> dict[str, Child]:
            return {
                side: stack.enter_context(Child(speaking, encoding, make, f"{key}_{encoding}", *args))
                for side, encoding in ENCODINGS.items()
            }

        def compare(work: str, sides: dict[str, Child], *what: Any) -> None:
            calls = {side: partial(child.ask, *what) for side, child in sides.items()}
            rows.append(_row(work, finer.interleave(**calls)))

        compare("GET, blocking", clients(Getter, "temp"), "blocking", duration_s)
        compare("SET, confirmed", clients(Setter, "target"), "blocking", duration_s)
        askers = {
            side: stack.enter_context(Child(Asker, f"temp_{encoding}", port, encoding.encode()))
            for side, encoding in ENCODINGS.items()
        }
        compare("GETs in flight", askers, "in_flight", duration_s, depth)
        hearers = clients(OurClient, "count")
        together(list(hearers.values()), "register")
        sides = {
            side: Side(daemon, hearers[side], f"count_{encoding}") for side, encoding in ENCODINGS.items()
        }
        published = effort.interleave(**{name: partial(side.rate, count) for name, side in sides.items()})
        faults = [fault for side in sides.values() for fault in side.faults]
        rows.append(_row("published flat out", published, faults))
    return rows


def _row(work: str, figures: dict[str, list[float]], faults: Sequence[str] = ()) -> Row:
    name = f"{work}: MessagePack against JSON"
    return Row("S13", name, "1/s", AtLeast(1.0), figures["ours"], figures["bare"], faults=faults)
