"""``include``: files whose tables stand as if they were written in the one that names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import DeviceFileError
from .lines import KeyPath
from .parameters import SECTION as PARAMETERS
from .parameters import put_in
from .parse import parse
from .problems import Problems, instead, quoted, shown

KEY = "include"
_FORM = 'expected "base.toml" or { file = "unit.toml", with = { address = "001" } }'
#: Of these the file itself may say another thing than what it includes.
_OVERRIDDEN = (PARAMETERS, "simulate")


def with_includes(
    content: Mapping[str, Any], path: Path, problems: Problems, *, around: tuple[Path, ...] = ()
) -> dict[str, Any]:
    """*content* with the tables of all included files before its own.

    Args:
        content: Of the file.
        path: Of the file; included ones are found from its directory.
        problems: Takes what is wrong, and learns in which file each table stands.
        around: The files that include this one.
    """
    own = {key: value for key, value in content.items() if key != KEY}
    merged: dict[str, Any] = {}
    for place, entry in _entries(content.get(KEY, [])):
        found = _read(place, entry, path, problems, (*around, path.resolve()))
        _merge(merged, found, place, problems)
    return _under(merged, own, problems)


def _entries(includes: Any) -> Iterator[tuple[KeyPath, Any]]:
    if not isinstance(includes, list):
        yield (KEY,), includes
        return
    for number, entry in enumerate(includes):
        yield (KEY, number), entry


def _read(
    place: KeyPath, entry: Any, path: Path, problems: Problems, around: tuple[Path, ...]
) -> Mapping[str, Any]:
    """The tables of one included file, with its ``with`` put in."""
    table: Any = {"file": entry} if isinstance(entry, str) else entry
    right = isinstance(table, Mapping) and isinstance(table.get("file"), str)
    if not right or table.keys() - {"file", "with"} or not isinstance(table.get("with", {}), Mapping):
        problems.add(place, f"{_FORM}, got {shown(entry)}")
        return {}
    inner = path.parent / table["file"]
    if inner.resolve() in around:
        problems.add(place, f"{shown(table['file'])} includes itself")
        return {}
    try:
        document = parse(inner, str(inner))
    except DeviceFileError as error:
        problems.add_all(error.problems)
        return {}
    within = problems.of_file(str(inner), document.lines)
    whole = with_includes(document.content, inner, within, around=around)
    content = _specialised(whole, table.get("with", {}), place, problems, within)
    problems.add_all(within.found)
    problems.take_places(within, content)
    return content


def _specialised(
    content: Mapping[str, Any],
    values: Mapping[str, Any],
    place: KeyPath,
    problems: Problems,
    within: Problems,
) -> Mapping[str, Any]:
    """*content* with these of its parameters filled, which are then no parameters any more."""
    declared = content.get(PARAMETERS, {})
    for name in values.keys() - declared.keys():
        hint = instead(name, declared, plural="parameters")
        problems.add((*place, "with", name), f"the file has no parameter {quoted([name])}{hint}")
    rest = {name: value for name, value in declared.items() if name not in values}
    done = put_in({key: value for key, value in content.items() if key != PARAMETERS}, values, within)
    return {**done, PARAMETERS: rest} if rest else done


def _merge(into: dict[str, Any], found: Mapping[str, Any], place: KeyPath, problems: Problems) -> None:
    """Add the tables of one more included file."""
    for section, tables in found.items():
        there = into.setdefault(section, {})
        if not isinstance(tables, Mapping) or not isinstance(there, Mapping):
            continue  # reported where it is read
        twice = [name for name in tables if name in there and section not in _OVERRIDDEN]
        if twice:
            message = f"{section} {quoted(twice)}: an included file before this one has them already"
            problems.add(place, message)
        into[section] = {**there, **tables}


def _under(merged: Mapping[str, Any], own: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """The file's own tables after the included ones."""
    result = dict(merged)
    for section, tables in own.items():
        there = merged.get(section, {})
        if not isinstance(tables, Mapping) or not isinstance(there, Mapping):
            result[section] = tables
            continue
        for name in tables:
            if name in there and section not in _OVERRIDDEN:
                problems.add((section, name), f"{shown(name)} is already in an included file")
        problems.here(section, tables)
        result[section] = {**there, **tables}
    return result
