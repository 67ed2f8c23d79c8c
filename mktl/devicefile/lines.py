"""Where in a TOML text each key stands, since ``tomllib`` gives values without positions."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

#: From the top of the file: table and key names, and the index of an element of an array.
KeyPath = tuple[str | int, ...]

_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# A multi-line string may end in up to two quotes of its own: """say "hi""""" is `say "hi"`.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")' r"|'''.*?'{3,5}(?!')" r'|"(?:\\.|[^"\\])*"' r"|'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


def line_numbers(text: str) -> dict[KeyPath, int]:
    r"""Map the path of each table, key and array element to the line, from 1, on which it begins.

    A table that is only implied, as ``a`` by ``[a.b]``, stands where it is first implied.

    Args:
        text: TOML that ``tomllib`` has accepted; of anything else the result is of no use.

    >>> line_numbers("[items.temp]\nrange = [0,\n  400]\n")[("items", "temp", "range", 1)]
    3
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def nearest_line(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of *path*, or else of the smallest table around it that has one."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


class _Scanner:
    """Walks the text once; *at* is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        #: Array of tables → index of its last element, which later headers go into.
        self._last: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        self._skip_gap()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip_gap()

    def _header(self) -> KeyPath:
        """Read ``[a.b]`` or ``[[a.b]]``; what follows belongs to the path returned."""
        line = self._line()
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        *around, name = self._key()
        self.at += 2 if is_array else 1
        path = self._inside(around, line)
        if not is_array:
            self.lines[(*path, name)] = line
            return (*path, name)
        path = (*path, name)
        self._last[path] = self._last.get(path, -1) + 1
        self.lines.setdefault(path, line)
        self.lines[(*path, self._last[path])] = line
        return (*path, self._last[path])

    def _inside(self, names: list[str], line: int) -> KeyPath:
        """The path of *names*, entering the last element of each array of tables on the way."""
        path: KeyPath = ()
        for name in names:
            path = (*path, name)
            self.lines.setdefault(path, line)
            if path in self._last:
                path = (*path, self._last[path])
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        *around, name = self._key()
        for part in around:
            table = (*table, part)
            self.lines.setdefault(table, line)
        self.lines[(*table, name)] = line
        self.at += 1  # the equals sign, where _key stops
        self._skip_gap()
        self._value((*table, name))

    def _key(self) -> list[str]:
        """Read a dotted key and the blanks after it."""
        parts = []
        while True:
            self._skip_gap()
            parts.append(self._key_part())
            self._skip_gap()
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _key_part(self) -> str:
        if self.text[self.at] in "\"'":
            start = self.at
            self._skip(_STRING)
            return str(tomllib.loads(f"key = {self.text[start : self.at]}")["key"])
        start = self.at
        self._skip(_BARE_KEY)
        return self.text[start : self.at]

    def _value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif opening in "\"'":
            self._skip(_STRING)
        else:
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while not self._closes("]"):
            self.lines[(*path, index)] = self._line()
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, bracket: str) -> bool:
        """Skip to the next element and say False, or past *bracket* and say True."""
        self._skip_gap()
        if self.text.startswith(",", self.at):
            self.at += 1
            self._skip_gap()
        if not self.text.startswith(bracket, self.at):
            return False
        self.at += 1
        return True

    def _line(self) -> int:
        return bisect_right(self._newlines, self.at) + 1

    def _skip_gap(self) -> None:
        self._skip(_GAP)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        """Go past what *pattern* finds here; text that is no TOML ends the walk instead of looping."""
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match and (match.end() > self.at or pattern is _GAP) else len(self.text)
