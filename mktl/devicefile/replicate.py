"""Makes the tables that ``[each.x]`` stands for: one set for each of its values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .lines import KeyPath
from .problems import Problems, instead, quoted, shown
from .template import fill
from .wording import unknown_key

#: The sections of a file whose tables may also stand in an ``[each.x]``.
SECTIONS = ("links", "queries", "items")

_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class RawTable:
    """One ``[items.x]``, ``[queries.x]`` or ``[links.x]`` before it is understood."""

    section: str
    name: str
    content: Mapping[str, Any]
    #: Where it stands in the file: for a replicated table, inside its ``[each.x]``.
    path: KeyPath
    #: Which of the values of its ``[each.x]`` made it.
    replica: int = 0
    #: What a plain mKTL items file says beyond our keys; clients are told of it.
    extras: Mapping[str, Any] = field(default_factory=dict)


def replicate(each: Mapping[str, Any], path: KeyPath, problems: Problems) -> list[RawTable]:
    """The tables of one ``[each.x]``, all those of its first value first.

    Args:
        each: The table, with ``values``, ``items`` and ``queries``.
        path: Where it stands; the last part is the name of the parameter.
        problems: Takes what is wrong with *each*; nothing is made of a part that is wrong.
    """
    for key in each.keys() - {"values", *SECTIONS}:
        problems.add((*path, key), unknown_key(key, ("values", *SECTIONS)))
    templates = [template for section in SECTIONS for template in _templates(each, section, path, problems)]
    replicas = _parameters(each, path, problems)
    return [
        made
        for index, parameters in enumerate(replicas)
        for template in templates
        if (made := _fill_table(template, parameters, index, problems))
    ]


def _templates(
    each: Mapping[str, Any], section: str, path: KeyPath, problems: Problems
) -> Iterator[RawTable]:
    tables = each.get(section, {})
    if not isinstance(tables, Mapping):
        problems.add((*path, section), f"expected a table of {section}, got {shown(tables)}")
        return
    for name, content in tables.items():
        if isinstance(content, Mapping):
            yield RawTable(section, name, content, (*path, section, name))
        else:
            problems.add((*path, section, name), f"expected a table, got {shown(content)}")


def _parameters(each: Mapping[str, Any], path: KeyPath, problems: Problems) -> list[dict[str, str]]:
    """What to put for each placeholder, once per value; empty when the values are not usable."""
    values = each.get("values")
    if values is None:
        problems.add(path, 'missing key "values": the list of what to put for the placeholders')
        return []
    if not isinstance(values, list) or not values:
        problems.add((*path, "values"), f"expected a list of values, got {shown(values)}")
        return []
    replicas = []
    for index, value in enumerate(values):
        parameters = value if isinstance(value, Mapping) else {str(path[-1]): value}
        message = _wrong_parameters(parameters)
        if message:
            problems.add((*path, "values", index), message)
        else:
            replicas.append({name: str(text) for name, text in parameters.items()})
    for index, parameters in enumerate(replicas):
        if parameters.keys() != replicas[0].keys():
            message = f"has {quoted(parameters)}, but the first value has {quoted(replicas[0])}"
            problems.add((*path, "values", index), message)
            return []
    return replicas


def _wrong_parameters(parameters: Mapping[str, Any]) -> str | None:
    if not parameters:
        return "expected at least one parameter, got {}"
    for name, value in parameters.items():
        if not _PARAMETER.fullmatch(name):
            return f"a parameter's name is letters, digits and _, beginning with a letter; got {shown(name)}"
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return f"expected text or a number for {{{name}}}, got {shown(value)}"
    return None


def _fill_table(
    template: RawTable, parameters: Mapping[str, str], replica: int, problems: Problems
) -> RawTable | None:
    name = fill(template.name, parameters)
    left = _PLACEHOLDER.search(name)
    if left:
        message = f"no parameter {{{left[1]}}}{instead(left[1], parameters, plural='parameters')}"
        problems.add(template.path, message)
        return None
    return RawTable(template.section, name, _filled(template.content, parameters), template.path, replica)


def _filled(value: Any, parameters: Mapping[str, str]) -> Any:
    """*value* with the parameters put into every string in it, keys included."""
    if isinstance(value, str):
        return fill(value, parameters)
    if isinstance(value, Mapping):
        return {fill(key, parameters): _filled(entry, parameters) for key, entry in value.items()}
    if isinstance(value, list):
        return [_filled(entry, parameters) for entry in value]
    return value
