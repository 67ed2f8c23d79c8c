"""``[parameters]``: what may differ from one installation of a device file to the next."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from typing import Any

from .problems import Problems, instead, quoted, shown
from .template import fill

SECTION = "parameters"


def with_parameters(
    content: Mapping[str, Any], given: Mapping[str, str], problems: Problems
) -> Mapping[str, Any]:
    """*content* with a value in the place of each ``{parameter}``, and without its ``[parameters]``.

    A parameter is its default, or a table ``{ default = …, environment = "NAME" }``: the variable wins
    over the default, and what is *given* on the command line over both. A string that is nothing but a
    parameter takes on the parameter's type, so that ``baudrate = "{baudrate}"`` is a number.
    """
    declared = content.get(SECTION, {})
    rest = {key: value for key, value in content.items() if key != SECTION}
    if not isinstance(declared, Mapping):
        problems.add((SECTION,), f"expected a table, got {shown(declared)}")
        return rest
    for name in given.keys() - declared.keys():
        hint = instead(name, declared, plural="parameters")
        problems.add((SECTION,), f"no parameter {quoted([name])}{hint}")
    values = {
        name: _parsed(given[name]) if name in given else _default(name, entry, problems)
        for name, entry in declared.items()
    }
    return put_in(rest, values, problems) if values else rest


def put_in(content: Mapping[str, Any], values: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """*content* with *values* in the place of each ``{parameter}``, also in the names of tables."""
    return {
        section: _filled_section(section, tables, values, problems) for section, tables in content.items()
    }


def _filled_section(section: str, tables: Any, values: Mapping[str, Any], problems: Problems) -> Any:
    if not isinstance(tables, Mapping):
        return filled(tables, values)
    done: dict[str, Any] = {}
    for written, table in tables.items():
        name = fill(written, values)
        if name in done:
            problems.add((section, written), f"{shown(name)} is already there")
        if name != written:
            problems.renamed(section, name, written)
        done[name] = filled(table, values)
    return done


def _default(name: str, entry: Any, problems: Problems) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    for key in entry.keys() - {"default", "environment"}:
        message = f"unknown key{instead(key, ('default', 'environment'), plural='keys')}"
        problems.add((SECTION, name, key), message)
    variable = entry.get("environment")
    if isinstance(variable, str) and variable in os.environ:
        return _parsed(os.environ[variable])
    if "default" not in entry:
        problems.add((SECTION, name), f"has no value: give one with -p {name}=…, or a default")
        return ""
    return entry["default"]


def _parsed(text: str) -> Any:
    """What the file would have: a number or a truth value where the text is one."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, bool | int | float) else text


def filled(value: Any, parameters: Mapping[str, Any]) -> Any:
    """*value* with the parameters put into every string in it, keys included."""
    if isinstance(value, str):
        name = value[1:-1]
        return parameters[name] if value == f"{{{name}}}" and name in parameters else fill(value, parameters)
    if isinstance(value, Mapping):
        return {fill(key, parameters): filled(inner, parameters) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, parameters) for inner in value]
    return value
