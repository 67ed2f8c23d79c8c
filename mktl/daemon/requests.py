"""From a request's target to what answers it; on the wire thread, so nothing here waits."""

from __future__ import annotations

import difflib
import time

from ..errors import MktlError, NotGettableError, NotSettableError, UnknownItemError
from ..item import Item
from ..protocol.incoming import Incoming
from ..wire.payload import Bulk, Payload
from . import audit
from .catalog import Catalog


class Router:
    """Answers for one daemon.

    Args:
        store: The store's name.
        items: ``{key: item}``, those of this daemon.
        catalog: What it tells of itself, and a registry of others.
    """

    def __init__(self, store: str, items: dict[str, Item], catalog: Catalog) -> None:
        self._store = store
        self._prefix = f"{store}.".encode()
        self._items = items
        self._catalog = catalog

    def answer(self, request: Incoming) -> bool:
        """Answer, or queue it with its item; True when the answer is out.

        Raises:
            MktlError: What is wrong with the request; it has not been answered.
        """
        target = request.target
        store, _, key = target.partition(".")
        item = self._items.get(key) if store == self._store else None
        if request.type == "SET" and audit.is_kept():
            audit.follow(request, item)
        if item is not None:
            if request.type == "GET" and item.config.get("gettable") is False:
                raise NotGettableError(f"{item.full_key} can be set but not read")
            return item._take(request)
        described = self._catalog.describe(target)
        if described is None:
            raise self._unknown(target, store, key)
        if request.type != "GET":
            raise NotSettableError(f"{target} is read only")
        request.answer(Payload(described, time=time.time()))
        return True

    def known(self, target: bytes, version: bytes) -> tuple[bytes, Bulk] | None:
        """What is answered to a plain GET of *target*, if it needs no more than a look at the item."""
        item = self._item(target)
        return item.known(version) if item is not None else None

    def put(self, target: bytes, version: bytes, raw: bytes) -> tuple[bytes, Bulk] | None:
        """What is answered to a SET of *target*, carried out at once; None where a hook has a say in it."""
        if audit.is_kept():
            return None
        item = self._item(target)
        return item._carry_out(raw, version) if item is not None else None

    def _item(self, target: bytes) -> Item | None:
        if not target.startswith(self._prefix):
            return None
        return self._items.get(target[len(self._prefix) :].decode("ascii", "replace"))

    def _unknown(self, target: str, store: str, key: str) -> MktlError:
        if store != self._store or not key:
            return UnknownItemError(f"{target[:80]!r}: this daemon serves store '{self._store}'")
        near = difflib.get_close_matches(key, self._items, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        return UnknownItemError(f"{target[:80]}: store '{store}' has no such item here{hint}")
