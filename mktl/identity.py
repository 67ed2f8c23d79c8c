"""Whether the daemon at an address is the one it is taken for, or another that has got its port since."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from .errors import MktlError, NoAnswerError
from .protocol.client import client
from .protocol.message import Request
from .wire.payload import Payload

#: How long a daemon may take to say who it is.
ANSWER_S = 5.0


class Identities:
    """Asks daemons of one store for their uuids; many who ask at once cost one question.

    Args:
        store: Its name.
        on_hash: Called with the uuid and the hash of one that is where it is said to be.
    """

    def __init__(self, store: str, on_hash: Callable[[str, object], object] = lambda *_: None) -> None:
        self._store = store
        self._on_hash = on_hash
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], list[Callable[[bool], object]]] = {}

    def ask(self, uuid: str, address: str, then: Callable[[bool], object]) -> None:
        """Call *then* with whether the daemon *uuid* answers at *address*; returns at once."""
        with self._lock:
            waiting = self._waiting.setdefault((uuid, address), [])
            waiting.append(then)
            if len(waiting) > 1:
                return
        request = self._question()
        request.then = partial(self._answered, uuid, address)
        client().send(address, request)

    def _answered(self, uuid: str, address: str, payload: Payload) -> None:
        with self._lock:
            waiting = self._waiting.pop((uuid, address), [])
        is_it = self._names(payload, uuid)
        if is_it:
            self._on_hash(uuid, payload.value[self._store][uuid])
        for then in waiting:
            then(is_it)

    def confirm(self, uuid: str, address: str, full_key: str) -> None:
        """Return when the daemon *uuid*, which serves *full_key*, answers at *address*.

        Raises:
            NoAnswerError: Nobody answers, or somebody else.
        """
        try:
            answer = client().request(address, self._question(), ANSWER_S)
        except NoAnswerError as error:
            raise NoAnswerError(str(error).replace(f"{self._store}._hash", full_key)) from None
        except MktlError:  # a daemon of another store
            answer = Payload()
        if not self._names(answer, uuid):
            raise NoAnswerError(
                f"{full_key}: another daemon answers at {address} now; the one that was there is looked for"
            )

    def _question(self) -> Request:
        return Request("GET", f"{self._store}._hash")

    def _names(self, payload: Payload, uuid: str) -> bool:
        hashes = payload.value.get(self._store) if isinstance(payload.value, dict) else None
        return isinstance(hashes, dict) and uuid in hashes
