"""Compiles the templates of an exchange, and says where one cannot do what its item or query needs."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from pydantic import BaseModel

from ..errors import TemplateError
from ._fields.words import read_words
from .entry import Entry
from .keys import Scalar
from .problems import instead, quoted, shown
from .template import VALUE, Template

# What a field brings → the item types that can be made of it.
_NUMBERS = ("numeric", "boolean", "enumerated", "mask")
_TYPES_OF = {
    "int": _NUMBERS,
    "float": _NUMBERS,
    "text": ("string",),
    "array": ("numeric array", "bulk"),
    "bytes": ("bulk",),
}
_CALLED = {
    "int": "a whole number",
    "float": "a number",
    "text": "text",
    "array": "an array",
    "bytes": "raw bytes",
}
_LIKE = {
    "numeric": "{:f}",
    "boolean": "{:d} or {:OFF=0|ON=1}",
    "enumerated": "{:d} or {:OFF=0|ON=1}",
    "mask": "{:d}",
    "string": "{:s}",
    "numeric array": "{:f*,}",
    "bulk": "{:bytes}",
}


def compiled(
    entry: Entry[Any], *path: str | int, source: str, encoding: str, items: Collection[str]
) -> Template | None:
    """The template at *path* of the entry, or None when it is none, which is reported.

    Args:
        entry: Where the template stands.
        path: Its key, or the keys down to it.
        source: The template.
        encoding: Of its link.
        items: Keys of all items, for ``{item.other}``.
    """
    try:
        template = Template.compile(source, encoding=_usable(encoding))
    except TemplateError as error:
        text = f"'{error.source}'" if error.source.isprintable() else repr(error.source)
        entry.report(*path, message=f"{text}, character {error.at + 1}: {error.message}")
        return None
    for key in template.item_references:
        if key not in items:
            entry.report(*path, message=f"{{item.{key}}} names no item{instead(key, items, plural='items')}")
    return template


def compiled_query(
    entry: Entry[Any],
    *path: str,
    keys: tuple[str, str] = ("send", "reply"),
    table: BaseModel,
    encoding: str,
    items: Collection[str],
) -> tuple[Template, Template] | None:
    """The command and the reply of an exchange that reads; None when one is missing or reported as wrong.

    Args:
        entry: Where the exchange stands.
        path: The table inside the entry that has the templates, if it is not the entry itself.
        keys: Of the command and of the reply.
        table: Has these keys.
        encoding: Of the link.
        items: Keys of all items.
    """
    send, reply = [
        compiled(entry, *path, key, source=source, encoding=encoding, items=items)
        if (source := getattr(table, key)) is not None and (path or key not in entry.broken)
        else None
        for key in keys
    ]
    if send is not None and send.names:
        named = quoted(map(_placeholder, send.names))
        message = f"nothing gives {named} a value here; a query may hold only other items' values, {{item.x}}"
        entry.report(*path, keys[0], message=message)
    return None if send is None or reply is None else (send, reply)


def kind_of(template: Template, field: str) -> str:
    """What the field brings: "int", "float", "text", "array", "bytes" or "any".

    Words bring what they stand for: ``{:OFF=0|ON=1}`` a number, ``{:OFF|ON}`` text.
    """
    found = next(one for one in template.fields if one.name == field)
    if found.kind != "word":
        return found.kind
    values = [value for _, value in read_words(found.spec, template.encoding).pairs]
    if all(isinstance(value, str) for value in values):
        return "text"
    return "any" if any(isinstance(value, str) for value in values) else "float"


def misfit(item_type: str | None, template: Template, field: str) -> str | None:
    """Why the field cannot carry the value of an item of this type; None when it can."""
    kind = kind_of(template, field)
    if item_type is None or item_type in _TYPES_OF.get(kind, (item_type,)):
        return None
    return (
        f"{_placeholder(field)} is {_CALLED[kind]}, but the item's type is {shown(item_type)}; "
        f"a field for it is like {_LIKE[item_type]}"
    )


def never_equal(template: Template, field: str, values: Iterable[Scalar]) -> str | None:
    """Why the field can never have one of *values*; None when it can."""
    kind = kind_of(template, field)
    words = next(one.values for one in template.fields if one.name == field)
    for value in values:
        is_text = isinstance(value, str)
        if is_text and value in words:
            continue
        if (kind in ("int", "float") and is_text) or (kind == "text" and not is_text):
            return f"{_placeholder(field)} is {_CALLED[kind]}, so it can never be {shown(value)}"
    return None


def missing_field(names: Sequence[str], field: str, *, whose: str) -> str | None:
    """That there is no such field among *names*, and which there are; None when there is."""
    if field in names:
        return None
    named = [name for name in names if name != VALUE]
    if field != VALUE:
        return f'{whose} has no field "{field}"{instead(field, named, plural="fields")}'
    others = f", only {quoted(named)}" if named else ""
    return f"{whose} has no field without a name, such as {{:f}}{others}"


def is_encoding(name: str) -> bool:
    """True when Python knows the text encoding, and ASCII is one byte a character in it."""
    try:
        return "A0,".encode(name) == b"A0," and bool(codecs.lookup(name))
    except (LookupError, UnicodeError):
        return False


def _usable(encoding: str) -> str:
    """*encoding*, or one that can write everything where it is wrong and reported elsewhere."""
    return encoding if is_encoding(encoding) else "utf-8"


def _placeholder(field: str) -> str:
    return f"{{{field}:…}}"
