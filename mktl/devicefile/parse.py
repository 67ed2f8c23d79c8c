"""From a file on disk to its tables and values, with the lines they stand on."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..errors import DeviceFileError, Problem
from .lines import KeyPath, line_numbers
from .problems import shown

_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_QUOTE_THE_KEY = "a key with other characters than A-Z a-z 0-9 _ - goes in quotes"
# What tomllib says → what a person at the lab can do about it; anything else is passed on.
_SAID_PLAINLY = {
    "Cannot overwrite a value": "this key is written twice",
    "Duplicate inline table key": "a key is written twice between { and }",
    "Cannot declare": "this table is written twice",
    "Cannot mutate immutable namespace": "a table written between { and } cannot go on elsewhere",
    "Cannot redefine namespace": "this table is written twice",
    "Unescaped '\\' in a string": "text with a backslash goes in single quotes, '…'",
    "Invalid hex value": "text with a backslash goes in single quotes, '…'",
    "Invalid value": "no value that TOML knows; text goes in quotes",
    "Invalid statement": f"expected a [table] or a key = value; {_QUOTE_THE_KEY}",
    "Invalid initial character for a key part": _QUOTE_THE_KEY,
    "Expected '=' after a key": 'expected "=" after the key',
    "Expected newline or end of document": "expected the end of the line",
    "Illegal character '\\n'": "the quotes are not closed on this line",
    "Found invalid character '\\n'": "the quotes are not closed on this line",
    "Expected \"'": "the quotes are not closed",
    "Unterminated string": "the quotes are not closed",
    "Unclosed array": "the list needs a comma or its ]",
    "Unclosed inline table": "the table needs a comma or its }",
}
_LEFT_OPEN = {'Expected "\'"': "'", "Expected \"'''\"": "'''", "Unterminated string": '"""'}


@dataclass(frozen=True, slots=True)
class Document:
    """A file as its format gives it."""

    content: Mapping[str, Any]
    #: Empty for JSON, whose reader keeps no positions.
    lines: Mapping[KeyPath, int]
    is_json: bool


def parse(path: Path, file: str) -> Document:
    """Read *path*: JSON where it ends so, else TOML.

    Args:
        path: Of the file.
        file: How to call it in problems.

    Raises:
        DeviceFileError: No such file, or one that is neither.
    """
    text = _text(path, file)
    if path.suffix.lower() == ".json":
        return Document(_json(text, file), {}, is_json=True)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _refuse(file, *_toml_mistake(str(error), text))
    except RecursionError:
        _refuse(file, None, "too many tables or lists inside one another")
    return Document(content, line_numbers(text), is_json=False)


def _text(path: Path, file: str) -> str:
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        _refuse(file, None, "no such file")
    except IsADirectoryError:
        _refuse(file, None, "is a directory, not a file")
    except PermissionError:
        _refuse(file, None, "this user may not read it")
    except OSError as error:
        _refuse(file, None, f"cannot be read: {error.strerror or error}")
    try:
        return data.decode("utf-8-sig")  # Windows editors put a byte-order mark first
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _refuse(file, line, f"not UTF-8 text: byte 0x{data[error.start]:02x}; save the file as UTF-8")


def _json(text: str, file: str) -> Mapping[str, Any]:
    try:
        content = json.loads(text, object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        _refuse(file, error.lineno, f"not JSON: {error.msg}, column {error.colno}")
    except _DuplicateKeyError as error:
        _refuse(file, None, f"the key {shown(error.args[0])} is written twice in one table")
    except RecursionError:
        _refuse(file, None, "too many tables or lists inside one another")
    if not isinstance(content, Mapping):
        _refuse(file, None, f"expected a table of items or links, got {shown(content)}")
    return content


class _DuplicateKeyError(ValueError):
    """A key that comes twice in one JSON object."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise _DuplicateKeyError(key)
        content[key] = value
    return content


def _toml_mistake(said: str, text: str) -> tuple[int, str]:
    """The line and the message for what tomllib said."""
    place = _PLACE.search(said)
    what = _PLACE.sub("", said)
    if place and place["line"]:
        line, column = int(place["line"]), f", column {place['column']}"
    else:
        line, column = text.count("\n", 0, _last_opening(what, text)) + 1, ""
    plain = next((ours for theirs, ours in _SAID_PLAINLY.items() if what.startswith(theirs)), what)
    return line, f"not TOML{column}: {plain}"


def _last_opening(what: str, text: str) -> int:
    """Where that stands which the end of *text* leaves open: the last quotes, or else the last of the text.

    tomllib looks for the closing quotes to the end of the file, lines behind the mistake.
    """
    quotes = _LEFT_OPEN.get(what)
    if quotes is not None and quotes in text:
        return text.rfind(quotes)
    return len(text.rstrip())


def _refuse(file: str, line: int | None, message: str) -> NoReturn:
    raise DeviceFileError([Problem(file, line, "", message)])
