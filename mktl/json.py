"""JSON as it goes on the wire: bytes, with NaN and infinities refused."""

from __future__ import annotations

from typing import Any

from .errors import UnsendableError
from .wire.codec import decode_json, encode_json


def dumps(value: Any) -> bytes:
    """*value* as JSON.

    Raises:
        WireError: JSON cannot carry it.

    >>> dumps([1, None, "K"])
    b'[1, null, "K"]'
    """
    if isinstance(value, dict) and None in value:  # of a payload's own names this is never asked
        raise UnsendableError("not a JSON value: None is no key")
    return encode_json(value)


def loads(raw: bytes | str) -> Any:
    """The value in *raw*.

    Raises:
        WireError: It is not JSON.
    """
    return decode_json(raw)
