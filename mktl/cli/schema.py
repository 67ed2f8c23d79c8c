"""``mark check --schema``: the JSON schema of device files, as editors use it."""

from __future__ import annotations

import json
from typing import Any

import click

from ..daemon import drivers
from ..devicefile.model import DeviceFile
from ..errors import MktlError
from .endings import OK

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: What may stand in the place of any number or truth value: a parameter that takes on its type.
_PARAMETER = {"type": "string", "pattern": r"^\{[A-Za-z_][A-Za-z0-9_]*\}$"}
_NOT_TEXT = ("integer", "number", "boolean")
#: Keywords that say how a value looks, not what it is for.
_OF_NUMBERS = ("type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def run() -> int:
    """Print the schema; the exit code."""
    click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
    return OK


def schema() -> dict[str, Any]:
    """Keys, values and what they are for, with the keys that each installed driver has for its links."""
    whole = DeviceFile.model_json_schema(by_alias=True)
    links = whole["$defs"]["LinkTable"]
    links["allOf"] = []
    known = drivers.settings()
    for name in sorted(known):
        try:
            own = known[name].model_json_schema(by_alias=True)
        except MktlError:  # its library is not installed: nothing is known of its keys
            continue
        whole["$defs"].update(own.pop("$defs", {}))
        own.pop("additionalProperties", None)  # the keys of every link stand beside its own
        own.pop("required", None)  # a link that is `on` another has them from there
        is_it = {"properties": {"driver": {"const": name}}, "required": ["driver"]}
        links["allOf"].append({"if": is_it, "then": own})
    # A link that is `on` another, too, has its driver from there.
    links.pop("required", None)
    filled: dict[str, Any] = _with_parameters(whole)
    return {"$schema": _DIALECT, **filled, "title": "mKTL device file"}


def _with_parameters(part: Any) -> Any:
    """*part* of a schema in which a parameter may stand for each number and truth value."""
    if isinstance(part, list):
        return [_with_parameters(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    if part.get("type") in _NOT_TEXT:
        form = {key: part[key] for key in _OF_NUMBERS if key in part}
        rest = {key: value for key, value in part.items() if key not in _OF_NUMBERS}
        return {**rest, "anyOf": [form, _PARAMETER]}
    return {key: _with_parameters(value) for key, value in part.items()}
