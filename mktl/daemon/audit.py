"""Who has set what: a line for every SET off the wire, on the logger ``mktl.audit``.

Who sends a SET says so himself; nobody checks it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..wire.bulk import is_array

if TYPE_CHECKING:
    from ..item import Item
    from ..protocol.incoming import Incoming
    from ..wire.payload import Payload

#: At level INFO.
audit_log = logging.getLogger("mktl.audit")

#: Characters of a value, a name or an error.
LONGEST = 200


def is_kept() -> bool:
    """Whether anybody wants to know; cheap, for it is asked at every SET."""
    return audit_log.isEnabledFor(logging.INFO)


def follow(request: Incoming, item: Item | None) -> None:
    """Have a line written when *request*, a SET, has been answered.

    Args:
        request: Just arrived.
        item: That it is for; None where there is none.
    """
    hidden = item is not None and item.config.get("gettable") is False
    before, asked = item.reading.value if item is not None else None, _asked(request.payload)
    who, begun_s = _sender(request), time.perf_counter()

    def answered(payload: Payload) -> None:
        took_ms = 1e3 * (time.perf_counter() - begun_s)
        change = "(hidden)" if hidden else f"{shown(before)} -> {shown(asked)}"
        if payload.error:
            result = _refusal(payload.error)
        elif hidden or item is None or _same(asked, item.reading.value):
            result = "done"
        else:
            result = f"done, now {shown(item.reading.value)}"
        audit_log.info("%s %s by %s: %s in %.1f ms", _plain(request.target), change, who, result, took_ms)

    request.told = answered


def shown(value: Any) -> str:
    """A value on one line, shortened.

    >>> shown(12.5), shown("on"), shown(None)
    ('12.5', "'on'", 'None')
    """
    if is_array(value):
        return f"<{value.dtype} {value.shape}>"
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _asked(payload: Payload) -> Any:
    if payload.bulk is None:
        return payload.value
    return _Bulk(f"<{payload.get('dtype')} {payload.get('shape')}>")


class _Bulk(str):
    """An array that has not been taken apart."""

    def __repr__(self) -> str:
        return _plain(str(self))


def _same(asked: Any, value: Any) -> bool:
    if isinstance(asked, _Bulk) or is_array(value):
        return True
    return (type(asked) is type(value) and bool(asked == value)) or asked == value


def _sender(request: Incoming) -> str:
    """Who claims to have sent it; a connection where nobody does."""
    fields: Mapping[str, Any] = request.payload
    if "_user" not in fields:
        return f"connection {request.route.hex()}"
    argv = fields.get("_argv")
    program = argv[0] if isinstance(argv, list) and argv else fields.get("_executable", "?")
    where = f"{_plain(fields['_user'])}@{_plain(fields.get('_hostname', '?'))}"
    return f"{where} pid {_plain(fields.get('_pid', '?'))} ({_plain(str(program).rpartition('/')[2])})"


def _refusal(error: Any) -> str:
    if isinstance(error, dict):
        return f"{_plain(error.get('type'))}: {_plain(error.get('text'))}"
    return _plain(error)


def _plain(text: object) -> str:
    """*text* without anything that could look like another line, or move a cursor."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in str(text)[: LONGEST + 1])
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}…"
