"""Requests, on both sides of the wire."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

from ..errors import MktlError, describe, rebuild
from ..wire.codec import JSON
from ..wire.frames import NO_ACK, NO_REP, REP, Frames, pack, pack_ack
from ..wire.payload import Payload

__all__ = ["NO_ACK", "NO_ACK_OR_REP", "NO_REP", "Incoming", "Payload", "Request"]

NO_ACK_OR_REP = NO_ACK | NO_REP

_ids = itertools.count(1)


def next_id() -> bytes:
    """An id that no other request of this process has had lately: eight hex digits."""
    return b"%08x" % (next(_ids) & 0xFFFFFFFF)


class Request:
    """A GET or SET, and its response once there is one.

    Args:
        type: ``"GET"`` or ``"SET"``.
        target: ``store.key``.
        payload: What it carries; None for nothing.
    """

    __slots__ = (
        "_done",
        "flags",
        "id",
        "payload",
        "response",
        "target",
        "then",
        "type",
        "validated",
        "version",
    )

    def __init__(
        self,
        type: str,
        target: str = "",
        payload: Payload | None = None,
        id: bytes | None = None,
        flags: int | None = None,
        version: bytes = JSON,
    ) -> None:
        if type not in ("GET", "SET"):
            raise ValueError(f"a request is a GET or a SET, got {type!r}")
        self.type = type
        self.target = target
        self.payload = Payload() if payload is None else payload
        self.id = next_id() if id is None else id
        self.flags = flags or 0
        #: How the payload is spelled on the wire; the daemon answers alike.
        self.version = version
        self.response: Payload | None = None
        #: Called with the response, by whoever has it; for requests that nobody waits for.
        self.then: Callable[[Payload], None] | None = None
        #: True once the item's ``validate`` has seen the value; in a daemon only.
        self.validated = False
        self._done: threading.Event | None = None

    def __repr__(self) -> str:
        return f"<{self.type} {self.target} {dict(self.payload)!r}>"

    def parts(self) -> list[bytes | memoryview]:
        """The frames of this request."""
        payload, version = self.payload, self.version
        raw = payload.encode(version)
        type, target = self.type.encode(), self.target.encode()
        return pack(Frames(self.id, type, target, self.flags, raw, payload.bulk, version))

    def expect(self) -> None:
        """Make the request one that can be waited for; before it is sent."""
        self._done = threading.Event()

    def complete(self, response: Payload) -> None:
        """Hand in the response and wake whoever waits."""
        self.response = response
        if self._done is not None:
            self._done.set()
        if self.then is not None:
            self.then(response)

    def poll(self) -> bool:
        """True once the request is complete, well or badly."""
        return self.response is not None

    def wait(self, timeout: float | None = 60.0) -> Payload | None:
        """Block until the request is complete; its response, or None after *timeout* seconds.

        Raises:
            RemoteError: The daemon refused; also of the class that it raised, where that is known.
        """
        if self._done is not None:
            self._done.wait(timeout)
        if self.response is not None:
            raise_error(self.response)
        return self.response


def raise_error(response: Payload) -> None:
    """Raise what *response* says went wrong, if anything."""
    error = response.error
    if not error:
        return
    if isinstance(error, dict):
        raise rebuild(str(error.get("type")), str(error.get("text")))
    raise rebuild("RemoteError", str(error))


def error_payload(error: BaseException) -> Payload:
    """The payload of a REP that reports *error*."""
    return Payload(error=describe(error))


class Incoming(Request):
    """A request as a daemon gets it: it can be answered, once, from any thread."""

    __slots__ = ("_answered", "_route", "_send")

    def __init__(
        self, frames: Frames, route: bytes, send: Callable[[list[bytes | memoryview]], None]
    ) -> None:
        type = frames.type.decode("ascii", "replace")
        try:
            target = frames.target.decode().lower()
        except UnicodeDecodeError:
            raise MktlError("the target is not UTF-8") from None
        payload = Payload.decode(frames.payload, frames.bulk, frames.version)
        super().__init__(type, target, payload, frames.id, frames.flags, frames.version)
        self._route = route
        self._send = send
        self._answered = False

    def acknowledge(self) -> None:
        """Say that the request has arrived and that its answer takes time."""
        if not self.flags & NO_ACK:
            self._send([self._route, *pack_ack(self.id, self.version)])

    def answer(self, payload: Payload) -> None:
        """Send the one REP of this request; a second answer is dropped."""
        if self._answered:
            return
        self._answered = True
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
            self._send([self._route, *pack(Frames(self.id, REP, b"", 0, raw, bulk, self.version))])

    def refuse(self, error: BaseException) -> None:
        """Answer with *error*."""
        self.answer(error_payload(error))
