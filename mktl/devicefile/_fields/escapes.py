r"""Backslash escapes: what stands for a byte that cannot be typed.

A device file writes its templates in single quotes, where TOML leaves the backslash alone.
"""

from __future__ import annotations

import string

from .base import SpecError

_SIMPLE = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
_KNOWN = r"\r \n \t \0 \\ \xNN"


def read_escape(text: str, at: int, more: str = "") -> tuple[bytes, int]:
    r"""The byte of the escape that begins at *at*, and where it ends.

    Args:
        text: What holds the escape.
        at: Index of its backslash.
        more: Further characters that stand for themselves behind a backslash.

    Raises:
        SpecError: No such escape.

    >>> read_escape(r"a\x06b", 1)
    (b'\x06', 5)
    """
    letter = text[at + 1 : at + 2]
    if letter in _SIMPLE and letter:
        return _SIMPLE[letter], at + 2
    if letter and letter in more:
        return letter.encode("ascii"), at + 2
    digits = text[at + 2 : at + 4]
    if letter == "x" and len(digits) == 2 and all(digit in string.hexdigits for digit in digits):
        return bytes([int(digits, 16)]), at + 4
    if letter in ("{", "}"):
        raise SpecError(f"'\\{letter}' is not an escape; a brace is written '{letter}{letter}'")
    wrong = text[at : at + (4 if letter == "x" else 2)]
    raise SpecError(f"'{wrong}' is not an escape; there are {_KNOWN}")


def encode_text(text: str, encoding: str) -> bytes:
    """*text* in *encoding*; SpecError names the character that it does not have."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise SpecError(f"{text[error.start]!r} cannot be written in {encoding}") from None


def unescape(text: str, encoding: str) -> bytes:
    r"""The bytes of *text* with its escapes.

    >>> unescape(r"\x02A\r", "ascii")
    b'\x02A\r'
    """
    data, at = bytearray(), 0
    while (slash := text.find("\\", at)) >= 0:
        data += encode_text(text[at:slash], encoding)
        byte, at = read_escape(text, slash)
        data += byte
    return bytes(data + encode_text(text[at:], encoding))
