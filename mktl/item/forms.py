"""A reading in the versions of the wire."""

from __future__ import annotations

from ..wire.codec import MSGPACK, encode_msgpack
from ..wire.payload import Bulk
from .reading import NUMBERS, Reading


class Forms(dict[bytes, tuple[bytes, Bulk]]):
    """Payload and bulk by version, encoded when they are asked for first: for a broadcast and all GETs.

    One is made for each broadcast, by its class alone: ``__init__`` would be one more call on that way.

    >>> forms = Forms()
    >>> forms.reading = Reading(True, 0.5, 0.5, "ok")
    >>> forms[b"a"]
    (b'{"value": true, "time": 0.5}', None)
    """

    __slots__ = ("reading",)

    reading: Reading

    def __missing__(self, version: bytes) -> tuple[bytes, Bulk]:
        value, time, _, status, _, _ = self.reading
        if version == MSGPACK and status == "ok" and type(value) in NUMBERS:
            # The short way of most broadcasts: MessagePack carries every number.
            form: tuple[bytes, Bulk] = encode_msgpack({"value": value, "time": time}), None
        else:
            form = self.reading.encode(version)
        self[version] = form
        return form
