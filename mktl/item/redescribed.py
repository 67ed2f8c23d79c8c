"""What becomes of a client's item when its daemon describes its items otherwise."""

from __future__ import annotations

import contextlib

from ..errors import MktlError
from ..protocol.client import client
from ..protocol.message import Request
from ..wire.payload import Payload
from .client_side import ClientSide


class Redescribed(ClientSide):
    """The part of a client's item that outlives a reload of its daemon."""

    def _redescribed(self, is_served: bool) -> None:
        """The daemon has other items now, or describes this one otherwise; on the client's thread."""
        if not is_served:
            self._withdraw("its daemon serves it no more")
            return
        self.config = self.store.describe(self.key)
        if self.config.get("gettable") is not False:
            request = Request("GET", self.full_key, version=self.store.route(self.key).version)
            request.then = self._learn_if_any
            client().send(self.store.route(self.key).rep, request)

    def _withdraw(self, reason: str) -> None:
        with self._lock:
            self._reading = reading = self._reading.flagged("stale", "invalid", reason)
        self._callbacks.notify(reading)

    def _learn_if_any(self, payload: Payload) -> None:
        with contextlib.suppress(MktlError):
            self._learn(payload)
