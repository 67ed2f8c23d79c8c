"""The payload of a message: named fields, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from .codec import JSON, decode, encode

#: No value at all, which is not the value None.
MISSING: Any = object()

#: Fields that read as None when a message leaves them out; any other missing name is an AttributeError.
KNOWN_FIELDS = frozenset(
    {"value", "time", "error", "refresh", "shape", "dtype", "status", "severity", "reason", "sampled"}
)

Bulk = bytes | memoryview | None

_new, _update = dict.__new__, dict.update


class Payload(dict[str, Any]):
    """The fields of one message, as a mapping and as attributes; *bulk* rides beside them.

    >>> payload = Payload(12.5, time=1700000000.0)
    >>> payload.value, payload["time"], payload.error
    (12.5, 1700000000.0, None)
    """

    __slots__ = ("bulk",)

    def __init__(self, value: Any = MISSING, *, bulk: Bulk = None, **fields: Any) -> None:
        if value is MISSING:
            super().__init__(fields)
        else:
            super().__init__(value=value, **fields)
        self.bulk = bulk

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name in KNOWN_FIELDS:
            return None
        raise AttributeError(f"this message has no field {name!r}")

    def encode(self, version: bytes = JSON, *, lenient: bool = False) -> bytes:
        """The bytes of the fields in this version of the wire; none when there are no fields.

        With *lenient*, a value that cannot travel goes out as null, with severity ``invalid`` and the reason.

        Raises:
            WireError: A value that cannot travel, such as NaN in JSON, or a set in any version.

        >>> Payload(value=True).encode()
        b'{"value": true}'
        >>> Payload(float("nan")).encode(lenient=True).decode()
        '{"value": null, "status": "invalid", "severity": "invalid", "reason": "nan cannot travel as JSON"}'
        """
        return encode(self, version, lenient=lenient)

    @classmethod
    def decode(cls, raw: bytes, bulk: Bulk = None, version: bytes = JSON) -> Self:
        """The payload in these bytes; *raw* may be empty.

        Raises:
            WireError: Not of this version of the wire, or not an object.
        """
        return cls.of(decode(raw, version), bulk)

    @classmethod
    def of(cls, fields: Mapping[str, Any], bulk: Bulk = None) -> Self:
        """The payload with these fields, whatever they are called."""
        payload = _new(cls)  # without __init__, which is for those who name the fields
        payload.bulk = bulk
        _update(payload, fields)
        return payload
