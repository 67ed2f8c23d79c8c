"""``mark explain``: what is behind an item, and why it is in error, in plain words."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import click

from ..errors import MktlError
from .asking import Job
from .endings import Failures
from .names import Name, parse_all
from .reach import ask, expand, finish, item_of, no_answer, print_json
from .texts import age_text, counted, printable, timestamp
from .values import Reading, read_of

if TYPE_CHECKING:
    from ..store import Store

#: The item of a link that has all that was said on it.
_LAST = ".last"
_FACTS = ("state", "since", "last_error", "reconnects", "timeouts", "late_replies", "latency", "load")

#: A status → what it means for the person who reads it, and what to look at.
_WHY = {
    "ok": "the value is what the device said last",
    "simulated": "the value is as good as ever, and comes from a simulator",
    "alarm": "the value is good, and beyond a limit that the file sets",
    "unset": "there never was a value: nothing has been read yet, and nobody has set one",
    "range": "the device answers, and says itself that this reading is none",
    "disabled": "the device answers, and says that this channel is switched off",
    "timeout": "the device does not answer, or not in time; the last value is kept",
    "disconnected": "the line is down, or another device is on it; the last value is kept",
    "invalid": "what came is not what the file expects, or a hook raised; the last value is kept",
    "stale": "this program has no connection to the daemon; what the device does is not known",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """An item with all that its daemon knows of what is behind it."""

    reading: Reading
    #: The link's name, the facts that its items show, and what was said; empty without a link.
    link: str = ""
    facts: Mapping[str, Reading] | None = None
    query: Mapping[str, Any] | None = None
    set: Mapping[str, Any] | None = None
    last: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        facts = {name: reading.as_json()["value"] for name, reading in (self.facts or {}).items()}
        return {
            **self.reading.as_json(),
            "why": _WHY.get(self.reading.status, ""),
            "link": {"name": self.link, **facts} if self.link else None,
            "query": self.query,
            "set": self.set,
        }


def run(
    names: Sequence[str],
    store: str | None,
    *,
    failures: Failures,
    timeout_s: float | None = None,
    as_json: bool = False,
) -> int:
    """Explain each of *names*; the exit code."""
    wanted = expand(parse_all(names, store), failures, timeout_s=timeout_s)
    jobs = [Job(str(name), partial(explain, name, timeout_s), no_answer(str(name))) for name in wanted]
    found = [explanation for _, explanation in ask(jobs, failures, timeout_s=timeout_s)]
    if as_json:
        print_json([explanation.as_json() for explanation in found])
    else:
        for explanation in found:
            for line in lines(explanation, time.time()):
                click.echo(line)
    return finish(failures)


def explain(name: Name, timeout_s: float | None = None) -> Explanation:
    """Ask the daemon of *name* what it knows."""
    item = item_of(name, timeout_s=timeout_s)
    item.get()
    reading, store = read_of(item), cast("Store", item.store)
    for key in _last_keys(store, item.key):
        said = _said(store, key)
        if item.key not in said.get("items", {}) and item.key not in said.get("sets", {}):
            continue
        link = key.removesuffix(_LAST)
        return Explanation(
            reading,
            link.rpartition(".link.")[2],
            {fact: _fact(store, f"{link}.{fact}") for fact in _FACTS},
            said["queries"].get(said["items"].get(item.key)),
            said["sets"].get(item.key),
            said.get("last"),
        )
    return Explanation(reading)


def _last_keys(store: Store, key: str) -> list[str]:
    """What to ask of the links of the daemon that serves *key*."""
    block = store.block_of(key)
    prefix = f"_{block['alias'].lower()}.link."
    return [one for one in block["items"] if one.startswith(prefix) and one.endswith(_LAST)]


def _said(store: Store, key: str) -> dict[str, Any]:
    item = store.item(key, subscribe=False)
    item.get(refresh=True)
    try:
        said: dict[str, Any] = json.loads(item.reading.value)
    except (TypeError, ValueError):
        raise MktlError(f"{item.full_key}: its daemon says nothing that could be read") from None
    return said


def _fact(store: Store, key: str) -> Reading:
    item = store.item(key, subscribe=False)
    item.get()
    return read_of(item)


def lines(explanation: Explanation, now: float) -> Iterator[str]:
    """The explanation in words, line by line; ages count from *now*."""
    reading = explanation.reading
    yield reading.as_line()
    yield f"  {_WHY.get(reading.status, reading.status)}"
    if reading.sampled:
        yield f"  last good reading {_ago(reading.sampled, now)}"
    if not explanation.link:
        yield "  it is on no link: its daemon keeps what it was set to, or makes it itself"
        return
    yield from _query_lines(explanation, now)
    if explanation.set is not None:
        yield from _said_lines("set last", explanation.set, now)
    yield from _link_lines(explanation)


def _query_lines(explanation: Explanation, now: float) -> Iterator[str]:
    query = explanation.query
    if query is None:
        yield "  it is only written: nothing is asked for it"
        return
    if query["unsolicited"]:
        yield "  nothing is asked for it: the device says it by itself"
        if query["said"] is not None:
            yield f"  came last {_ago(query['said']['time'], now)}: {printable(query['said']['came'][-1])}"
        return
    if query["period_s"] is None:
        yield "  asked on each connect, after a set and when somebody wants it; not polled"
    else:
        due = f", next in {max(0.0, query['next_s']):.1f} s" if query["next_s"] is not None else ""
        yield f"  asked every {query['period_s']:g} s{due}"
    if query["failures"]:
        again = f", although asked again {counted(query['retries'], 'time')} each" if query["retries"] else ""
        yield f"  failed {counted(query['failures'], 'time')} in a row{again}"
    said = query["said"] or explanation.last
    if said is not None:
        what = "asked last" if query["said"] else "the last exchange on its line,"
        yield from _said_lines(what, said, now)


def _said_lines(what: str, said: Mapping[str, Any], now: float) -> Iterator[str]:
    for sent, came in zip(said["sent"], said["came"], strict=True):
        yield f"  {what} {_ago(said['time'], now)}: {printable(sent)}"
        nothing = "and got nothing" if said.get("is_answered", True) else "which is answered by nothing"
        yield f"    and got {printable(came)}" if came else f"    {nothing}"


def _link_lines(explanation: Explanation) -> Iterator[str]:
    facts = explanation.facts or {}
    since = facts["since"].value
    state = facts["state"].formatted or "in no known state"
    yield f"  link {explanation.link} is {state}" + (f" since {timestamp(since)}" if since else "")
    latency, load = facts["latency"], facts["load"]
    if latency.value is not None:
        busy = f"the line is busy {load.value or 0:.0%} of the time"
        yield f"    answers take {1000 * latency.value:.3g} ms; {busy}"
    counts = [(name, facts[name].value or 0) for name in ("timeouts", "late_replies", "reconnects")]
    yield "    " + ", ".join(f"{name.replace('_', ' ')} {number:.0f}" for name, number in counts)
    if facts["last_error"].value:
        yield f"    last error: {printable(facts['last_error'].value)}"


def _ago(then: float, now: float) -> str:
    age_s = now - then
    return f"{age_s:.1f} s ago" if age_s < 100 else f"{age_text(age_s)} ago"
