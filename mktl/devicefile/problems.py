"""Collects every mistake in one device file, and words what they have in common."""

from __future__ import annotations

import datetime
import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import DeviceFileError, Problem
from .lines import KeyPath, nearest_line

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_SHOWN = 60
_LONGEST_LIST = 12


class Problems:
    """The mistakes found so far in *file*; *lines* is empty where lines are not known."""

    def __init__(self, file: str, lines: Mapping[KeyPath, int]) -> None:
        self.file = file
        self.lines = lines
        self._found: list[Problem] = []
        #: Table → the file that it stands in, the lines of that, and where it is there.
        self._places: dict[KeyPath, tuple[str, Mapping[KeyPath, int], KeyPath]] = {}
        #: Path → the replica that was wrong there first: one template, one problem.
        self._replica: dict[KeyPath, int] = {}

    def add(self, path: KeyPath, message: str, *, replica: int = 0) -> None:
        """Note a mistake at *path*; *replica* counts what an ``[each.x]`` made of the same lines."""
        file, line = self.place(path)
        problem = Problem(file, line, dotted(path), message)
        if self._replica.setdefault(path, replica) == replica and problem not in self._found:
            self._found.append(problem)

    def raise_if_any(self) -> None:
        """Raise them all at once, in the order of the file.

        Raises:
            DeviceFileError: Something was added.
        """
        if self._found:
            order = [self.file, *sorted({problem.file for problem in self._found} - {self.file})]
            key = lambda problem: (order.index(problem.file), problem.line or 0)  # noqa: E731
            raise DeviceFileError(sorted(self._found, key=key))

    # -- tables of included files

    def place(self, path: KeyPath) -> tuple[str, int | None]:
        """The file and the line of *path*, or of the smallest table around it that has one."""
        table = path[:2]
        file, lines, written = self._places.get(table, (self.file, self.lines, table))
        return file, nearest_line(lines, (*written, *path[2:]))

    def renamed(self, section: str, name: str, written: str) -> None:
        """The table *name* is *written* otherwise, with a parameter in it."""
        file, lines, first = self._places.pop((section, written), (self.file, self.lines, (section, written)))
        self._places[section, name] = file, lines, first

    def of_file(self, file: str, lines: Mapping[KeyPath, int]) -> Problems:
        """The mistakes of an included file, to be added to these."""
        return Problems(file, lines)

    @property
    def found(self) -> Sequence[Problem]:
        """The mistakes so far."""
        return tuple(self._found)

    def add_all(self, problems: Iterable[Problem]) -> None:
        """Take over mistakes that know where they are."""
        self._found += [problem for problem in problems if problem not in self._found]

    def take_places(self, included: Problems, content: Mapping[str, Any]) -> None:
        """The tables of *content* stand where *included* has them."""
        for section, tables in content.items():
            for name in tables if isinstance(tables, Mapping) else ():
                path = (section, name)
                self._places[path] = included._places.get(path, (included.file, included.lines, path))

    def here(self, section: str, tables: Iterable[str]) -> None:
        """These tables stand in this file after all."""
        for name in tables:
            self._places.pop((section, name), None)


def dotted(path: KeyPath) -> str:
    """*path* as a person would write it in TOML, with quotes where a key needs them.

    >>> dotted(("each", "input", "items", "temp{input}", "range", 1))
    'each.input.items."temp{input}".range[1]'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}"
        else:
            text += f".{json.dumps(part, ensure_ascii=False)}"
    return text.removeprefix(".")


def shown(value: object) -> str:
    """What the file says, for a message: short, and in TOML's spelling.

    >>> shown([True, "fast", 0.5])
    '[true, "fast", 0.5]'
    """
    if isinstance(value, Mapping):
        inner = ", ".join(f"{dotted((str(key),))} = {shown(entry)}" for key, entry in value.items())
        return _shortened(f"{{ {inner} }}" if inner else "{}")
    if isinstance(value, (list, tuple)):
        return _shortened(f"[{', '.join(map(shown, value))}]")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (str, bool, int)) or value is None:
        return _shortened(json.dumps(value, ensure_ascii=False))
    return _shortened(str(value))


def quoted(words: Iterable[str], *, last: str = "and") -> str:
    """A list of words as a sentence has it.

    >>> quoted(["off", "low", "high"], last="or")
    '"off", "low" or "high"'
    """
    *most, final = [json.dumps(word, ensure_ascii=False) for word in words] or ["none"]
    return f"{', '.join(most)} {last} {final}" if most else final


def instead(word: str, known: Iterable[str], *, plural: str) -> str:
    """The end of a message about a wrong *word*: the nearest right one, else all that there are.

    >>> instead("sereal", ["serial", "tcp"], plural="drivers")
    '; did you mean "serial"?'
    >>> instead("usb", ["serial", "tcp"], plural="drivers")
    '; the drivers are "serial" and "tcp"'
    """
    candidates = list(known)
    near = nearest(word, candidates)
    if near is not None:
        return f'; did you mean "{near}"?'
    if not candidates:
        return f"; there are no {plural}"
    if len(candidates) > _LONGEST_LIST:
        return ""
    if len(candidates) == 1:
        return f"; there is only {quoted(candidates)}"
    return f"; the {plural} are {quoted(candidates)}"


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The one of *known* that *word* comes nearest to, whatever the case; None when none is near."""
    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(candidate.lower(), candidate)
    near = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=likeness)
    return folded[near[0]] if near else None


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
