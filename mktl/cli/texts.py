"""Values, ages and times as plain text and as JSON: safe for terminals, parsers and files."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def is_array(value: Any) -> bool:
    """True for a NumPy array of at least one dimension, without importing NumPy to ask."""
    return bool(getattr(value, "shape", ()))


def plain(value: Any) -> str:
    """*value* as text where nothing formats it: JSON, but an array is its shape and type.

    >>> plain([1, 2.5])
    '[1, 2.5]'
    """
    if isinstance(value, str):
        return value
    if is_array(value):
        return f"{'×'.join(str(length) for length in value.shape)} {value.dtype}"
    return json.dumps(json_safe(value), ensure_ascii=False)


def json_safe(value: Any) -> Any:
    """*value* as something that any JSON parser reads: NaN and infinities are null, bytes are base64.

    >>> json_safe([1, float("nan"), b"ab"])
    [1, None, 'YWI=']
    """
    if hasattr(value, "tolist"):  # NumPy, arrays and scalars
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, Mapping):
        return {str(key): json_safe(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_safe(part) for part in value]
    return str(value)


def printable(text: str) -> str:
    r"""*text* with every control character as an escape, so that no value can move the cursor.

    >>> printable("a\x1b[2Jb\n")
    'a\\x1b[2Jb\\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def age_text(age_s: float) -> str:
    """An age in the one unit that says enough.

    >>> age_text(0.4), age_text(75), age_text(7300), age_text(400000)
    ('now', '75 s', '2 h', '4 d')
    """
    if -1 < age_s < 1:
        return "now"
    for length_s, unit, until_s in ((1, "s", 120), (60, "min", 7200), (3600, "h", 172800)):
        if abs(age_s) < until_s:
            return f"{int(age_s / length_s)} {unit}"
    return f"{int(age_s / 86400)} d"


def timestamp(time: float) -> str:
    """UNIX seconds as local time with its offset, to the millisecond: what ``date -d`` reads."""
    return datetime.fromtimestamp(time).astimezone().isoformat(timespec="milliseconds")


def counted(number: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "query"), counted(2, "query")
    ('1 query', '2 queries')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"
