"""Reads a device file: every table found, every mistake collected, then one :class:`Device`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from .device import Device
from .include import with_includes
from .lines import KeyPath
from .model import DeviceFile, ItemTable
from .parameters import with_parameters
from .parse import Document, parse
from .problems import Problems, dotted, instead, nearest, quoted, shown
from .replicate import RawTable, replicate
from .resolve import resolve
from .wording import keys_of

_ITEM_KEY = re.compile(r"[A-Za-z0-9:.-][A-Za-z0-9_:.-]*")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
# A plain items file may say of an item whatever it likes; this alike to a key of ours is a slip, though.
_SLIP = 0.85


def load(
    path: Path | str,
    *,
    drivers: Mapping[str, type[BaseModel]] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Device:
    """Read a device file, or a plain mKTL items file, which is one without links.

    Args:
        path: Of the file: JSON when it ends in ``.json``, else TOML.
        drivers: Each driver's name and the model of its own keys in ``[links.x]``, which are then checked
            and stored as the model dumps them. None leaves them as they are written.
        parameters: Values for the file's ``[parameters]``, as text; they take the place of its defaults.

    Raises:
        DeviceFileError: The file is missing or wrong; its *problems* are all there are, in order of line.
    """
    tables, problems = _read(path, parameters)
    device = resolve(Path(path), _unique(tables, problems), problems, drivers)
    problems.raise_if_any()
    return device


def places(
    path: Path | str, parameters: Mapping[str, str] | None = None
) -> dict[tuple[str, str], tuple[str, int | None]]:
    """The file and the line where each table begins, by section and name: ``("items", "temp")``.

    What an ``[each.x]`` makes stands where it is written once. JSON has no lines.
    """
    tables, problems = _read(path, parameters)
    return {(raw.section, raw.name): problems.place(raw.path) for raw in tables}


def _read(path: Path | str, parameters: Mapping[str, str] | None) -> tuple[Iterable[RawTable], Problems]:
    """The tables of a file, with all that is wrong with it so far."""
    file, path = str(path), Path(path)
    document = parse(path, file)
    problems = Problems(file, document.lines)
    if _is_plain(document):
        return _plain_items(document.content, problems), problems
    whole = with_includes(document.content, path, problems)
    content = with_parameters(whole, parameters or {}, problems)
    return _tables(content, problems), problems


def _is_plain(document: Document) -> bool:
    """True for a plain mKTL items file, in which an item may be called almost anything."""
    return document.is_json and not {"items", "links", "each"} & document.content.keys()


def _plain_items(content: Mapping[str, Any], problems: Problems) -> Iterator[RawTable]:
    """Every table is an item; what it says beyond our keys is kept for clients."""
    known = keys_of(ItemTable)
    for raw in _named_tables("items", content, (), problems):
        extras = {
            key: value
            for key, value in raw.content.items()
            if key not in known and nearest(key, known, likeness=_SLIP) is None
        }
        ours = {key: value for key, value in raw.content.items() if key not in extras}
        yield replace(raw, content=ours, extras=extras)


def _tables(content: Mapping[str, Any], problems: Problems) -> list[RawTable]:
    """All tables of a device file, in its order; those of an ``[each.x]`` stand where it begins."""
    sections = keys_of(DeviceFile)
    groups: list[list[RawTable]] = []
    for section, inner in content.items():
        if section not in sections:
            problems.add((section,), f"unknown key{instead(section, sections, plural='tables of a file')}")
        elif not isinstance(inner, Mapping):
            problems.add((section,), f"expected a table, got {shown(inner)}")
        elif section == "simulate":
            groups.append([RawTable(section, section, inner, (section,))])
        else:
            for raw in _named_tables(section, inner, (section,), problems):
                groups.append(replicate(raw.content, raw.path, problems) if section == "each" else [raw])
    groups.sort(key=lambda group: _place_of(group, problems))
    return [raw for group in groups for raw in group]


def _place_of(group: list[RawTable], problems: Problems) -> tuple[bool, str, int]:
    """Included files come first, then the tables as they stand."""
    file, line = problems.place(group[0].path[:2]) if group else ("", 0)
    return file == problems.file, file, line or 0


def _named_tables(
    section: str, tables: Mapping[str, Any], path: KeyPath, problems: Problems
) -> Iterator[RawTable]:
    for name, inner in tables.items():
        if isinstance(inner, Mapping):
            yield RawTable(section, name, inner, (*path, name))
        else:
            problems.add((*path, name), f"expected a table, got {shown(inner)}")


def _unique(tables: Iterable[RawTable], problems: Problems) -> list[RawTable]:
    """*tables* without those whose name is wrong for anybody, or is that of one before."""
    seen: dict[tuple[str, str], RawTable] = {}
    for raw in tables:
        message = _wrong_name(raw)
        if message:
            problems.add(raw.path, message, replica=raw.replica)
        # On the wire keys are lower case.
        known_as = raw.name.lower() if raw.section == "items" else raw.name
        first = seen.setdefault((raw.section, known_as), raw)
        if first is not raw:
            problems.add(raw.path, _taken(raw, first, problems), replica=raw.replica)
    return list(seen.values())


def _wrong_name(raw: RawTable) -> str | None:
    if raw.section == "items":
        if raw.name.startswith("_"):
            return 'a key that begins with "_" is the daemon\'s own'
        if not _ITEM_KEY.fullmatch(raw.name):
            return f"a key has letters, digits and _ : . - only, not {_strange(raw.name, '_:.-')}"
    elif raw.section != "simulate" and not _NAME.fullmatch(raw.name):
        return f"a name here has letters, digits, _ and - only, not {_strange(raw.name, '_-')}"
    return None


def _strange(name: str, allowed: str) -> str:
    """The characters of a name that do not belong there."""
    strange = [letter for letter in dict.fromkeys(name) if not (letter.isascii() and letter.isalnum())]
    return quoted([letter for letter in strange if letter not in allowed]) if name else "nothing at all"


def _taken(raw: RawTable, first: RawTable, problems: Problems) -> str:
    """Why *raw* cannot have its name, which *first* has."""
    if raw.path == first.path:
        return f"no {{parameter}} in it: every value would give {shown(raw.name)}"
    file, line = problems.place(first.path)
    where = f"on line {line}" if line else f"at {dotted(first.path)}"
    where += f" of {file}" if file != problems.place(raw.path)[0] else ""
    if raw.name == first.name:
        return f"{shown(raw.name)} is already {where}"
    return f"{shown(raw.name)} differs only in case from {shown(first.name)} {where}; clients see one key"
