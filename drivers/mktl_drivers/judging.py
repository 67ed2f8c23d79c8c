"""From the fields of a reply to the value of an item, or to why there is none; pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mktl.devicefile import ItemSpec, Sentinel

#: Says what the value of a field means in words, where that is known: ``"temperature overrange"``.
Explain = Callable[[str, Any], str]

_WHOLE = frozenset({"boolean", "enumerated", "mask"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply says of one item; the value counts only when the status is ``ok``."""

    value: Any
    status: str = "ok"
    reason: str = ""


def _no_words(_field: str, _value: Any) -> str:
    return ""


def judge(spec: ItemSpec, fields: Mapping[str, Any], explain: Explain = _no_words) -> Verdict:
    """The value that *fields* have for the item, in its unit and of its type.

    >>> from mktl.devicefile import Conversion
    >>> spec = ItemSpec("temp", {"type": "numeric"}, conversion=Conversion(scale=0.1), good_when={"st": (0,)})
    >>> judge(spec, {"": 245, "st": 0})
    Verdict(value=24.5, status='ok', reason='')
    >>> judge(spec, {"": 0, "st": 32}, lambda field, value: "overrange").reason
    'st is 32 (overrange)'
    """
    for name, off in spec.disabled_when.items():
        if fields.get(name) in off:
            return Verdict(None, "disabled", _says(name, fields, explain))
    for name, good in spec.good_when.items():
        if fields.get(name) not in good:
            return Verdict(None, "range", _says(name, fields, explain))
    raw = fields.get(spec.field)
    none = _none(spec, raw)
    if none is not None:
        return Verdict(None, none.status, none.reason)
    try:
        if spec.bit is not None:
            raw = _whole(raw) >> spec.bit & 1
        return Verdict(fit(spec.conversion.to_item(raw), spec.metadata.get("type")))
    except (TypeError, ValueError, OverflowError) as error:
        return Verdict(None, "invalid", f"the device says {raw!r}: {error}")


def _none(spec: ItemSpec, raw: Any) -> Sentinel | None:
    """Why *raw* is no value, or None when it may be one."""
    if isinstance(raw, Sentinel):
        return raw
    for said, means in spec.sentinels.items():
        if _says_so(raw, said):
            return means
    if raw is None:
        return Sentinel(f"the reply has no {_field(spec.field)}")
    if isinstance(raw, float) and not math.isfinite(raw):
        return Sentinel(f"the device says {raw}")
    if isinstance(raw, str) and spec.metadata.get("type") == "numeric" and not _is_number(raw):
        return Sentinel(f"the device says {raw!r}")
    return None


def _whole(raw: Any) -> int:
    """The number of a mask, whatever form it was in."""
    return int(raw)


def _says_so(raw: Any, said: str) -> bool:
    """Whether *raw* is what a file calls *said*: the same text, or the same number to seven digits."""
    if isinstance(raw, str):
        return raw.strip() == said.strip()
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        return False
    try:
        number = float(int(said, 0)) if said[:2].lower() == "0x" else float(said)
    except ValueError:
        return False
    return raw == number or math.isclose(raw, number, rel_tol=1e-7) or (raw != raw and number != number)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def fit(value: Any, item_type: str | None) -> Any:
    """*value* in the Python type that an item of this type holds.

    Raises:
        ValueError: It cannot be one.

    >>> fit(1.0, "enumerated"), fit("3", "mask"), fit(7, "string"), fit(b"OK", "string")
    (1, 3, '7', 'OK')
    """
    if item_type in _WHOLE:
        number = int(value)
        if isinstance(value, float) and number != value:
            raise ValueError("not a whole number")
        return number
    if item_type == "string" and not isinstance(value, str):
        return value.decode("latin-1") if isinstance(value, bytes) else str(value)
    if item_type == "numeric" and isinstance(value, str):
        return float(value)
    if item_type == "bulk" and isinstance(value, (bytes, list)):
        return _array(value)
    return value


def _array(value: bytes | list[Any]) -> Any:
    """What a bulk item holds: bytes as they are, numbers as what they are."""
    import numpy

    return numpy.frombuffer(value, dtype="uint8") if isinstance(value, bytes) else numpy.asarray(value)


def in_words(value: Any, metadata: Mapping[str, Any]) -> str:
    """What *value* of an enumerated item or a mask means; empty when nothing is known.

    >>> in_words(48, {"type": "mask", "enumerators": {"4": "under", "5": "over", "none": "ok"}})
    'under, over'
    >>> in_words(2, {"type": "enumerated", "enumerators": {"2": "medium"}})
    'medium'
    """
    words = {str(key): str(word) for key, word in (metadata.get("enumerators") or {}).items()}
    if metadata.get("type") != "mask":
        return words.get(str(value), "")
    return bits_in_words(value, {int(key): word for key, word in words.items() if key.isdigit()})


def bits_in_words(value: Any, words: Mapping[int, str]) -> str:
    """The words of the bits that are set, those without a word by number.

    >>> bits_in_words(0b10001, {4: "execution error"})
    'bit 0, execution error'
    """
    if not isinstance(value, int) or value <= 0 or not words:
        return ""
    return ", ".join(words.get(bit, f"bit {bit}") for bit in range(value.bit_length()) if value >> bit & 1)


def _says(name: str, fields: Mapping[str, Any], explain: Explain) -> str:
    if name not in fields:
        return f"the reply has no {_field(name)}"
    words = explain(name, fields[name])
    return f"{_field(name)} is {fields[name]!r}" + (f" ({words})" if words else "")


def _field(name: str) -> str:
    return name or "value"
