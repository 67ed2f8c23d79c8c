"""What a person types to name things: ``lab``, ``lab.temp``, ``lab.setpoint=12.5``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Name:
    """An item of a store, or the whole store when *key* is None."""

    store: str
    key: str | None = None

    def __str__(self) -> str:
        return self.store if self.key is None else f"{self.store}.{self.key}"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One ``key=value``; *text* is exactly what was typed after the first ``=``."""

    name: Name
    text: str


def parse(text: str, store: str | None = None) -> Name:
    """What *text* names; with *store* given, *text* is a key of that store.

    Names are lower case on the wire, so they are made so here.

    >>> parse("lab.Temp")
    Name(store='lab', key='temp')
    >>> parse("temp", store="lab")
    Name(store='lab', key='temp')
    """
    text = text.strip().lower()
    if store is not None:
        store = store.strip().lower()
        key = text.removeprefix(f"{store}.")
    else:
        store, dot, key = text.partition(".")
        if not dot and store:
            return Name(store)
    if not store or not key:
        raise click.UsageError(f"{text!r} names nothing: expected STORE.KEY, such as lab.temp, or a STORE")
    return Name(store, key)


def parse_all(texts: Iterable[str], store: str | None = None) -> list[Name]:
    """The names of *texts*, each once and in the order given; a *store* alone stands for all its items."""
    names = [parse(text, store) for text in texts]
    if not names:
        if store is None:
            raise click.UsageError("name at least one item (STORE.KEY) or STORE")
        names = [parse(store)]
    return list(dict.fromkeys(names))


def parse_assignment(text: str, store: str | None = None) -> Assignment:
    """Take one ``key=value`` apart at its first ``=``.

    >>> parse_assignment("lab.label=a=b")
    Assignment(name=Name(store='lab', key='label'), text='a=b')
    """
    left, equals, right = text.partition("=")
    if not equals:
        raise click.UsageError(
            f"{text!r} sets nothing: expected KEY=VALUE without spaces, such as lab.x=12.5"
        )
    name = parse(left, store)
    if name.key is None:
        raise click.UsageError(
            f"{text!r} names a whole store: expected STORE.KEY=VALUE, such as {name}.x=12.5"
        )
    return Assignment(name, right)


def parse_assignments(texts: Sequence[str], store: str | None, *, serial: bool) -> list[Assignment]:
    """All of *texts*; one item twice is only allowed when they are done one after the other."""
    assignments = [parse_assignment(text, store) for text in texts]
    seen: set[Name] = set()
    for assignment in assignments:
        if assignment.name in seen and not serial:
            raise click.UsageError(
                f"{assignment.name} is set twice at the same time; --serial keeps the order"
            )
        seen.add(assignment.name)
    return assignments


def is_housekeeping(key: str) -> bool:
    """True for what a daemon has about itself and its links: ``_labcpu``, ``_lab.link.oven.state``."""
    return key.startswith("_")
