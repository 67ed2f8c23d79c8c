"""From what stands after the colon to the field it describes, or to advice."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from ...errors import ItemValueError
from .base import Converter, SpecError
from .binary import read_binary
from .bits import read_bits
from .block import read_block
from .compound import Constant, array_of
from .digits import read_digits
from .escapes import unescape
from .matching import read_char_set, read_expression
from .numbers import read_float, read_whole
from .sentinel import PRINTED, NumberOrWord
from .text import Quoted, Text, read_fixed_text
from .words import number_or_text, read_words

_ARRAY = re.compile(r"(?P<one>.+?)\*(?P<times>[^|=]*)", re.DOTALL)
#: What stands behind the star of an array.
_TIMES = re.compile(r"(?P<count>[1-9]\d{0,5})?(?P<separator>.*)", re.DOTALL)
_CONSTANT = re.compile(r"(?P<base>[^=|]+)=(?P<value>[^=|]*)", re.DOTALL)
_FIXED_TEXT = re.compile(r"\d{1,5}s")
_KNOWN = (
    *("f", "e", "g", "d", "x", "X", "o", "b", "s", "q"),
    *(f"{letter}{bits}{order}" for letter in "ui" for bits in (8, 16, 24, 32, 64) for order in ("", "le")),
    *("f32", "f64", "f32le", "f64le", "hex2", "hex4", "hex8", "ihex4", "bcd2", "bytes", "block"),
)
_FAMILIES = (
    "a float is like {:.4f}, a whole number {:d} or {:02X}, text {:s}, a word {:OFF=0|ON=1}, "
    "raw bytes {:u8} or {:i32le}"
)


def read_spec(spec: str, encoding: str) -> Converter:
    """The field that *spec* describes.

    Args:
        spec: As it stands after the colon.
        encoding: Of text and words.

    Raises:
        SpecError: No such format; with what comes nearest.

    >>> read_spec("03d", "ascii").encode(7)
    b'007'
    """
    if spec.startswith("/"):
        return read_expression(spec[1:-1], encoding)
    if spec.startswith("["):
        return _read_set(spec, encoding)
    found = (
        read_block(spec)
        or _read_array(spec, encoding)
        or _read_constant(spec)
        or read_bits(spec)
        or _read_single(spec, encoding)
    )
    if found is None:
        raise SpecError(_advice(spec))
    return found


def _read_set(spec: str, encoding: str) -> Converter:
    """A character set, or an array of them."""
    end = set_end(spec, 0)
    if end == len(spec):
        return read_char_set(spec, encoding)
    if spec[end] != "*":
        raise SpecError(f"'{spec[end:]}' follows the set {spec[:end]}; only * and a separator may")
    return _several(read_char_set(spec[:end], encoding), spec[end + 1 :], encoding)


def _read_array(spec: str, encoding: str) -> Converter | None:
    found = _ARRAY.fullmatch(spec)
    if found is None:
        return None
    one = _read_single(found["one"], encoding)
    if one is None:
        raise SpecError(_advice(found["one"]))
    return _several(one, found["times"], encoding)


def _several(one: Converter, times: str, encoding: str) -> Converter:
    """An array of *one*, with the count and the separator that stand behind its star."""
    found = _TIMES.fullmatch(times)
    assert found is not None
    return array_of(one, unescape(found["separator"], encoding), int(found["count"] or 0) or None)


def _read_constant(spec: str) -> Converter | None:
    """``u8=100``; None where the left side is no number's format, for then it is a word."""
    found = _CONSTANT.fullmatch(spec)
    base = _read_number(found["base"]) or read_bits(found["base"]) if found else None
    if found is None or base is None or base.kind == "bytes":
        return None
    value = _constant_value(found["value"])
    if isinstance(value, str):
        raise SpecError(f"'{value}' is not a number; a constant is like {{_:u8=100}} or {{_:u8=0x64}}")
    try:
        base.encode(value)
    except ItemValueError as error:
        raise SpecError(f"'{spec}' {error}") from None
    return Constant(base, value)


def _constant_value(text: str) -> int | float | str:
    if re.fullmatch(r"0[xX][0-9A-Fa-f]+", text):
        return int(text, 16)
    return number_or_text(text)


def _read_number(spec: str) -> Converter | None:
    return read_float(spec) or read_whole(spec) or read_binary(spec) or read_digits(spec)


def _read_single(spec: str, encoding: str) -> Converter | None:
    """Anything but an array or a constant."""
    if spec == "s":
        return Text(encoding)
    if spec == "q":
        return Quoted(encoding)
    if _FIXED_TEXT.fullmatch(spec):
        return read_fixed_text(spec, encoding)
    number = _read_number(spec)
    if number is None and ("|" in spec or "=" in spec):
        return _read_words(spec, encoding)
    return number


def _read_words(spec: str, encoding: str) -> Converter:
    """Words; behind a printed number's format those that may stand in its place."""
    first, _, others = spec.partition("|")
    number = _read_number(first)
    if isinstance(number, PRINTED) and others:
        return NumberOrWord(number, read_words(others, encoding))
    return read_words(spec, encoding)


def set_end(text: str, start: int) -> int:
    """Index after the ``]`` of the character set that begins at *start*; -1 when it has none."""
    at = start + (2 if text.startswith("[^", start) else 1)
    while at < len(text):
        if text[at] == "]":
            return at + 1
        at += 2 if text[at] == "\\" else 1
    return -1


@dataclass(frozen=True, slots=True)
class _Hint:
    """What to say of a spec of this look."""

    look: re.Pattern[str]
    text: str


_HINTS = (
    _Hint(
        re.compile(r"[-+ 0-9.#]+[fegEG],?"),
        "a float is like {:.4f}, {:+8.3e} or, with a decimal comma, {:.3f,}",
    ),
    _Hint(re.compile(r"[-+ 0-9.#]+[dxXob]"), "a whole number is like {:d}, {:03d}, {:+d} or {:02X}"),
    _Hint(
        re.compile(r"[uif]\d+(?:le|be)?"),
        "raw numbers are u8 i8 u16 i16 … u64 i64, f32 f64, big-endian, or little-endian with 'le' behind",
    ),
    _Hint(
        re.compile(r"bits?.*"),
        "bit fields are like {a:bits3}{_:bits5}, side by side in whole bytes; up to 64 bits, and no arrays",
    ),
    _Hint(re.compile(r"[-+ 0-9.#]+s"), "text is {:s}, or {:15s} for exactly 15 bytes"),
)


def _advice(spec: str) -> str:
    """Why *spec* is no format, and what would be."""
    if not spec:
        return f"a format is missing after the colon; {_FAMILIES}"
    for hint in _HINTS:
        if hint.look.fullmatch(spec):
            return f"'{spec}' is not a format; {hint.text}"
    near = difflib.get_close_matches(spec, _KNOWN, n=1, cutoff=0.6)
    if near:
        return f"'{spec}' is not a format; did you mean '{near[0]}'? {_FAMILIES}"
    return f"'{spec}' is not a format; {_FAMILIES}"
