"""Numbers in print: floats and whole numbers, in the flags of Python's format language.

Writing follows the format to the letter. Reading is liberal, since a device prints as it likes: any of the
float formats reads any decimal number, blanks may stand before it and behind its sign, a Fortran ``D`` is as
good as an ``E``, and whole numbers of another base may have a prefix: ``0x``, ``#H`` or ``&H``.

A number with a width that touches another field is the exception: it takes exactly its width, in both
directions, as nothing else tells where it ends.
"""

from __future__ import annotations

import math
import numbers
import re
from dataclasses import dataclass, replace

from ...errors import ItemTypeError, ItemValueError
from .base import Converter, Openness, Place, shown

_FLOAT = re.compile(
    r"(?P<flags>(?P<sign>[+ ]?)0?(?P<width>\d{0,2})(?P<group>[,_]?)(?:\.\d{1,2})?[fegEG])(?P<comma>,?)"
)
_WHOLE = re.compile(r"(?P<sign>[+ ]?)0?(?P<width>\d{0,2})(?P<letter>[dxXob])")
_BASES = {"d": 10, "x": 16, "X": 16, "o": 8, "b": 2}
_DIGITS = {10: rb"\d", 16: rb"[0-9A-Fa-f]", 8: rb"[0-7]", 2: rb"[01]"}
# IEEE 488.2, section 7.7.4, has #H, #Q and #B; others write &H or, as in C, 0x.
_PREFIX = {16: rb"(?:0[xX]|[#&][hH])?", 8: rb"(?:0[oO]|[#&][qQoO])?", 2: rb"(?:0[bB]|[#&][bB])?", 10: b""}
#: What C prints for a float that is no number; it is read, so that its item can say so, and never written.
_NO_NUMBER = rb"(?i:nan|inf(?:inity)?)(?![A-Za-z])"
_SWAPPED = bytes.maketrans(b",.", b".,")
_WORDS = {10: "a whole number", 16: "a hex number", 8: "an octal number", 2: "a binary number"}


def plain_number(value: object) -> int | float:
    """*value* as Python's own int or float; numpy's scalars and bool included.

    >>> plain_number(True)
    1

    Raises:
        ItemTypeError: Not a number.
    """
    if type(value) is float or type(value) is int:
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    # numpy.bool_ and arrays of one number are no numbers to Python, but know how to become one.
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return plain_number(value.item())
    raise ItemTypeError(f"takes a number, got {shown(value)}")


def whole_number(value: object) -> int:
    """*value* as an int; a float must be whole but for the rounding of a scale.

    >>> whole_number(12.5 / 0.00125)
    10000

    Raises:
        ItemTypeError: Not a number.
        ItemValueError: Not whole, or not finite.
    """
    number = plain_number(value)
    if isinstance(number, int):
        return number
    # A quotient is off by a few parts in 1e16, which is more than 1e-9 where there are millions of steps.
    if math.isfinite(number) and math.isclose(number, round(number), rel_tol=1e-14, abs_tol=1e-9):
        return round(number)
    raise ItemValueError(f"takes a whole number, got {number!r}")


def _fit(text: str, width: int | None, number: float) -> bytes:
    """*text* in ASCII; it must have *width* characters unless that is None."""
    if width is not None and len(text) != width:
        raise ItemValueError(f"takes exactly {width} characters, got {number!r}, which needs {len(text)}")
    return text.encode("ascii")


def _closed_up(raw: bytes) -> bytes:
    """A number without the blanks around it and behind its sign."""
    text = raw.strip(b" ")
    return text[:1] + text[1:].lstrip(b" ") if text[:1] in (b"+", b"-") else text


