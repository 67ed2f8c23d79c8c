"""Functions in the place of an item's hooks, handed to its daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..item import Item
    from ..store import Store


class Performing:
    """The part of :class:`mktl.Daemon` that has functions do the work of items."""

    store: Store
    #: Items that were asked for before ``setup`` has added them.
    _placeholders: dict[str, Item]

    def add_get_performer(self, key: str, method: Callable[[], Any]) -> None:
        """Have *method* give the newest value of *key*; see :meth:`mktl.Item.perform_get`.

        Raises:
            UnknownItemError: No such item; it is a KeyError.
        """
        self._performing(key).add_get_performer(method)

    def add_set_performer(self, key: str, method: Callable[[Any], Any]) -> None:
        """Have *method* carry out SETs of *key*; see :meth:`mktl.Item.perform_set`.

        Raises:
            UnknownItemError: No such item; it is a KeyError.
        """
        self._performing(key).add_set_performer(method)

    def add_performer(self, key: str, request: str, method: Callable[..., Any]) -> None:
        """Have *method* do what *request*, ``"get"`` or ``"set"``, asks of *key*."""
        self._performing(key).add_performer(request, method)

    def add_performers(self, performers: Iterable[tuple[str, str, Callable[..., Any]]]) -> None:
        """Several at once: ``(key, "get" or "set", method)``."""
        for key, request, method in performers:
            self.add_performer(key, request, method)

    def _performing(self, key: str) -> Item:
        """The item of *key*, which is here to stay: functions do its work."""
        item = self.store[key]
        self._placeholders.pop(item.key, None)
        return item
