"""``mark list`` and ``mark describe``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import click

from ..config.block import Block, endpoint
from ..errors import MktlError, NotGettableError
from ..item.types import unit_of
from .asking import Job
from .endings import OK, Failures
from .names import Name, parse, parse_all
from .reach import ask, expand, finish, item_of, no_answer, on_terminal, print_json, shown_keys, store_of
from .texts import json_safe, plain, printable, timestamp
from .values import Reading, read_of

#: Fields of a description in the order in which they are told; the others follow by name.
FIRST = ("description", "type", "units", "format", "range", "step", "enumerators", "settable", "gettable")


def list_stores(*, as_json: bool = False) -> int:
    """Print the stores that can be found without asking for one; the exit code."""
    from ..begin import stores

    names = sorted(stores())
    if as_json:
        print_json([{"store": name} for name in names])
    elif on_terminal():
        from . import tables

        if names:
            tables.show(tables.names((name, "") for name in names))
        else:
            click.echo("no stores known here: no daemon has run on this host, and none has been asked for")
    else:
        for name in names:
            click.echo(name)
    return OK


def list_items(
    stores: Sequence[str],
    *,
    failures: Failures,
    everything: bool = False,
    timeout_s: float | None = None,
    as_json: bool = False,
) -> int:
    """Print the items of *stores*; the exit code."""
    names = [_whole_store(text) for text in stores]
    jobs = [Job(name, partial(store_of, name), no_answer(name)) for name in dict.fromkeys(names)]
    rows: list[dict[str, Any]] = []
    hidden = 0
    for name, store in ask(jobs, failures, timeout_s=timeout_s):
        keys = shown_keys(store, everything=everything)
        hidden += len(store) - len(keys)
        rows += [row_of(f"{name}.{key}", store.describe(key)) for key in keys]
    _show_items(rows, hidden, as_json=as_json)
    return finish(failures)


def _whole_store(text: str) -> str:
    name = parse(text)
    if name.key is not None:
        raise click.UsageError(
            f"{text!r} is an item; `mark list {name.store}` lists its store, `describe` an item"
        )
    return name.store


def row_of(full_key: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """What ``mark list`` says of one item."""
    return {
        "key": full_key,
        "type": str(config.get("type") or ""),
        "units": unit_of(config),
        "settable": is_settable(config),
        "description": str(config.get("description") or ""),
    }


def is_settable(config: Mapping[str, Any]) -> bool:
    """Whether a description allows a SET; it does unless it says otherwise."""
    return bool(config.get("settable", True))


def _show_items(rows: Sequence[dict[str, Any]], hidden: int, *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
    elif on_terminal():
        from . import tables

        if rows:
            tables.show(tables.items(rows))
        if hidden:
            tables.show(tables.note(f"{hidden} more that daemons have about themselves: --all"))
    else:
        for row in rows:
            click.echo("\t".join(_tabbed(row)))


def _tabbed(row: Mapping[str, Any]) -> list[str]:
    access = "rw" if row["settable"] else "ro"
    return [printable(text) for text in (row["key"], row["type"], row["units"], access, row["description"])]


def describe(
    names: Sequence[str],
    store: str | None,
    *,
    failures: Failures,
    everything: bool = False,
    timeout_s: float | None = None,
    as_json: bool = False,
) -> int:
    """Print everything known of *names*; the exit code."""
    wanted = expand(parse_all(names, store), failures, everything=everything, timeout_s=timeout_s)
    one = partial(facts_of, timeout_s=timeout_s)
    jobs = [Job(str(name), partial(one, name), no_answer(str(name))) for name in wanted]
    found = [facts for _, facts in ask(jobs, failures, timeout_s=timeout_s)]
    if as_json:
        print_json([as_json_of(*facts) for facts in found])
    else:
        _show_facts(found)
    return finish(failures)


def facts_of(name: Name, *, timeout_s: float | None = None) -> tuple[Reading, dict[str, Any], Block]:
    """What an item says now, its description, and the block of the daemon that serves it.

    An item that cannot be read is described all the same: the reason stands where its status would.
    """
    item = item_of(name, timeout_s=timeout_s)
    try:
        item.get()
        reading = read_of(item)
    except NotGettableError:
        reading = read_of(item)
    except MktlError as error:
        reading = replace(read_of(item), status=error.status, severity="invalid", reason=str(error))
    return reading, dict(item.config), item.store.block_of(item.key)


def as_json_of(reading: Reading, config: Mapping[str, Any], block: Block) -> dict[str, Any]:
    """The fields of a reading, with ``sampled``, ``config`` as the daemon sent it, and ``daemon``."""
    host, rep, pub = endpoint(block)
    return {
        **reading.as_json(),
        "sampled": json_safe(reading.sampled),
        "settable": is_settable(config),
        "config": json_safe(config),
        "daemon": {
            "alias": block.get("alias"),
            "uuid": block.get("uuid"),
            "host": host,
            "rep": rep,
            "pub": pub,
        },
    }


def lines_of(reading: Reading, config: Mapping[str, Any], block: Block) -> list[tuple[str, str]]:
    """Names and texts, in the order in which a person asks: what it says, what it is, where it lives."""
    lines = [("item", reading.key), ("value", reading.shown)]
    if reading.value is not None and plain(reading.value) != reading.formatted:
        lines.append(("unformatted", f"{plain(reading.value)} {reading.units}".strip()))
    lines += [("status", reading.remark if not reading.is_ok else "ok")]
    lines += [("changed", timestamp(reading.time))] if reading.time else []
    lines += [("sampled", timestamp(reading.sampled))] if reading.sampled else []
    fields = dict(config)
    fields["settable"] = is_settable(config)
    others = sorted(field for field in fields if field not in FIRST)
    lines += [(field, _text_of(field, fields[field])) for field in (*FIRST, *others) if field in fields]
    host, rep, pub = endpoint(block)
    lines.append(("daemon", f"{block['store']} {block['alias']} on {host}, ports {rep} and {pub}"))
    return lines


def _text_of(field: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "range" and isinstance(value, Sequence) and len(value) == 2:
        low, high = ("any" if limit is None else str(limit) for limit in value)
        return f"{low} to {high}"
    if field == "enumerators" and isinstance(value, Mapping):
        return ", ".join(f"{number} {word}" for number, word in value.items())
    if field == "units":
        bare, shown = unit_of({field: value}), unit_of({field: value}, formatted=True)
        return bare if bare == shown else f"{bare}, shown in {shown}"
    return plain(value)


def _show_facts(found: Sequence[tuple[Reading, dict[str, Any], Block]]) -> None:
    for index, facts in enumerate(found):
        if index:
            click.echo()
        lines = lines_of(*facts)
        if on_terminal():
            from . import tables

            tables.show(tables.facts(lines, facts[0]))
        else:
            for name, text in lines:
                click.echo(f"{name}: {printable(text)}")
