"""What an item's table says of its value: conversion, sentinels, alarms, when a set is done, its register."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise

from ..condition import Condition, ConditionError, parse
from .entry import Entry
from .exchange import compiled_query
from .model import AlarmsTable, ItemTable, SentinelTable
from .problems import instead, shown
from .register import WORDS, WRITE_FUNCTIONS, Place, Register
from .steps import Ground
from .values import Alarms, Conversion, Done, Fast, Sentinel

#: Before the keys in a condition of a file, which knows of no store.
ITEM = "item"

_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_REGISTER_KEYS = (
    "as",
    "order",
    "count",
    "length",
    "scale_register",
    "write_register",
    "write_function",
    "rewrite_s",
)
_BITS = ("coil", "discrete")
_READ_ONLY = ("discrete", "input")


def conversion(entry: Entry[ItemTable], table: ItemTable) -> Conversion:
    """From the device's number to the item's."""
    given = next((key for key in ("scale", "offset", "table") if entry.says(key)), None)
    if given and table.type not in ("numeric", "numeric array", None) and "type" not in entry.broken:
        entry.report(given, message=f"only numbers are converted; the item's type is {shown(table.type)}")
    if table.table is not None:
        return _by_table(entry, table.table)
    if table.scale == 0:
        entry.report("scale", message="0 would make every value the same; for no scaling leave it out")
        return Conversion()
    scale = 1.0 if table.scale is None else table.scale
    return Conversion(scale, 0.0 if table.offset is None else table.offset)


def _by_table(entry: Entry[ItemTable], points: list[tuple[float, float]]) -> Conversion:
    other = next((key for key in ("scale", "offset") if entry.says(key)), None)
    if other:
        entry.report(other, message=f'either "table" or "{other}", not both')
    if len(points) < 2:
        entry.report("table", message=f"expected at least two points, got {shown(points)}")
        return Conversion()
    ordered = sorted(points)
    pairs = list(pairwise(ordered))
    rises = {after[1] > before[1] for before, after in pairs}
    if any(after[0] == before[0] or after[1] == before[1] for before, after in pairs) or len(rises) > 1:
        message = "cannot be read both ways: both columns must rise or fall from point to point throughout"
        entry.report("table", message=message)
        return Conversion()
    return Conversion(table=tuple(ordered))


def sentinels(table: ItemTable) -> dict[str, Sentinel]:
    """What the device says in the place of a value."""
    return {
        said: Sentinel(means.reason, means.status) if isinstance(means, SentinelTable) else Sentinel(means)
        for said, means in (table.sentinels or {}).items()
    }


def alarms(entry: Entry[ItemTable], table: ItemTable) -> Alarms | None:
    """The limits beyond which a value is worrying."""
    said: AlarmsTable | None = table.alarms
    if said is None:
        return None
    if table.type not in ("numeric", None):
        entry.report("alarms", message=f"only a number has limits; the item's type is {shown(table.type)}")
    if said.minor is None and said.major is None:
        entry.report("alarms", message="expected minor = [low, high] or major = [low, high]")
    for name in ("minor", "major"):
        low, high = getattr(said, name) or (None, None)
        if low is not None and high is not None and low >= high:
            message = f"the lower limit {low} is not below the upper limit {high}"
            entry.report("alarms", name, message=message)
    return Alarms(said.minor or (None, None), said.major or (None, None), said.hysteresis)


def done(entry: Entry[ItemTable], table: ItemTable, ground: Ground) -> Done | None:
    """When a set is complete."""
    said = table.done
    if said is None:
        return None
    if (said.when is None) == (said.send is None):
        message = (
            "expected a condition, when = \"state == 'idle'\", or a question, send = '*OPC?' and reply = '1'"
        )
        entry.report("done", message=message)
        return None
    if said.when is not None:
        when = condition(entry, ("done", "when"), said.when, ground.items)
        if when is None:
            return None
        return Done(said.timeout_s, said.poll_s, said.after_s, when, queue=said.queue)
    if said.reply is None:
        entry.report("done", message='missing key "reply": the form of the answer')
        return None
    pair = compiled_query(entry, "done", table=said, encoding=ground.encoding, items=ground.items)
    return None if pair is None else Done(said.timeout_s, said.poll_s, said.after_s, None, *pair)


def fast(entry: Entry[ItemTable], table: ItemTable, items: Collection[str]) -> Fast | None:
    """The shorter period of polls."""
    if table.fast is None:
        return None
    when = condition(entry, ("fast", "when"), table.fast.when, items)
    return None if when is None else Fast(when, table.fast.poll_s)


def condition(
    entry: Entry[ItemTable], path: tuple[str, ...], text: str, items: Collection[str]
) -> Condition | None:
    """The condition at *path*, on items of this file; its names are ``item.KEY``."""
    try:
        read = parse(text, ITEM)
    except ConditionError as error:
        entry.report(*path, message=str(error))
        return None
    known = {key.lower() for key in items}
    for name in read.names:
        key = name.removeprefix(f"{ITEM}.")
        if key not in known:
            quotes = "; a word that it is compared with stands in quotes"
            entry.report(*path, message=f"no item {shown(key)}{instead(key, items, plural='items')}{quotes}")
            return None
    return read


def python(entry: Entry[ItemTable], table: ItemTable) -> str | None:
    """The class beside the file that the item is one of."""
    if table.python is not None and not _CLASS.fullmatch(table.python):
        entry.report("python", message=f'expected "module:Class", got {shown(table.python)}')
        return None
    return table.python


def register(entry: Entry[ItemTable], table: ItemTable) -> Register | None:
    """Where the value stands in a Modbus device."""
    if table.register_ is None:
        for key in _REGISTER_KEYS:
            if entry.says(key):
                entry.report(key, message='there is no "register" that it could belong to')
        return None
    if entry.says("get", "from"):
        entry.report("register", message='either "register" or "get" and "from", not both')
    place = _place(entry, "register", table.register_)
    if place is None:
        return None
    found = Register(
        place=place,
        type=_type(entry, table, place),
        order=table.order or "ABCD",
        count=table.count or 1,
        length=table.length or 0,
        bit=table.bit,
        scale_place=_place(entry, "scale_register", table.scale_register),
        write_place=_place(entry, "write_register", table.write_register),
        write_function=table.write_function,
        rewrite_s=table.rewrite_s,
        repeatable=bool(table.repeatable),
    )
    _check_register(entry, table, found)
    return found


def _place(entry: Entry[ItemTable], key: str, text: str | None) -> Place | None:
    if text is None:
        return None
    try:
        return Place.parse(text)
    except ValueError as error:
        entry.report(key, message=f"{error}; got {shown(text)}")
        return None


def _type(entry: Entry[ItemTable], table: ItemTable, place: Place) -> str:
    usual = "bool" if place.table in _BITS else "uint16"
    if table.as_ is None:
        return usual
    if table.as_ not in WORDS:
        entry.report("as", message=f"no type {shown(table.as_)}{instead(table.as_, WORDS, plural='types')}")
        return usual
    if (place.table in _BITS) != (table.as_ == "bool"):
        message = f"a {place.table} is a bool" if place.table in _BITS else "a single bit is bit = 0 … 15"
        entry.report("as", message=message)
        return usual
    return table.as_


def _check_register(entry: Entry[ItemTable], table: ItemTable, register: Register) -> None:
    """Report what does not go together."""
    if register.type == "string" and not register.length:
        entry.report("as", message='a string needs its "length" in characters')
    if register.type != "string" and register.length:
        entry.report("length", message='only a string has a length; an array has a "count"')
    if register.count > 1 and table.type not in ("numeric array", "bulk", None):
        entry.report("count", message=f'several values go with type "numeric array", not {shown(table.type)}')
    if register.bit is not None and register.bit >= 16 * WORDS[register.type]:
        entry.report("bit", message=f"{register.type} has the bits 0 to {16 * WORDS[register.type] - 1}")
    target = register.write_place or register.place
    if table.settable and target.table in _READ_ONLY:
        entry.report("settable", message=f"true, but {target.table} registers cannot be written")
    function = register.write_function
    if function is not None and WRITE_FUNCTIONS[function] != target.table:
        message = f"function {function} writes {WRITE_FUNCTIONS[function]} registers, not {target.table}"
        entry.report("write_function", message=message)
    if not table.settable:
        for key in ("write_register", "write_function", "rewrite_s"):
            if entry.says(key):
                entry.report(key, message="the item is not settable; add settable = true")
