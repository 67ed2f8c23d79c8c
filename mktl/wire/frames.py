"""The frames of the wire, packed and unpacked; the versions differ only in how the payload is spelled.

Request and response: ``[version, id, type, target, flags, payload]``, and a seventh frame only when there
is bulk data; a missing seventh frame and an empty one are different things. Broadcast:
``[topic, version, payload]`` with bulk as a fourth.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from ..errors import WireError
from .codec import JSON, VERSIONS, decode
from .payload import Bulk

NO_ACK = 1
NO_REP = 2

#: Bytes of an id that is echoed; nobody needs so many to tell requests apart.
LONGEST_ID = 256

GET, SET, ACK, REP = b"GET", b"SET", b"ACK", b"REP"


class Frames(NamedTuple):
    """One request or response, still in bytes except for the flags."""

    id: bytes
    type: bytes
    target: bytes
    flags: int
    payload: bytes
    bulk: Bulk = None
    version: bytes = JSON


#: One from a tuple of all its fields, without the call that has the defaults.
_frames_of = partial(tuple.__new__, Frames)


class FrameError(WireError):
    """Frames that are no mKTL message; *id* is empty where it could not be read."""

    def __init__(self, message: str, id: bytes = b"") -> None:
        super().__init__(message)
        self.id = id


def pack_flags(flags: int) -> bytes:
    r"""Big-endian, empty for 0.

    >>> pack_flags(NO_ACK | NO_REP), pack_flags(0)
    (b'\x03', b'')
    """
    return flags.to_bytes((flags.bit_length() + 7) // 8, "big")


def pack(frames: Frames) -> list[bytes | memoryview]:
    """The frames as they go on the wire.

    >>> pack(Frames(b"00000023", GET, b"lab.temp", 0, b""))
    [b'a', b'00000023', b'GET', b'lab.temp', b'', b'']
    """
    return pack_request(*frames)


def pack_request(
    id: bytes,
    type: bytes,
    target: bytes,
    flags: int,
    payload: bytes,
    bulk: Bulk = None,
    version: bytes = JSON,
) -> list[bytes | memoryview]:
    """The same of a request that is in pieces."""
    parts: list[bytes | memoryview] = [version, id, type, target, b"", payload]
    if flags:
        parts[4] = pack_flags(flags)
    if bulk is not None:
        parts.append(bulk)
    return parts


def pack_ack(id: bytes, version: bytes = JSON) -> list[bytes]:
    """The acknowledgement of request *id*."""
    return [version, id, ACK, b"", b"", b""]


def pack_reply(
    id: bytes, payload: bytes, bulk: Bulk = None, version: bytes = JSON
) -> list[bytes | memoryview]:
    """The answer to request *id*.

    >>> pack_reply(b"00000023", b"{}")
    [b'a', b'00000023', b'REP', b'', b'', b'{}']
    """
    parts: list[bytes | memoryview] = [version, id, REP, b"", b"", payload]
    if bulk is not None:
        parts.append(bulk)
    return parts


def unpack(parts: Sequence[bytes]) -> Frames:
    """The message in these frames, without ZeroMQ's identity frame.

    Raises:
        FrameError: Another version or number of frames, or flags that are none. It carries the id where
            there is one to answer to.
    """
    count = len(parts)
    if count < 2 or not 0 < len(parts[1]) <= LONGEST_ID:
        raise FrameError(f"{count} frames and no request id")
    if parts[0] not in VERSIONS:
        raise FrameError(f"version {bytes(parts[0][:8])!r} is not spoken here, only b'a'", bytes(parts[1]))
    if count not in (6, 7):
        raise FrameError(f"expected 6 or 7 frames, got {count}", bytes(parts[1]))
    flags = parts[4]
    if len(flags) > 8:
        # An older dialect has its JSON payload here.
        raise FrameError(f"flags of {len(flags)} bytes; at most 8 are known", bytes(parts[1]))
    bits = int.from_bytes(flags, "big") if flags else 0
    bulk = parts[6] if count == 7 else None
    return _frames_of((parts[1], parts[2], parts[3], bits, parts[5], bulk, parts[0]))


def topic(full_key: str, version: bytes = JSON) -> bytes:
    """The topic of an item's broadcasts; the trailing dot keeps ``a.temp`` from matching ``a.temp2``.

    Versions of our own have a prefix, so that no plain subscriber ever gets one.

    >>> topic("lab.temp"), topic("lab.temp", b"m")
    (b'lab.temp.', b'm:lab.temp.')
    """
    plain = full_key.encode() + b"."
    return plain if version == JSON else version + b":" + plain


def pack_broadcast(
    topic: bytes, payload: bytes, bulk: Bulk = None, version: bytes = JSON
) -> list[bytes | memoryview]:
    """The frames of one broadcast."""
    if bulk is None:
        return [topic, version, payload]
    return [topic, version, payload, bulk]


def unpack_broadcast(parts: Sequence[bytes]) -> tuple[bytes, dict[str, Any], Bulk]:
    """Topic, fields of the payload, and bulk of a broadcast.

    Raises:
        WireError: Another version or number of frames, or no payload.
    """
    count = len(parts)
    if count not in (3, 4) or parts[1] not in VERSIONS:
        raise FrameError(f"a broadcast of {count} frames, or of another version")
    return parts[0], decode(parts[2], parts[1]), parts[3] if count == 4 else None
