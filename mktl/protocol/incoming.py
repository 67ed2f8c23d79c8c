"""Requests as a daemon gets them."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from ..errors import MktlError, WireError
from ..wire.frames import NO_ACK, NO_REP, SET, Frames, pack_ack, pack_reply
from ..wire.payload import Payload
from .message import Request, error_payload

log = logging.getLogger(__name__)


class Incoming(Request):
    """A request as a daemon gets it: it can be answered, once, from any thread."""

    #: Called with what is answered.
    told: Callable[[Payload], object] | None = None
    _answered = False

    def __init__(
        self, frames: Frames, route: bytes, send: Callable[[list[bytes | memoryview]], None]
    ) -> None:
        type = frames.type.decode("ascii", "replace")
        try:
            target = frames.target.decode().lower()
        except UnicodeDecodeError:
            raise MktlError("the target is not UTF-8") from None
        payload = Payload.decode(frames.payload, frames.bulk, frames.version)
        if frames.type == SET and payload.bulk is None and "value" not in payload:
            raise WireError(f"{target[:80]}: a SET without a value; null is one")
        super().__init__(type, target, payload, frames.id, frames.flags, frames.version)
        #: ZeroMQ's name of the connection that it came by.
        self.route = route
        self._send = send

    def acknowledge(self) -> None:
        """Say that the request has arrived and that its answer takes time."""
        if not self.flags & NO_ACK:
            self._send([self.route, *pack_ack(self.id, self.version)])

    def answer(self, payload: Payload) -> None:
        """Send the one REP of this request; a second answer is dropped."""
        if self._answered:
            return
        self._answered = True
        if self.told is not None:
            self.told(payload)
        if self.flags & NO_REP:
            return
        try:
            raw = payload.encode(self.version, lenient=True)
        except MktlError as error:
            payload = error_payload(error)
            raw = payload.encode(self.version)
        self.answer_raw(raw, payload.bulk)

    def answer_raw(self, raw: bytes, bulk: bytes | memoryview | None = None) -> None:
        """Send the one REP, already encoded."""
        self._answered = True
        if not self.flags & NO_REP:
            self._send([self.route, *pack_reply(self.id, raw, bulk, self.version)])

    def refuse(self, error: BaseException) -> None:
        """Answer with *error*: its class and its text, never a traceback.

        What nobody has raised on purpose goes to the log with its traceback, under a reference that the
        client gets too.
        """
        if isinstance(error, MktlError):
            self.answer(error_payload(error))
            return
        reference = secrets.token_hex(4)
        log.warning("%r: %s: %s [%s]", self, type(error).__name__, error, reference, exc_info=error)
        payload = error_payload(error)
        payload["error"]["debug"] = f"reference {reference} in the daemon's log"
        self.answer(payload)
