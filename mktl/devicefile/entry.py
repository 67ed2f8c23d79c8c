"""One table of a device file as its model, with what was wrong in it set aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from .lines import KeyPath
from .problems import Problems
from .replicate import RawTable
from .wording import explain, is_required, keys_of

M = TypeVar("M", bound=BaseModel)

# All that our tables require is text; whoever uses it asks `broken` first.
_STAND_IN = ""


@dataclass(frozen=True, slots=True)
class Entry(Generic[M]):
    """A table that was read, and a way to report what does not fit together in it."""

    raw: RawTable
    #: What could be read; None only of a driver's settings, whose model may demand anything.
    table: M | None
    #: Keys with something wrong in them, or missing: *table* has what was right, or a stand-in.
    broken: frozenset[str]
    problems: Problems

    @property
    def name(self) -> str:
        """The last part of the table's header, with every parameter filled in."""
        return self.raw.name

    def says(self, *keys: str) -> bool:
        """True when the file gives one of *keys*, be the value right or wrong."""
        return any(self.raw.content.get(key) is not None for key in keys)

    def report(self, *path: str | int, message: str) -> None:
        """Note a mistake at *path* in this table."""
        self.problems.add((*self.raw.path, *path), message, replica=self.raw.replica)


def read_entry(
    model: type[M], raw: RawTable, problems: Problems, *, also_known: Iterable[str] = ()
) -> Entry[M]:
    """Read *raw* as *model*, reporting all that is wrong and keeping all that is right.

    A mistake in one key must not hide those in another, so the table is read again without the wrong parts.

    Args:
        model: What the table should be.
        raw: The table as the file has it.
        problems: Takes the mistakes.
        also_known: Keys that somebody else reads, for the advice about unknown ones.
    """
    try:
        return Entry(raw, model.model_validate(dict(raw.content)), frozenset(), problems)
    except ValidationError as error:
        found = explain(error, model, raw.content, also_known=also_known)
    for path, message in found:
        problems.add((*raw.path, *path), message, replica=raw.replica)
    return _read_the_rest(model, raw, problems, [path for path, _ in found])


def _read_the_rest(model: type[M], raw: RawTable, problems: Problems, wrong: list[KeyPath]) -> Entry[M]:
    """Read *raw* without what stands at the paths in *wrong*, and without what is wrong then."""
    required = [key for key in keys_of(model) if is_required(model, key)]
    content = dict(raw.content)
    broken: set[str] = set()
    while True:
        before = content
        for path in wrong:
            content = _without(content, path)
        lacking = [key for key in required if key not in content]
        content = {**content, **dict.fromkeys(lacking, _STAND_IN)}
        broken |= {str(path[0]) for path in wrong if path} | set(lacking)
        if content == before:  # a third party's model that no part of the table will satisfy
            return Entry(raw, None, frozenset(broken), problems)
        try:
            return Entry(raw, model.model_validate(content), frozenset(broken), problems)
        except ValidationError as error:
            wrong = [path for path, _ in explain(error, model, content)]


def _without(content: Mapping[str, Any], path: KeyPath) -> dict[str, Any]:
    """*content* less what stands at *path*; of a list, all goes."""
    if not path or path[0] not in content:
        return dict(content)
    key = str(path[0])
    rest = {name: value for name, value in content.items() if name != key}
    inner = content[key]
    if len(path) == 1 or not isinstance(inner, Mapping):
        return rest
    return {**rest, key: _without(inner, path[1:])}
