"""What is known of an item at one moment: its value, and how far that can be trusted."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from ..errors import StaleError
from ..wire.bulk import array_from, array_payload, is_array
from ..wire.codec import encode
from ..wire.payload import Bulk, Payload

#: The statuses with which a value is as good as ever; the others are ``stale``, ``timeout``,
#: ``disconnected``, ``invalid``, ``range`` and ``disabled``.
SOUND = frozenset({"ok", "simulated", "alarm", "unset"})

#: What most values are.
NUMBERS = frozenset({float, int, bool})
_SCALARS = NUMBERS | {str}

_NOTHING = object()


class Reading(NamedTuple):
    """One state of an item; a tuple, since one is made for every message."""

    value: Any = None
    #: UNIX seconds when the item assumed this value.
    time: float | None = None
    #: UNIX seconds of the last good reading.
    sampled: float | None = None
    status: str = "unset"
    #: ``none minor major invalid``, as EPICS has them.
    severity: str = "none"
    #: Why the status is what it is; empty when all is well.
    reason: str = ""

    @property
    def is_good(self) -> bool:
        """True when there is a value, and it can be trusted."""
        return self.time is not None and self.status in SOUND - {"unset"} and self.severity != "invalid"

    @property
    def age_s(self) -> float | None:
        """Seconds since the last good reading by this host's clock; None when there was none."""
        return None if self.sampled is None else max(0.0, clock.time() - self.sampled)

    def must_be_good(self, full_key: str) -> None:
        """Raise StaleError, of the item *full_key*, unless the value can be trusted."""
        if self.is_good:
            return
        age_s = self.age_s
        since = "never read" if age_s is None else f"last read {age_s:.1f} s ago"
        reason = f": {self.reason}" if self.reason else ""
        text = f"{full_key}: {self.status}, {since}{reason}"
        raise StaleError(text, status=self.status, reason=self.reason, age_s=age_s)

    def flagged(self, status: str, severity: str, reason: str) -> Reading:
        """The same value with another word on its trust."""
        return self._replace(status=status, severity=severity, reason=reason)

    def same_trust(self, other: Reading) -> bool:
        """True when both can be trusted alike, for the same reason."""
        return (self.status, self.severity, self.reason) == (other.status, other.severity, other.reason)

    def encode(self, version: bytes) -> tuple[bytes, Bulk]:
        """Payload and bulk in this version of the wire; null, and why, for a value that cannot travel."""
        value = self.value
        if self.status == "ok" and (type(value) in _SCALARS or not is_array(value)):  # most are
            return encode({"value": value, "time": self.time}, version, lenient=True), None
        payload = self.to_payload()
        return payload.encode(version, lenient=True), payload.bulk

    def to_payload(self) -> Payload:
        """The fields of the wire; those on trust are left out when all is well."""
        if self.status == "ok" and not is_array(self.value):
            return Payload.of({"value": self.value, "time": self.time})
        extra: dict[str, Any] = {}
        if self.status != "ok":
            extra = {"status": self.status, "severity": self.severity}
            if self.reason:
                extra["reason"] = self.reason
            if self.sampled is not None:
                extra["sampled"] = self.sampled
        if is_array(self.value):
            return array_payload(self.value, time=self.time, **extra)
        return Payload(self.value, time=self.time, **extra)

    @classmethod
    def from_payload(cls, payload: Payload) -> Reading:
        """What a daemon said; see :meth:`from_fields`."""
        return cls.from_fields(payload, payload.bulk)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], bulk: Bulk) -> Reading:
        """What a daemon said.

        Raises:
            WireError: Bulk data that its shape and dtype do not describe.
        """
        get = fields.get
        if bulk is None and len(fields) == 2:  # nothing but these: all is well, mostly
            value, time = get("value", _NOTHING), get("time")
            if value is not _NOTHING and type(time) is float:
                return reading_of((value, time, time, "ok", "none", ""))
        # An older dialect has an empty bulk frame with every message; without a dtype it is none.
        has_array = bulk is not None and (get("dtype") is not None or len(bulk) > 0)
        value = array_from(fields, bulk or b"") if has_array else get("value")
        time = _seconds(get("time"))
        if "status" not in fields and "severity" not in fields and "sampled" not in fields:
            return cls(value, time, time, "ok", "none", _word(get("reason"), ""))
        status = _word(get("status"), "ok")
        sampled = _seconds(get("sampled"))
        return cls(
            value,
            time,
            time if sampled is None else sampled,
            status,
            _word(get("severity"), "none" if status in SOUND else "invalid"),
            _word(get("reason"), ""),
        )


#: A reading from a tuple of all its fields, without the call that has the defaults.
reading_of = partial(tuple.__new__, Reading)


def _seconds(value: object) -> float | None:
    if type(value) is float:
        return value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _word(value: object, default: str) -> str:
    return value if isinstance(value, str) and value else default


#: Bytes of two arrays that are compared at a time.
_PIECE = 1 << 16


def same_value(one: Any, other: Any) -> bool:
    """True when two values are the same, arrays element by element and NaN equal to NaN.

    >>> same_value(float("nan"), float("nan")), same_value(1, 1.0), same_value([1], (1,))
    (True, True, True)
    """
    if one is other:
        return True
    if type(one) is type(other) in _SCALARS:
        return bool(one == other or (one != one and other != other))
    if is_array(one) or is_array(other):
        return _same_array(one, other)
    if isinstance(one, tuple) or isinstance(other, tuple):
        one, other = _as_list(one), _as_list(other)
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    try:
        return bool(one == other) or (one != one and other != other)
    except Exception:
        return False


def _as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _same_array(one: Any, other: Any) -> bool:
    if not (is_array(one) and is_array(other)):
        return False
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    # Bytes, so that NaN equals NaN whatever the dtype; by the piece, as most differ soon, without a copy.
    first, second = _bytes_of(one), _bytes_of(other)
    pieces = range(0, len(first), _PIECE)
    return all((first[at : at + _PIECE] == second[at : at + _PIECE]).all() for at in pieces)


def _bytes_of(array: Any) -> Any:
    import numpy as np

    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)
