"""Messages: what they carry, whom they are for, and a request's way to its response."""

from __future__ import annotations

import itertools
import logging
import threading
import time as timemodule
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

from ..errors import WireError, describe, rebuild
from ..wire import frames
from ..wire.codec import JSON, encode
from ..wire.frames import NO_ACK, NO_REP, Frames, pack, pack_broadcast, pack_request
from ..wire.payload import MISSING, Bulk
from ..wire.payload import Payload as Fields
from .origin import origin

__all__ = ["NO_ACK", "NO_ACK_OR_REP", "NO_REP", "Broadcast", "Message", "Payload", "Request"]

log = logging.getLogger(__name__)

NO_ACK_OR_REP = NO_ACK | NO_REP

#: The version of the wire that everybody reads.
version = JSON

_ids = itertools.count(1)

Parts = tuple[bytes | memoryview, ...]


def next_id() -> bytes:
    """An id that no other request of this process has had lately: eight hex digits."""
    return b"%08x" % (next(_ids) & 0xFFFFFFFF)


class Payload(Fields):
    """The fields of a message as a program makes them: a value without a time is dated now.

    Further fields are keyword arguments, and attributes afterwards. What is named in *omit* is not sent.

    >>> payload = Payload(12.5, time=1700000000.0, seen_by="me")
    >>> payload.omit.add("seen_by")
    >>> payload.encapsulate()
    b'{"value": 12.5, "time": 1700000000.0}'
    """

    __slots__ = ("omit",)

    def __init__(self, value: Any = MISSING, time: float | None = None, **fields: Any) -> None:
        self.omit: set[str] = set()
        bulk = fields.pop("bulk", None)
        super().__init__(value, bulk=bulk)
        if time is not None or value is not MISSING:
            self["time"] = timemodule.time() if time is None else time
        self.update(fields)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("bulk", "omit"):
            super().__setattr__(name, value)
        else:
            self[name] = value

    @classmethod
    def of(cls, fields: Mapping[str, Any], bulk: Bulk = None) -> Self:
        """The same fields, as a program can go on with them."""
        payload = super().of(fields, bulk)
        payload.omit = set()
        return payload

    def add_origin(self) -> None:
        """Add who sends this: ``_user``, ``_hostname``, ``_pid`` and so on."""
        self.update(origin())

    def encode(self, version: bytes = JSON, *, lenient: bool = False) -> bytes:
        """The bytes of the fields, without those in *omit*."""
        sent = {name: value for name, value in self.items() if name not in self.omit}
        return encode(sent, version, lenient=lenient)

    def encapsulate(self) -> bytes:
        """The fields as JSON.

        Raises:
            WireError: One that JSON cannot carry.
        """
        return self.encode()


class Message:
    """What a daemon answers, an ACK or a REP; as a sequence it is its frames.

    Args:
        type: ``"ACK"`` or ``"REP"``.
        target: ``store.key``; empty in most answers.
        payload: What it carries; None for nothing.
        id: That of the request, needed before this can be sent; a number becomes eight hex digits.

    Raises:
        ValueError: Another type.
    """

    valid_types: ClassVar[frozenset[str]] = frozenset({"ACK", "REP"})

    #: Frames that go before the others, such as ZeroMQ's name of whom this is for.
    prefix: tuple[bytes, ...] = ()

    def __init__(
        self,
        type: str,
        target: str | bytes | None = None,
        payload: Any = None,
        id: Any = None,
    ) -> None:
        if type not in self.valid_types:
            raise ValueError(f"expected {' or '.join(sorted(self.valid_types))}, got {type!r}")
        self.type = type
        self.target = target.decode() if isinstance(target, bytes) else target or ""
        self.payload = payload
        self.id = id
        #: UNIX seconds when this was made.
        self.timestamp = timemodule.time()

    def __iter__(self) -> Iterator[bytes | memoryview]:
        return iter(self._finalize())

    def __repr__(self) -> str:
        return f"<{self.type} {self.target} {None if self.payload is None else dict(self.payload)!r}>"

    def _finalize(self) -> Parts:
        if self.id is None:
            raise WireError(f"a {self.type} needs the id of its request before it can be sent")
        raw, bulk = _encoded(self.payload)
        return (
            *self.prefix,
            *pack(Frames(_wire_id(self.id), self.type.encode(), self.target.encode(), 0, raw, bulk)),
        )

    def log(self, logger: logging.Logger | None = None) -> None:
        """Log it at level INFO, without what it tells of its sender; by mKTL's own logger when left out."""
        shown = {name: value for name, value in (self.payload or {}).items() if not name.startswith("_")}
        (logger or log).info("%s %s %s", self.type, self.target, shown)

    @classmethod
    def reconstruct(cls, parts: Sequence[bytes]) -> Message:
        """The message in these frames, which have no prefix.

        Raises:
            WireError: They are no message.
            ValueError: One of another type.
        """
        found = frames.unpack(parts)
        return cls(found.type.decode("ascii", "replace"), found.target, _decoded(found), found.id)


