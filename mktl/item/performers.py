"""The later, shorter hooks of the published interface: a value in, a value out, no request.

``perform_get`` and ``perform_set`` are what ``req_refresh`` and ``req_set`` do unless a subclass writes
those. Functions can stand in for them, so that a daemon needs no subclass of Item at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ..wire.payload import Payload
from .reading import Reading

if TYPE_CHECKING:
    from .item import Item


class Performers:
    """The part of an authoritative item that subclasses or functions fill in."""

    full_key: str

    def perform_get(self) -> Any:
        """Acquire the newest value and return it; None for nothing new.

        A ``mktl.protocol.message.Payload`` may be returned instead: to say when the item assumed the value,
        or that it has none.
        """
        return None

    def perform_set(self, new_value: Any) -> Any:
        """Carry out a SET of *new_value*, which has been validated; raise to refuse.

        The value is published when this returns, unless ``publish_on_set`` is False or this has published
        one itself. What is returned goes to the client in the place of True.
        """
        return None

    def perform_poll(self, repeat: bool = False) -> dict[str, Any] | None:
        """The later name of ``req_poll``."""
        return cast("Item", self).req_poll(repeat)

    def add_get_performer(self, method: Callable[[], Any]) -> None:
        """Have *method* do what :meth:`perform_get` does.

        Raises:
            TypeError: It cannot be called.
        """
        self.perform_get = self._checked_performer(method)  # type: ignore[method-assign]

    def add_set_performer(self, method: Callable[[Any], Any]) -> None:
        """Have *method* do what :meth:`perform_set` does.

        Raises:
            TypeError: It cannot be called.
        """
        self.perform_set = self._checked_performer(method)  # type: ignore[method-assign]

    def add_performer(self, request: str, method: Callable[..., Any]) -> None:
        """Have *method* stand in for :meth:`perform_get` or :meth:`perform_set`.

        Args:
            request: ``"get"`` or ``"set"``.
            method: The function.

        Raises:
            ValueError: *request* is neither.
            TypeError: *method* cannot be called.
        """
        adders: dict[str, Callable[[Any], None]] = {
            "get": self.add_get_performer,
            "set": self.add_set_performer,
        }
        add = adders.get(request.strip().lower())
        if add is None:
            raise ValueError(f"{self.full_key}: a performer is for 'get' or 'set', got {request!r}")
        add(method)

    def _checked_performer(self, method: Any) -> Any:
        if not callable(method):
            raise TypeError(f"{self.full_key}: {method!r} cannot be called")
        return method

    def watch(self, item: Item) -> None:
        """Refresh this item whenever *item* changes."""
        item.register(cast("Item", self).req_poll)

    def _performed(self) -> dict[str, Any] | None:
        """What :meth:`perform_get` returned, as ``req_refresh`` returns it."""
        returned = self.perform_get()
        if returned is None:
            return None
        if isinstance(returned, Payload):
            reading = Reading.from_payload(returned)
            return {"value": reading.value, "time": time.time() if reading.time is None else reading.time}
        return {"value": returned, "time": time.time()}
