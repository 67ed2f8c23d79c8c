"""Conditions of a device file on the items of its daemon."""

from __future__ import annotations

from typing import Any

import mktl
from mktl.condition import Condition, ConditionError, Known, Verdict
from mktl.errors import MktlError

from .others import Siblings

#: Before the keys in a condition of a file, which knows of no store.
PREFIX = "item."


class Watched:
    """A condition with the items that it is on.

    Args:
        condition: As the file has it.
        store: Has the items.

    Raises:
        ConditionError: A word that is no value of its item.
    """

    def __init__(self, condition: Condition, store: Siblings) -> None:
        self.items: dict[str, mktl.Item] = {
            name: store[name.removeprefix(PREFIX)] for name in condition.names
        }
        self._condition = condition.bind(self._read_word)

    @property
    def text(self) -> str:
        """As the file has it."""
        return self._condition.text

    def judge(self) -> Verdict:
        """Whether it holds now; nothing that cannot be trusted decides."""
        return self._condition.judge({name: _known(item) for name, item in self.items.items()})

    def told(self) -> str:
        """The values that it is judged by: ``state = moving, position = 4.2``."""
        return ", ".join(f"{item.key} = {item.to_format(item.value)}" for item in self.items.values())

    def _read_word(self, name: str, word: str) -> Any:
        item = self.items[name]
        try:
            return item.from_format(word)
        except (MktlError, ValueError, TypeError, LookupError) as error:
            raise ConditionError(f"{item.full_key}: {word!r} is no value of it: {error}") from None


def _known(item: mktl.Item) -> Known:
    if item.severity == "invalid" or item.value is None:
        return Known(doubt=item.reason or f"is {item.status}")
    return Known(item.value)
