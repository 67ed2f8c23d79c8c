"""What a shell may complete: stores, keys and words, from what is on this disk; nobody is asked.

A completion must be quick and is never an error: whatever cannot be read completes to nothing.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, get_completion_class

from .names import is_housekeeping
from .texts import printable

COMPLETE_VAR = "_MARK_COMPLETE"

Items = Mapping[str, Mapping[str, Any]]
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


class _Bash(BashComplete):
    """Click's script, but no blank after a completion that goes on: a store's dot, a key's equal sign."""

    source_template = BashComplete.source_template.replace(
        "    return 0\n", "    [[ ${COMPREPLY[0]} == *[.=] ]] && compopt -o nospace\n    return 0\n"
    )


add_completion_class(_Bash)


def script(command: click.Command, shell: str) -> str:
    """What a shell has to evaluate to complete *command*."""
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell!r}")
    return completion(command, {}, "mark", COMPLETE_VAR).source()


def _never_an_error(completer: Completer) -> Completer:
    @functools.wraps(completer)
    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        try:
            return completer(context, parameter, typed)
        except Exception:  # a traceback in the middle of what a person types helps nobody
            return []

    return complete


# -- for the parameters of commands


@_never_an_error
def complete_stores(_context: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of stores."""
    return [CompletionItem(store) for store in known_stores() if store.startswith(typed.lower())]


@_never_an_error
def complete_names(context: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of items; of stores while more than one fits."""
    return _names(context.params.get("store"), typed)


@_never_an_error
def complete_assignments(context: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """``KEY=`` of items that can be set, then the words that an item takes."""
    store = context.params.get("store")
    before = list(context.params.get("assignments") or ())
    # Bash takes `lab.heater=hi` for three words, and click a lone `=` for nothing.
    if not typed and before[-2:-1] != ["="] and before and _item(before[-1], store) is not None:
        return _words(before[-1], store, "")
    if before[-1:] == ["="] and len(before) > 1:
        return _words(before[-2], store, typed)
    name, equals, word = typed.partition("=")
    if equals:
        return [CompletionItem(f"{name}={one.value}") for one in _words(name, store, word)]
    return _names(store, typed, suffix="=", fits=lambda item: item.get("settable") is not False)


@_never_an_error
def complete_addresses(_context: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Addresses that were written down or have answered."""
    from ..config import registries

    return [CompletionItem(address) for address in registries.load() if address.startswith(typed)]


def _names(
    store: str | None, typed: str, suffix: str = "", fits: Callable[[Mapping[str, Any]], bool] | None = None
) -> list[CompletionItem]:
    typed = typed.lower()
    if store is not None:
        return _keys("", known_items(store.lower()), typed, suffix, fits)
    name, dot, key = typed.partition(".")
    if not dot:
        stores = [one for one in known_stores() if one.startswith(name)]
        if len(stores) != 1:
            return [CompletionItem(f"{one}.") for one in stores]
        name = stores[0]
    return _keys(f"{name}.", known_items(name), key, suffix, fits)


def _keys(
    prefix: str, items: Items, typed: str, suffix: str, fits: Callable[[Mapping[str, Any]], bool] | None
) -> list[CompletionItem]:
    return [
        CompletionItem(f"{prefix}{key}{suffix}", help=printable(str(item.get("description") or "")) or None)
        for key, item in items.items()
        if key.startswith(typed)
        and (is_housekeeping(typed) or not is_housekeeping(key))
        and (fits is None or fits(item))
    ]


def _words(name: str, store: str | None, typed: str) -> list[CompletionItem]:
    words = (_item(name, store) or {}).get("enumerators") or {}
    return [CompletionItem(word) for word in words.values() if word.lower().startswith(typed.lower())]


def _item(name: str, store: str | None) -> Mapping[str, Any] | None:
    if store is None:
        store, _, name = name.partition(".")
    return known_items(store.lower()).get(name.lower()) if store else None


# -- what is on the disk


def known_stores() -> list[str]:
    """Stores that have been asked for, and those of daemons of this host."""
    from ..config import cache, local

    return sorted({daemon.store for daemon in local.known_daemons()} | set(cache.stores()))


def known_items(store: str) -> Items:
    """Items of *store* as they were last seen, and as the daemons of this host have them."""
    from ..config import cache, local

    items: dict[str, Mapping[str, Any]] = {}
    for path in sorted(local.store_directory(store).glob("*.json")):
        try:
            content = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        items |= _sound(content.items()) if isinstance(content, dict) else {}
    for block in cache.load(store).values():
        items |= _sound(block["items"].items())
    return dict(sorted(items.items()))


def _sound(pairs: Iterable[tuple[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Those whose keys may stand in a shell's command line."""
    from ..config.names import check_key
    from ..errors import ItemValueError

    sound: dict[str, Mapping[str, Any]] = {}
    for key, item in pairs:
        try:
            sound[check_key(key)] = item if isinstance(item, dict) else {}
        except ItemValueError:
            continue
    return sound
