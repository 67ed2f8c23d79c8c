"""The two spellings of a payload: JSON, version ``a``, which everybody reads; MessagePack, ``m``, ours.

MessagePack carries what JSON cannot (NaN, infinities, bytes) and costs less. Integers beyond 64 bits, such
as a block's hash, travel in it as an extension type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgpack  # type: ignore[import-untyped]

from ..errors import UnsendableError, WireError

JSON, MSGPACK = b"a", b"m"
VERSIONS = (JSON, MSGPACK)

#: The extension type of an integer beyond 64 bits: two's complement, big-endian.
_BIG_INTEGER = 1

# Packers that nobody uses now: to make one for each message costs four times as much as to pack it.
_idle: list[msgpack.Packer] = []

_CONTAINERS = (dict, list, tuple)

# One encoder for all: json.dumps with options of its own would build one per call.
_to_json = json.JSONEncoder(allow_nan=False).encode


def encode(fields: Mapping[str, Any], version: bytes, *, lenient: bool = False) -> bytes:
    """The bytes of *fields*; none when there are no fields.

    Args:
        lenient: Send null for a value that this version cannot carry, with severity ``invalid`` and the
            reason: what a daemon says of an item must reach everybody. A client's value must not change.

    Raises:
        WireError: A value that this version cannot carry.

    >>> encode({"value": True}, JSON)
    b'{"value": true}'
    """
    if not fields:
        return b""
    encode_as = encode_json if version == JSON else encode_msgpack
    try:
        return encode_as(fields)
    except WireError as error:
        if not lenient:
            raise
        return encode_as({**_null(fields, version), "reason": str(error)})


def around(fields: Mapping[str, Any], name: str, version: bytes) -> tuple[bytes, bytes]:
    """What is before and after the last field, *name*, of *fields*: it is put in between when it is encoded.

    >>> around({"value": True}, "current", JSON)
    (b'{"value": true, "current": ', b'}')
    """
    whole, nothing = encode({**fields, name: None}, version), b"null" if version == JSON else b"\xc0"
    before, _, after = whole.rpartition(nothing)
    return before, after


def _null(fields: Mapping[str, Any], version: bytes) -> dict[str, Any]:
    """*fields* with null for those that cannot travel, and what that means for the value."""
    kept = {name: value if _can_travel(value, version) else None for name, value in fields.items()}
    return {**kept, "status": "invalid", "severity": "invalid"}


def _can_travel(value: Any, version: bytes) -> bool:
    try:
        encode({"value": value}, version)
    except WireError:
        return False
    return True


def decode(raw: bytes, version: bytes) -> dict[str, Any]:
    """The fields in *raw*, which may be empty.

    Raises:
        WireError: Not of this version, or not an object.
    """
    if not raw:
        return {}
    if version == JSON:
        fields = decode_json(raw)
    else:
        try:
            fields = _from_msgpack(raw)
        except WireError:
            raise
        except Exception as error:  # msgpack has an exception class for each way to be wrong
            raise WireError(f"payload is not MessagePack: {error}") from None
    if type(fields) is not dict:
        raise WireError(f"payload must be an object, got {type(fields).__name__}")
    return fields


def encode_json(fields: Mapping[str, Any]) -> bytes:
    """*fields* as JSON."""
    try:
        for value in fields.values() if isinstance(fields, dict) else (fields,):
            if isinstance(value, _CONTAINERS):
                _refuse_null_keys(value)
        return _to_json(fields).encode()
    except ValueError:
        value = fields.get("value") if isinstance(fields, Mapping) else fields
        what = repr(value) if isinstance(value, float) else "a number that is not finite"
        raise WireError(f"{what} cannot travel as JSON") from None
    except (TypeError, RecursionError) as error:
        raise UnsendableError(f"not a JSON value: {error}") from None


def _refuse_null_keys(value: Any) -> None:
    """JSON has only strings as keys: 1 and "1" are meant alike, but None would come back as "null"."""
    if isinstance(value, dict):
        if None in value:
            raise TypeError("None is no key")
        value = value.values()
    for inner in value:
        if isinstance(inner, _CONTAINERS):
            _refuse_null_keys(inner)


def decode_json(raw: bytes | str) -> Any:
    """The JSON value in *raw*."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise WireError(f"payload is not JSON: {error}") from None


def encode_msgpack(fields: Mapping[str, Any]) -> bytes:
    """*fields* as MessagePack."""
    try:
        packer = _idle.pop()
    except IndexError:
        packer = msgpack.Packer()
    try:
        packed: bytes = packer.pack(fields)
    except OverflowError:
        return bytes(msgpack.packb(_pack_big_integers(fields)))
    except (TypeError, ValueError, RecursionError) as error:
        raise UnsendableError(f"not a MessagePack value: {error}") from None
    _idle.append(packer)  # one that raised is not used again
    return packed


def _pack_big_integers(value: Any) -> Any:
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return msgpack.ExtType(_BIG_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
    if isinstance(value, Mapping):
        return {key: _pack_big_integers(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_pack_big_integers(inner) for inner in value]
    return value


def _unpack_extension(code: int, data: bytes) -> Any:
    if code == _BIG_INTEGER:
        return int.from_bytes(data, "big", signed=True)
    raise WireError(f"extension type {code} is not known here")


_from_msgpack = partial(msgpack.unpackb, strict_map_key=False, ext_hook=_unpack_extension)
