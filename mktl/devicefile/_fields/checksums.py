"""Checksums: ``#sum8`` and its kin, over what stands before them in the frame."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from .base import SpecError
from .sums import SUMS, SumRule

_OPTIONS = "hex, lower, dec, unhex, le, be, from=N, to=-N, init=N"

#: How a sum is written: its bytes, two hex digits for each, or in decimal digits with zeros before.
Form = Literal["raw", "hex", "lower", "dec"]


@dataclass(frozen=True, slots=True)
class Checksum:
    """A sum over a frame, from byte *skip* to *short* bytes before the place where the sum stands."""

    spec: str
    rule: SumRule
    form: Form = "raw"
    #: The frame is in hex digits itself and the sum is over the bytes they stand for (Modbus ASCII).
    of_hex: bool = False
    skip: int = 0
    short: int = 0

    @property
    def size(self) -> int:
        """Length in the frame."""
        if self.form == "dec":
            return len(str(256**self.rule.length - 1))
        return self.rule.length if self.form == "raw" else 2 * self.rule.length

    @property
    def pattern(self) -> bytes:
        """What the sum looks like; whether it is right is for :meth:`agrees`."""
        byte = {"raw": b".", "dec": b"[0-9]"}.get(self.form, b"[0-9A-Fa-f]")
        return b"%s{%d}" % (byte, self.size)

    @property
    def expected(self) -> str:
        """What is read, in the words of an error."""
        what = {"raw": "raw bytes", "dec": "digits"}.get(self.form, "hex digits")
        return f"{'one raw byte' if self.size == 1 else f'{self.size} {what}'} of the checksum {self.spec}"

    def over(self, frame: bytes) -> bytes:
        """The sum as it stands behind *frame*.

        >>> read_checksum("sum8").over(bytes.fromhex("01 0A 42 00 00 00 00 00")).hex()
        '4d'

        Raises:
            ValueError: *frame* should be hex digits and is not.
        """
        data = frame[self.skip : max(0, len(frame) - self.short)]
        if self.of_hex:
            data = bytes.fromhex(data.decode("ascii"))
        total = self.rule.function(data, self.rule.start)
        if self.form == "dec":
            return b"%0*d" % (self.size, total)
        raw = total.to_bytes(self.rule.length, self.rule.order)
        if self.form == "raw":
            return raw
        return (raw.hex() if self.form == "lower" else raw.hex().upper()).encode("ascii")

    def agrees(self, right: bytes, found: bytes) -> bool:
        """True when *found* is the *right* sum; hex digits may be of either case."""
        return right == found or (self.form != "raw" and right.upper() == found.upper())

    def told(self, raw: bytes) -> str:
        """A sum as an error shows it: in digits."""
        return raw.hex().upper() if self.form == "raw" else raw.decode("ascii").upper()


def read_checksum(spec: str) -> Checksum:
    """The checksum of a spec such as ``sum8``, ``crc16ccitt,hex`` or ``xor8,from=1,to=-1``.

    Raises:
        SpecError: An unknown sum or option.
    """
    name, *options = spec.split(",")
    if name not in SUMS:
        near = difflib.get_close_matches(name, SUMS, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise SpecError(f"'{name}' is not a checksum; {hint}there are {', '.join(SUMS)}")
    checksum = Checksum(spec, SUMS[name])
    for option in options:
        checksum = _with_option(checksum, option)
    if checksum.rule.start >= 256**checksum.rule.length:
        raise SpecError(f"init={checksum.rule.start} does not fit the {checksum.rule.length} bytes of {name}")
    return checksum


def _with_option(checksum: Checksum, option: str) -> Checksum:
    if option in get_args(Form):
        return replace(checksum, form=cast(Form, option))
    if option == "unhex":
        return replace(checksum, of_hex=True)
    if option in ("le", "be"):
        return replace(checksum, rule=replace(checksum.rule, order="little" if option == "le" else "big"))
    if match := re.fullmatch(r"from=(\d{1,6})", option):
        return replace(checksum, skip=int(match[1]))
    if match := re.fullmatch(r"to=-(\d{1,6})", option):
        return replace(checksum, short=int(match[1]))
    if match := re.fullmatch(r"init=(0x[0-9A-Fa-f]{1,8}|\d{1,10})", option):
        return replace(checksum, rule=replace(checksum.rule, start=int(match[1], 0)))
    raise SpecError(f"'{option}' is not an option of a checksum; there are {_OPTIONS}")
