"""Says in plain words what pydantic found wrong with a table of a device file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from .lines import KeyPath
from .problems import instead, nearest, shown

_EXPECTED = "expected"
# Where pydantic says that a key of a table is wrong, not its value.
_OF_KEY = "[key]"

# By the error's type, or else by the part of it before the first underscore.
_WANTED = {
    "bool": "true or false",
    "bytes": "text",
    "complex": "a number",
    "dataclass": "a table",
    "date": "a date",
    "datetime": "a date and time",
    "decimal": "a number",
    "deque": "a list",
    "dict": "a table",
    "finite": "a finite number",
    "float": "a number",
    "fraction": "a number",
    "frozen": "a list",
    "int": "a whole number",
    "list": "a list",
    "mapping": "a table",
    "model": "a table",
    "none": "nothing",
    "set": "a list",
    "string": "text",
    "time": "a time",
    "tuple": "a list",
    "url": "a URL",
    "uuid": "a UUID",
}
_WANTED_WITH_BOUND = {
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
    "url_scheme": "a URL that begins with {expected_schemes}",
}
# Their text is the model author's own; pydantic puts a prefix before it.
_AUTHORS = ("value_error", "assertion_error")


def expected(want: str) -> PydanticCustomError:
    """The error for a validator of ours to raise: the message becomes ``expected {want}, got …``."""
    return PydanticCustomError(_EXPECTED, "{want}", {"want": want})


def explain(
    error: ValidationError,
    model: type[BaseModel],
    table: Mapping[str, Any],
    *,
    also_known: Iterable[str] = (),
) -> list[tuple[KeyPath, str]]:
    """Each mistake that *error* tells of, as its path inside *table* and a message.

    The alternatives of one value (``int | str``) become one message.

    Args:
        error: What *model* raised on *table*.
        model: Where to look for the key that an unknown one was meant to be.
        table: As the file has it.
        also_known: Keys that are right in *table* although *model* has none of them.
    """
    messages: list[tuple[KeyPath, str]] = []
    # A key and its value stand at one path, but are two mistakes.
    wanted: dict[tuple[KeyPath, bool], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        kind = detail["type"]
        if kind == "missing":
            *around, name = detail["loc"]
            messages.append((_inside(table, around), f'missing key "{name}"'))
        elif kind == "extra_forbidden":
            path = _inside(table, detail["loc"])
            known = [*keys_of(model, path[:-1]), *(also_known if len(path) == 1 else ())]
            messages.append((path, unknown_key(str(path[-1]), known)))
        else:
            place = _inside(table, detail["loc"]), detail["loc"][-1:] == (_OF_KEY,)
            wanted.setdefault(place, []).append(detail)
    return messages + [(path, _message(details)) for (path, _), details in wanted.items()]


def unknown_key(key: str, known: Iterable[str]) -> str:
    """The message for a key that means nothing where it stands."""
    return f"unknown key{instead(key, known, plural='keys here')}"


def keys_of(model: type[BaseModel], path: KeyPath = ()) -> list[str]:
    """The keys that the table at *path* inside *model* may have, as they are spelt in the file."""
    inner: type[BaseModel] | None = model
    for part in path:
        fields = {} if inner is None else {_spelling(name, inner): name for name in inner.model_fields}
        name = fields.get(str(part))
        inner = None if inner is None or name is None else _model_in(inner.model_fields[name].annotation)
    return [] if inner is None else [_spelling(name, inner) for name in inner.model_fields]


def is_required(model: type[BaseModel], key: str) -> bool:
    """True when a table of *model* must have *key*, as spelt in the file."""
    fields = {_spelling(name, model): field for name, field in model.model_fields.items()}
    return key in fields and fields[key].is_required()


def _spelling(name: str, model: type[BaseModel]) -> str:
    return model.model_fields[name].alias or name


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model in ``Model | None`` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _inside(table: Any, location: Iterable[str | int]) -> KeyPath:
    """*location* without the parts that pydantic adds, such as which branch of a union it tried."""
    path: KeyPath = ()
    for part in location:
        in_table = isinstance(table, Mapping) and part in table
        in_list = isinstance(table, list) and isinstance(part, int) and part < len(table)
        if in_table or in_list:
            table = table[part]
            path = (*path, part)
    return path


def _message(details: list[ErrorDetails]) -> str:
    for detail in details:
        if detail["type"] in _AUTHORS:
            return str(detail["ctx"]["error"])
    wants = list(dict.fromkeys(filter(None, map(_want, details))))
    got = details[0]["input"]
    if not wants:
        return _unforeseen(details[0])
    return f"expected {' or '.join(wants)}, got {shown(got)}{_near(got, details)}"


def _want(detail: ErrorDetails) -> str | None:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == _EXPECTED:
        return str(context["want"])
    if kind in ("literal_error", "enum"):
        return _alternatives(_choices(detail))
    if kind in _WANTED_WITH_BOUND:
        return _WANTED_WITH_BOUND[kind].format(**{name: _plain(bound) for name, bound in context.items()})
    return _WANTED.get(kind.partition("_")[0])


def _plain(bound: object) -> object:
    """A bound without the ``.0`` that pydantic gives it."""
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _unforeseen(detail: ErrorDetails) -> str:
    """A message for what only a third party's model can raise; a custom error has its author's words."""
    text = detail["msg"]
    return f"cannot be {shown(detail['input'])}" if text.startswith("Input ") else text


def _choices(detail: ErrorDetails) -> list[str | int]:
    """The values of a ``Literal``, which pydantic gives as ``'odd', 'even' or 3``."""
    found = re.findall(r"'((?:[^'\\]|\\.)*)'|(-?\d+)", str(detail["ctx"]["expected"]))
    return [int(number) if number else word for word, number in found]


def _alternatives(choices: list[str | int]) -> str:
    """Words in quotes, numbers without: ``"odd", "even" or 3``."""
    words = [shown(choice) for choice in choices]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _near(got: object, details: list[ErrorDetails]) -> str:
    """The choice that a misspelt word comes near to, when there is one."""
    if not isinstance(got, str):
        return ""
    literals = [detail for detail in details if detail["type"] in ("literal_error", "enum")]
    words = [choice for detail in literals for choice in _choices(detail) if isinstance(choice, str)]
    near = nearest(got, words)
    return f'; did you mean "{near}"?' if near else ""
