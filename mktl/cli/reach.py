"""From names to items: finding stores, replacing a store by its items, asking for many at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from ..errors import NoAnswerError
from .asking import Job, Outcome, ask_all
from .endings import Failures
from .names import Name, is_housekeeping

if TYPE_CHECKING:
    from ..item import Item
    from ..store import Store

T = TypeVar("T")

#: How much longer than a request may take it is waited for: its own error says more than ours.
GRACE_S = 0.25


def store_of(name: str) -> Store:
    """The store of this name; nothing is subscribed to.

    Raises:
        UnknownStoreError: Nobody serves it.
    """
    from ..begin import find_store

    return find_store(name)


def item_of(name: Name, *, subscribe: bool = False, timeout_s: float | None = None) -> Item:
    """The item of this name; its requests may take *timeout_s*.

    Raises:
        UnknownItemError: Its store has no such item; the message has the nearest ones.
    """
    import mktl

    found = mktl.get(name.store, name.key, subscribe=subscribe)
    item = cast("Item", found)
    if timeout_s is not None:
        item.timeout = timeout_s
    return item


def no_answer(name: str) -> Callable[[float], Exception]:
    """The error of a request for *name* that was given up after so many seconds."""
    return lambda waited_s: NoAnswerError(f"{name}: no answer within {waited_s:g} s")


def expand(
    names: Sequence[Name],
    failures: Failures,
    *,
    everything: bool = False,
    readable: bool = False,
    timeout_s: float | None = None,
) -> list[Name]:
    """*names* with each store replaced by its items, in its order; those that cannot be found are told of.

    What a daemon has about itself (``_labcpu``) comes only when *everything* is wanted, and then last; with
    *readable*, what can only be set stays out. An item that is named comes always.
    """
    stores = dict.fromkeys(name.store for name in names)
    jobs = [Job(store, partial(store_of, store), no_answer(store)) for store in stores]
    found = dict(ask(jobs, failures, timeout_s=timeout_s))
    expanded: dict[Name, None] = {}
    for name in names:
        if name.store not in found:
            continue
        if name.key is not None:
            expanded[name] = None
            continue
        for key in shown_keys(found[name.store], everything=everything, readable=readable):
            expanded[Name(name.store, key)] = None
    return list(expanded)


def shown_keys(store: Store, *, everything: bool, readable: bool = False) -> list[str]:
    """The keys of *store* in its order, housekeeping last or not at all."""
    keys = list(store.keys())
    if readable:
        keys = [key for key in keys if store.describe(key).get("gettable") is not False]
    kept = [key for key in keys if not is_housekeeping(key)]
    if everything:
        kept += [key for key in keys if is_housekeeping(key)]
    return kept


def ask(
    jobs: Sequence[Job[T]], failures: Failures, *, serial: bool = False, timeout_s: float | None = None
) -> list[tuple[str, T]]:
    """Do *jobs*, each in *timeout_s*; as :func:`tell` has it."""
    patience_s = None if timeout_s is None else timeout_s + GRACE_S
    return tell(ask_all(jobs, serial=serial, timeout_s=patience_s), failures)


def tell(outcomes: Sequence[Outcome[T]], failures: Failures) -> list[tuple[str, T]]:
    """Name and result of what succeeded; whatever failed is said on stderr."""
    results: list[tuple[str, T]] = []
    for outcome in outcomes:
        if outcome.error is not None:
            failures.add(outcome.name, outcome.error, expired=outcome.expired)
        else:
            results.append((outcome.name, cast(T, outcome.result)))
    return results


def finish(failures: Failures) -> int:
    """Close the connections and give the exit code.

    Not while a request that was given up is still under way: its socket belongs to a thread that hangs in it,
    and both go with the process.
    """
    if not failures.expired:
        import mktl

        mktl.close()
    return failures.code


def on_terminal() -> bool:
    """True when a person reads stdout."""
    return sys.stdout.isatty()


def print_json(objects: Sequence[dict[str, Any]]) -> None:
    """Print one JSON array, an object to a line: readable by any parser, by ``grep`` and by people."""
    lines = ",\n".join("  " + json_line(fields) for fields in objects)
    click.echo(f"[\n{lines}\n]" if lines else "[]")


def json_line(fields: dict[str, Any]) -> str:
    """One object on one line, in ASCII."""
    return json.dumps(fields, allow_nan=False)