class Broadcast(Message):
    """An update for whoever subscribes to *target*; a target in bytes is a topic as it stands.

    Args:
        type: ``"PUB"``.
        target: ``store.key``.
        payload: What it carries; None for nothing.
        id: Not sent; broadcasts have none.
    """

    valid_types = frozenset({"PUB"})

    def __init__(
        self, type: str, target: str | bytes | None = None, payload: Any = None, id: Any = None
    ) -> None:
        super().__init__(type, target, payload, id)
        self.topic = target if isinstance(target, bytes) else frames.topic(self.target)

    def _finalize(self) -> Parts:
        return (*self.prefix, *pack_broadcast(self.topic, *_encoded(self.payload)))

    @classmethod
    def reconstruct(cls, parts: Sequence[bytes]) -> Broadcast:
        """The broadcast in these frames.

        Raises:
            WireError: They are none.
        """
        topic, fields, bulk = frames.unpack_broadcast(parts)
        return cls("PUB", topic, Payload.of(fields, bulk) if parts[2] else None)


class Request(Message):
    """A GET or SET, and its response once there is one.

    Args:
        type: ``"GET"`` or ``"SET"``.
        target: ``store.key``.
        payload: What it carries; None for nothing.
        id: Its own; made when left out.
        flags: ``NO_ACK``, ``NO_REP`` or both.
        version: How the payload is spelled on the wire; the daemon answers alike.
    """

    valid_types = frozenset({"GET", "SET"})

    #: What the daemon answered, with its payload; None until then.
    response: Message | None = None
    #: Called with what the daemon answered, by whoever has it; for requests that nobody waits for.
    then: Callable[[Fields], None] | None = None
    #: True once the value is known to be one of the item's type; in a daemon only.
    checked = False
    #: True once the item's ``validate`` has seen the value; in a daemon only.
    validated = False
    #: Called by who is about to wait: it may be the very thread that would receive the response.
    about_to_wait: Callable[[], object] | None = None
    _done: threading.Event | None = None
    _acked = False
    _acked_event: threading.Event | None = None

    def __init__(
        self,
        type: str,
        target: str | bytes = "",
        payload: Fields | None = None,
        id: bytes | None = None,
        flags: int | None = None,
        version: bytes = JSON,
    ) -> None:
        super().__init__(
            type, target, Fields() if payload is None else payload, next_id() if id is None else id
        )
        self.flags = flags or 0
        self.version = version

    @property
    def ack(self) -> bool:
        """True when an ACK is wanted."""
        return not self.flags & NO_ACK

    @property
    def reply(self) -> bool:
        """True when a REP is wanted."""
        return not self.flags & NO_REP

    def _finalize(self) -> Parts:
        return (*self.prefix, *self.parts())

    def parts(self) -> list[bytes | memoryview]:
        """The frames of this request."""
        payload, version = self.payload, self.version
        raw = payload.encode(version)
        type, target = self.type.encode(), self.target.encode()
        return pack_request(self.id, type, target, self.flags, raw, payload.bulk, version)

    @classmethod
    def reconstruct(cls, parts: Sequence[bytes]) -> Request:
        """The request in these frames.

        Raises:
            WireError: They are no message.
            ValueError: One of another type.
        """
        found = frames.unpack(parts)
        type = found.type.decode("ascii", "replace")
        return cls(type, found.target, _decoded(found), found.id, found.flags, found.version)

    # -- its way to the response

    def expect(self) -> None:
        """Make the request one that can be waited for; before it is sent."""
        if self._done is None or self._done.is_set():
            self._done = threading.Event()

    def complete(self, payload: Fields) -> None:
        """Hand in what the daemon answered, and wake whoever waits."""
        self._complete(Message("REP", self.target, payload, self.id))
        if self.then is not None:
            self.then(payload)

    def _complete(self, response: Message) -> None:
        self.response = response
        self._complete_ack()
        if self._done is not None:
            self._done.set()

    def _complete_ack(self) -> None:
        self._acked = True
        if self._acked_event is not None:
            self._acked_event.set()

    def poll(self) -> bool:
        """True once the request is complete, well or badly."""
        return self.response is not None

    def wait_ack(self, timeout: float | None = None) -> bool:
        """Block until the daemon has said that the request arrived; False after *timeout* seconds."""
        if self._acked_event is None:
            self._acked_event = threading.Event()
        if self.about_to_wait is not None and not self._acked:
            self.about_to_wait()
        # Whoever completes it sets the flag first and then looks for the event.
        return self._acked or self._acked_event.wait(timeout)

    def wait(self, timeout: float | None = 60.0) -> Message | None:
        """Block until the request is complete; its response, or None after *timeout* seconds.

        Raises:
            RemoteError: The daemon refused; also of the class that it raised, where that is known.
        """
        if self._done is not None and self.response is None:
            if self.about_to_wait is not None:
                self.about_to_wait()
            self._done.wait(timeout)
        response = self.response
        if isinstance(response, Message):
            raise_error(response.payload)
        return response


def _wire_id(id: bytes | int) -> bytes:
    return b"%08x" % id if isinstance(id, int) else id


def _encoded(payload: Fields | None) -> tuple[bytes, Bulk]:
    return (b"", None) if payload is None else (payload.encode(), payload.bulk)


def _decoded(found: Frames) -> Payload | None:
    if not found.payload and found.bulk is None:
        return None
    return Payload.decode(found.payload, found.bulk, found.version)


def raise_error(response: Fields) -> None:
    """Raise what *response* says went wrong, if anything."""
    error = response.get("error")
    if not error:
        return
    if isinstance(error, dict):
        raise rebuild(str(error.get("type")), str(error.get("text")), str(error.get("debug") or ""))
    raise rebuild("RemoteError", str(error))


def error_payload(error: BaseException) -> Fields:
    """The payload of a REP that reports *error*."""
    return Fields(error=describe(error))
