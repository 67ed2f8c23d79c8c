"""``mark wait``: a condition on items, judged anew with every broadcast."""

from __future__ import annotations

import queue
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ..condition import Condition, ConditionError, Known, Verdict, parse
from ..errors import MktlError
from .asking import Job
from .endings import Failures
from .getting import show
from .names import parse as parse_name
from .reach import ask, finish, item_of, no_answer
from .values import Reading, read_of

if TYPE_CHECKING:
    from ..item import Item

#: Wakes whoever waits; what an item knows is read when it is judged, value and trust as of one moment.
Wake = queue.SimpleQueue[str]


def run(
    text: str,
    store: str | None,
    *,
    failures: Failures,
    timeout_s: float | None = None,
    as_json: bool = False,
) -> int:
    """Wait until the condition *text* holds and print the values with which it does; the exit code."""
    ends_s = None if timeout_s is None else time.monotonic() + timeout_s
    try:
        condition = parse(text, store)
        wake: Wake = queue.SimpleQueue()
        jobs = [Job(name, partial(follow, name, wake), no_answer(name)) for name in condition.names]
        items = {item.full_key: item for _, item in ask(jobs, failures, timeout_s=timeout_s)}
        if len(items) == len(condition.names):
            condition = condition.bind(partial(value_of_word, items))
            readings, verdict = until(condition, items, wake, ends_s)
            if verdict.holds:
                show(readings, as_json=as_json)
            else:
                failures.add("", MktlError(missed(condition, readings, verdict, timeout_s or 0.0)))
    except ConditionError as error:
        finish(failures)
        raise click.UsageError(str(error)) from None
    except KeyboardInterrupt:
        failures.expired = True  # nothing is waited for: the connections go with the process
        raise
    return finish(failures)


def follow(full_key: str, wake: Wake) -> Item:
    """Put the name of an item into *wake* whenever there is news of it."""
    item = item_of(parse_name(full_key), subscribe=True)

    item.register(lambda *_: wake.put(full_key))
    return item


def until(
    condition: Condition, items: Mapping[str, Item], wake: Wake, ends_s: float | None
) -> tuple[list[Reading], Verdict]:
    """Judge *condition* now and with all news until it holds, or until *ends_s*, which is monotonic."""
    while True:
        readings = [read_of(items[name]) for name in condition.names]
        verdict = condition.judge({reading.key: known_of(reading) for reading in readings})
        patience_s = None if ends_s is None else ends_s - time.monotonic()
        if verdict.holds or (patience_s is not None and patience_s <= 0):
            return readings, verdict
        try:
            wake.get(timeout=patience_s)
        except queue.Empty:
            pass  # judged once more: what came in the last instant counts


def known_of(reading: Reading) -> Known:
    """What a condition may make of *reading*: nothing invalid is trusted."""
    if reading.severity == "invalid":
        return Known(doubt=f"is not to be trusted ({reading.remark})")
    return Known(reading.value)


def value_of_word(items: Mapping[str, Item], name: str, word: str) -> Any:
    """What *word* stands for in the item of this name.

    Raises:
        ConditionError: Nothing.
    """
    try:
        return items[name].from_format(word)
    except (MktlError, ValueError, TypeError, LookupError) as error:
        text = str(error)
        raise ConditionError(
            text if name in text else f"{name}: {word!r} is no value of it: {text}"
        ) from None


def missed(condition: Condition, readings: Sequence[Reading], verdict: Verdict, waited_s: float) -> str:
    """One line: the condition, the present values, and what could not be told from them."""
    values = [f"{one.key} = {one.shown}" + ("" if one.is_ok else f" ({one.remark})") for one in readings]
    is_told = {f"{one.key}: {known_of(one).doubt}" for one in readings}
    values += [doubt for doubt in verdict.doubts if doubt not in is_told]
    return f"not within {waited_s:g} s: {condition.text}; {', '.join(values)}"
