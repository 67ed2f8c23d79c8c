"""One key and its value."""

from __future__ import annotations

import threading
import time
from typing import Any

from ..config.names import check_key
from ..errors import MktlError
from ..protocol.client import client
from ..protocol.incoming import Incoming
from ..protocol.message import Payload as Outgoing
from ..protocol.message import Request
from ..wire.payload import Payload
from .answers import Answers
from .callbacks import MOST_ARRAYS_WAITING, MOST_WAITING, Callbacks
from .daemon_side import Publisher
from .operators import Operators
from .owner import Owner
from .quantity import from_quantity, to_quantity
from .reading import Reading
from .redescribed import Redescribed


class Item(Operators, Redescribed, Answers):
    """A key of a store and its value, in a client or in the daemon that is the authority for it.

    Clients get items from :func:`mktl.get`. Daemons subclass this class, write ``req_refresh`` and
    ``req_set``, and hand the subclass to :meth:`mktl.Daemon.add_item`.

    Args:
        store: The store that it belongs to.
        key: Its name there, in any case.
        subscribe: Have updates arrive by themselves from the start.
        authoritative: True in its own daemon; set by ``add_item``.
        pub: How its own daemon broadcasts; set by ``add_item``.

    Raises:
        MktlError: The store has an item of this key already.
        UnknownItemError: The store's description has no such key.
    """

    def __init__(
        self,
        store: Owner,
        key: str,
        subscribe: bool = True,
        authoritative: bool = False,
        pub: Publisher | None = None,
    ) -> None:
        self.store = store
        self.key = check_key(key)
        self.full_key = f"{store.name}.{self.key}"
        self.config = store.describe(self.key)
        self.authoritative = authoritative
        self.timeout = 60.0
        self._lock = threading.Lock()
        self._reading = Reading()
        self._subscribed = False
        self._suspended, self._hears = False, True
        workers = pub.workers if pub is not None else None
        most_waiting = MOST_ARRAYS_WAITING if self.config.get("type") == "bulk" else MOST_WAITING
        self._callbacks = Callbacks(self, lambda: (workers or client().workers).lane(), most_waiting)
        self._become_authoritative(pub)
        store._admit(self)
        if subscribe:
            self.subscribe()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.full_key} = {self._reading.value!r} ({self._reading.status})>"

    def __str__(self) -> str:
        return self.formatted

    @property
    def value(self) -> Any:
        """The current value. Assigning sets it: in its own daemon that publishes, elsewhere it is a SET."""
        if self._subscribed and self._reading.status != "unset":
            return self._reading.value
        if self.authoritative or self.config.get("gettable") is False:
            return self._reading.value
        return self.get()

    @value.setter
    def value(self, new_value: Any) -> None:
        if self.authoritative:
            self.publish(new_value)
        else:
            self.set(new_value)

    @property
    def formatted(self) -> str:
        """The value as a person reads it; assigning text sets the value that it stands for."""
        return self.to_format(self.value)

    @formatted.setter
    def formatted(self, text: str) -> None:
        self.value = self.from_format(text)

    @property
    def quantity(self) -> Any:
        """The value as a ``pint.Quantity``; assigning one sets the value, in whatever unit it comes."""
        return to_quantity(self.full_key, self.config, self.value)

    @quantity.setter
    def quantity(self, quantity: Any) -> None:
        self.value = from_quantity(self.full_key, self.config, quantity)

    def to_payload(self, value: Any = None, timestamp: float | None = None) -> Payload:
        """The payload for *value*, or for what the item holds."""
        reading = self._reading
        if not (value is None and timestamp is None):
            reading = Reading(value, time.time() if timestamp is None else timestamp, status="ok")
        payload = reading.to_payload()
        return Outgoing.of(payload, payload.bulk)

    def from_payload(self, payload: Payload) -> Any:
        """The value in *payload*; an array when there is bulk data."""
        return Reading.from_payload(payload).value

    def _ask(self, request: Request) -> Payload:
        if not self.authoritative:
            return super()._ask(request)
        if self._lane is None:
            raise MktlError(f"{self.full_key}: its daemon is not running")
        if request.type == "GET":
            if request.payload.refresh:
                self._lane.call(lambda: self.req_get(request))
            return self._reading.to_payload()
        request.payload["value"] = self._checked(request.payload)
        return self._set_here(request)

    def _take(self, request: Incoming) -> bool:
        """A request from the wire; True when it has been answered."""
        return self._take_get(request) if request.type == "GET" else self._take_set(request)
