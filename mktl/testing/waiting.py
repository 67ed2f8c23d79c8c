"""Waiting for items, without sleeping: looked at anew with each broadcast of any of them."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..cli.waiting import Wake, missed, until, value_of_word
from ..condition import parse

if TYPE_CHECKING:
    from ..item import Item
    from ..store import Store

#: How often that is looked at which no broadcast tells of.
LOOK_S = 0.005


class Waiter:
    """Waits for what the items of *store* show, or for anything else."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followed: dict[str, Item] = {}
        self._wake: Wake = queue.SimpleQueue()

    def until(self, text: str, timeout_s: float) -> None:
        """Wait until a condition on items by their keys holds: ``"temp < 5 and heater == 'off'"``.

        Raises:
            AssertionError: Not in this time; the message has the values of the items.
            ConditionError: *text* is no condition.
        """
        condition = parse(text, self._store.name)
        items = {name: self._follow(name) for name in condition.names}
        condition = condition.bind(partial(value_of_word, items))
        readings, verdict = until(condition, items, self._wake, time.monotonic() + timeout_s)
        if not verdict.holds:
            raise AssertionError(missed(condition, readings, verdict, timeout_s))

    def until_true(self, look: Callable[[], Any], timeout_s: float, told: Callable[[], str]) -> Any:
        """The first true result of *look*.

        Args:
            look: Asked again and again, for nobody tells when anything but an item changes.
            timeout_s: How long at the most.
            told: How things stand, for the error.

        Raises:
            AssertionError: None in this time.
        """
        end_s = time.monotonic() + timeout_s
        while not (result := look()):
            if time.monotonic() >= end_s:
                raise AssertionError(f"not within {timeout_s:g} s: {told()}")
            time.sleep(LOOK_S)
        return result

    def _follow(self, full_key: str) -> Item:
        if full_key not in self._followed:
            item = self._store[full_key.partition(".")[2]]
            item.register(self._note)
            self._followed[full_key] = item
        return self._followed[full_key]

    def _note(self, *_: object) -> None:
        self._wake.put("")