@dataclass(frozen=True, slots=True)
class Float(Converter):
    """A decimal number: ``f e g E G``, and with a comma behind it for a decimal comma.

    >>> read_float(".3f,").encode(12.345), read_float("_.1f").encode(12345)
    (b'12,345', b'12 345.0')
    """

    flags: str
    width: int = 0
    signed: bool = False
    comma: bool = False
    #: What stands before every three digits of whole thousands; they are read without it, too.
    group: bytes = b""
    exact: bool = False
    sign_needed: bool = False

    kind = "float"
    default = 0.0

    @property
    def size(self) -> int | None:
        return self.width if self.exact else None

    @property
    def open(self) -> Openness | None:
        return None if self.width else "number"

    @property
    def marks(self) -> bytes:
        """The decimal one, and that of the thousands."""
        return (b"," if self.comma else b".") + self.group

    @property
    def alphabet(self) -> frozenset[int]:
        return frozenset(b" +-0123456789eEdD" + self.marks)

    @property
    def pattern(self) -> bytes:
        point, group = rb"," if self.comma else rb"\.", re.escape(self.group)
        if self.exact:
            form = rb"(?= *(?:[+-] *)?(?:%s)?\d)[ +\-%s%s\deEdD]{%d}"
            return form % (point, point, group, self.width)
        sign = rb"[+-] *" if self.sign_needed else rb"(?:[+-] *)?"
        whole = rb"(?:\d{1,3}(?:%s\d{3})+|\d+)" % group if group else rb"\d+"
        number = rb"(?:%s(?:%s\d*)?|%s\d+)(?:[eEdD][+-]?\d+)?" % (whole, point, point)
        return rb" *%s(?:%s|%s)" % (sign, number, _NO_NUMBER)

    @property
    def expected(self) -> str:
        comma = " with a decimal comma" if self.comma else ""
        sign = " with its sign" if self.sign_needed else ""
        return f"a decimal number{comma}{sign}" + (f" of {self.width} characters" if self.exact else "")

    def encode(self, value: object) -> bytes:
        number = plain_number(value)
        if not math.isfinite(number):
            raise ItemValueError(f"takes a finite number, got {number!r}")
        text = _fit(format(number, self.flags), self.width if self.exact else None, number)
        if self.comma:
            text = text.translate(_SWAPPED)
        return text.replace(b"_", b" ")

    def decode(self, raw: bytes) -> float:
        if self.comma or self.group:
            raw = raw.translate(_SWAPPED if self.comma else None, self.group)
        try:
            value = float(raw)
        except ValueError:
            value = float(_closed_up(raw).upper().replace(b"D", b"E"))
        if math.isinf(value) and raw[-1:].isdigit():
            raise ValueError("more than a double holds")
        return value

    def placed(self, place: Place) -> Float:
        exact = place.touches and self.width > 0
        return replace(self, exact=exact, sign_needed=not exact and _follows_number(place))


@dataclass(frozen=True, slots=True)
class Whole(Converter):
    """A whole number in print: ``d x X o b``; all but ``d`` are unsigned.

    >>> read_whole("02X").encode(10)
    b'0A'
    """

    flags: str
    base: int = 10
    width: int = 0
    signed: bool = False
    exact: bool = False
    sign_needed: bool = False

    kind = "int"

    @property
    def size(self) -> int | None:
        return self.width if self.exact else None

    @property
    def open(self) -> Openness | None:
        return None if self.width else "number"

    @property
    def alphabet(self) -> frozenset[int]:
        return frozenset(b" +-0123456789" if self.base == 10 else b" +#&0123456789abcdefhoqxABCDEFHOQX")

    @property
    def pattern(self) -> bytes:
        digit = _DIGITS[self.base]
        sign = rb"[+-]" if self.base == 10 else rb"\+"
        if self.exact:
            return rb"(?= *(?:%s *)?%s)(?: |%s|%s){%d}" % (sign, digit, sign, digit, self.width)
        leading = rb" *%s *" if self.sign_needed else rb" *(?:%s *)?"
        return leading % sign + _PREFIX[self.base] + digit + b"+"

    @property
    def expected(self) -> str:
        sign = " with its sign" if self.sign_needed else ""
        return _WORDS[self.base] + sign + (f" of {self.width} characters" if self.exact else "")

    def encode(self, value: object) -> bytes:
        number = whole_number(value)
        if number < 0 and self.base != 10:
            raise ItemValueError(f"takes a number that is not negative, got {number!r}")
        return _fit(format(number, self.flags), self.width if self.exact else None, number)

    def decode(self, raw: bytes) -> int:
        try:
            return int(raw, self.base)
        except ValueError:
            # Python knows 0x, but neither #H nor a blank behind a sign.
            return int(re.sub(rb"[#&][a-zA-Z]", b"", _closed_up(raw)), self.base)

    def placed(self, place: Place) -> Whole:
        exact = place.touches and self.width > 0
        return replace(self, exact=exact, sign_needed=not exact and _follows_number(place))


def _follows_number(place: Place) -> bool:
    """True when only its sign tells where this number begins."""
    return any(left.open == "number" for left in place.left)


def read_float(spec: str) -> Float | None:
    """The float of a spec such as ``+.4f`` or ``.3f,``; None when it is none."""
    found = _FLOAT.fullmatch(spec)
    if found is None:
        return None
    comma = bool(found["comma"])
    # Where the comma is the decimal one, the other mark of thousands is a point.
    group = {"": b"", "_": b" ", ",": b"." if comma else b","}[found["group"]]
    signed = found["sign"] == "+"
    return Float(found["flags"], int(found["width"] or 0), signed=signed, comma=comma, group=group)


def read_whole(spec: str) -> Whole | None:
    """The whole number of a spec such as ``03d`` or ``02X``; None when it is none."""
    found = _WHOLE.fullmatch(spec)
    if found is None:
        return None
    base = _BASES[found["letter"]]
    return Whole(spec, base, int(found["width"] or 0), signed=found["sign"] == "+")
