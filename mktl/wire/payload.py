"""The payload of a message: a JSON object, or nothing."""

from __future__ import annotations

import json
import math
from typing import Any

from ..errors import WireError

_MISSING: Any = object()

#: Fields that read as None when a message leaves them out; any other missing name is an AttributeError.
KNOWN_FIELDS = frozenset(
    {"value", "time", "error", "refresh", "shape", "dtype", "status", "severity", "reason", "sampled"}
)

# One encoder for all: json.dumps with options of its own would build one per call.
_encode = json.JSONEncoder(allow_nan=False).encode


class Payload(dict[str, Any]):
    """The fields of one message, as a mapping and as attributes; *bulk* rides beside them.

    >>> payload = Payload(12.5, time=1700000000.0)
    >>> payload.value, payload["time"], payload.error
    (12.5, 1700000000.0, None)
    """

    __slots__ = ("bulk",)

    def __init__(
        self, value: Any = _MISSING, *, bulk: bytes | memoryview | None = None, **fields: Any
    ) -> None:
        super().__init__(fields)
        if value is not _MISSING:
            self["value"] = value
        self.bulk = bulk

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name in KNOWN_FIELDS:
            return None
        raise AttributeError(f"this message has no field {name!r}")

    def encode(self) -> bytes:
        """The JSON of the fields; empty bytes when there are none.

        A value that JSON cannot carry goes out as null, with severity ``invalid`` and the reason.

        Raises:
            WireError: A value that is no JSON at all, such as a set.

        >>> Payload(value=True).encode()
        b'{"value": true}'
        >>> Payload(float("nan")).encode()
        b'{"reason": "nan cannot travel as JSON", "value": null, "status": "invalid", "severity": "invalid"}'
        """
        if not self:
            return b""
        try:
            return _encode(self).encode()
        except (TypeError, RecursionError) as error:
            raise WireError(f"not a JSON value: {error}") from None
        except ValueError:
            return _encode(self._without_nan()).encode()

    def _without_nan(self) -> dict[str, Any]:
        fields = {name: _nan_to_null(value) for name, value in self.items()}
        value = self.get("value")
        if isinstance(value, float):
            reason = f"{value!r} cannot travel as JSON"
        else:
            reason = "a number that is not finite cannot travel as JSON"
        return {"reason": reason, **fields, "status": "invalid", "severity": "invalid"}

    @classmethod
    def decode(cls, raw: bytes, bulk: bytes | memoryview | None = None) -> Payload:
        """The payload in these bytes; *raw* may be empty.

        Raises:
            WireError: Not JSON, or JSON but not an object.
        """
        payload = cls(bulk=bulk)
        if not raw:
            return payload
        try:
            fields = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise WireError(f"payload is not JSON: {error}") from None
        if not isinstance(fields, dict):
            raise WireError(f"payload must be a JSON object, got {type(fields).__name__}")
        payload.update(fields)
        return payload


def _nan_to_null(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _nan_to_null(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_nan_to_null(inner) for inner in value]
    return value
