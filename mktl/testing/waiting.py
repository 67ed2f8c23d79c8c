"""Waiting for items, without sleeping: looked at anew with each broadcast of any of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..condition import Condition, ConditionError, Known, parse
from ..errors import MktlError

if TYPE_CHECKING:
    from ..item import Item
    from ..store import Store

#: How often that is looked at which no broadcast tells of.
LOOK_S = 0.005


class Waiter:
    """Waits for what the items of *store* show, or for anything else."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._news = threading.Event()
        self._followed: dict[str, Item] = {}

    def until(
        self, condition: str | Callable[[], Any], timeout_s: float, told: Callable[[], str] | None = None
    ) -> Any:
        """The first true result of *condition*.

        Args:
            condition: On items by their keys, ``"temp < 5 and heater == 'off'"``; or a function.
            timeout_s: How long at the most.
            told: What to say when a function is not true by then.

        Raises:
            AssertionError: Not in this time; the message has the values of the items.
            ConditionError: *condition* is none.
        """
        if isinstance(condition, str):
            look, told = self._understood(condition)
        else:
            look, told = condition, told or (lambda: repr(condition))
        end_s = time.monotonic() + timeout_s
        while True:
            self._news.clear()
            result = look()
            if result:
                return result
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                raise AssertionError(f"not within {timeout_s:g} s: {told()}")
            # Broadcasts wake; what is no item, a function may look at, is looked at now and then.
            self._news.wait(left_s if isinstance(condition, str) else min(left_s, LOOK_S))

    def _understood(self, text: str) -> tuple[Callable[[], Any], Callable[[], str]]:
        """What judges the condition, and what says how it stands."""
        parsed = parse(text, self._store.name)
        items = {name: self._follow(name.partition(".")[2]) for name in parsed.names}
        condition = parsed.bind(lambda name, word: _value(items[name], word))

        def told() -> str:
            values = ", ".join(f"{item.key} = {_shown(item)}" for item in items.values())
            return f"{text}; {values}"

        return lambda: _holds(condition, items), told

    def _follow(self, key: str) -> Item:
        if key not in self._followed:
            item = self._store[key]
            item.register(self._note)
            self._followed[key] = item
        return self._followed[key]

    def _note(self, *_: object) -> None:
        self._news.set()


def _holds(condition: Condition, items: dict[str, Item]) -> bool:
    return condition.judge({name: _known(item) for name, item in items.items()}).holds


def _known(item: Item) -> Known:
    if item.severity == "invalid" or item.reading.value is None:
        return Known(doubt=item.reason or f"is {item.status}")
    return Known(item.reading.value)


def _value(item: Item, word: str) -> Any:
    try:
        return item.from_format(word)
    except (MktlError, ValueError, TypeError, LookupError) as error:
        raise ConditionError(f"{item.full_key}: {word!r} is no value of it: {error}") from None


def _shown(item: Item) -> str:
    reading = item.reading
    remark = "" if reading.status == "ok" else f" ({reading.status}: {reading.reason})"
    return f"{reading.value!r}{remark}"
