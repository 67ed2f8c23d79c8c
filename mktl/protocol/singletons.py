"""One client for each address and port."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from ..errors import MktlError

Kind = TypeVar("Kind")


class ConnectedAlreadyError(MktlError, ConnectionError):
    """There is a client to this address and port; it is to be used again."""


class Singletons(Generic[Kind]):
    """The clients of one kind that there are in this process."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Kind] = {}
        self._lock = threading.RLock()

    def enter(self, address: str, port: int, client: Kind) -> None:
        """Take in a new one.

        Raises:
            ConnectedAlreadyError: There is one.
        """
        with self._lock:
            if (address, port) in self._known:
                raise ConnectedAlreadyError(
                    f"there is a client to {address}:{port} already; client({address!r}, {port}) gives it"
                )
            self._known[address, port] = client

    def get(self, make: Callable[[str, int], Kind], address: str, port: int) -> Kind:
        """The client to this address and port; ``make(address, port)`` enters a new one."""
        with self._lock:
            known = self._known.get((address, port))
            return make(address, port) if known is None else known

    def clear(self) -> list[Kind]:
        """Forget all; they are returned."""
        with self._lock:
            clients = list(self._known.values())
            self._known.clear()
            return clients
