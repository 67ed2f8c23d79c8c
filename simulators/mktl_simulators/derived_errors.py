"""What a device made from its file knows of its mistakes: the answer to ``check_after_set``, given once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mktl.devicefile import Check
from mktl.errors import ItemTypeError, ItemValueError

from .derived_values import fields_of, plausible

# The words of a device for a command that is none, and for a value that it does not take.
_UNKNOWN = re.compile(r"unknown|command|syntax|header|undefined|message", re.IGNORECASE)
_REFUSED = re.compile(r"execut|range|limit|value|param|argument|data", re.IGNORECASE)

# A device without named bits is taken to count its errors as SCPI does.
_SCPI = {"unknown": (-113, "Undefined header"), "refused": (-222, "Data out of range")}
_NO_ERROR = "No error"


class ErrorMemory:
    """The error register behind a check, or nothing at all where the file has none."""

    def __init__(self, check: Check | None) -> None:
        self._check = check
        self._state: int | None = None
        self._text = _NO_ERROR
        self._bits = _choose_bits(check.bits) if check else {}

    def unknown(self) -> None:
        """A command came that the device does not know."""
        self._note("unknown")

    def refused(self) -> None:
        """A command came with a value that the device does not take."""
        self._note("refused")

    def answer(self) -> bytes:
        """What the check is answered; the register is clear afterwards."""
        check = self._check
        if check is None:
            return b""
        state, text = self._state, self._text
        self._state, self._text = None, _NO_ERROR
        values: dict[str, object] = {
            name: text if field.kind in ("text", "any") else plausible(field)
            for name, field in fields_of(check.reply).items()
        }
        if state is None:
            values[""] = check.good
        elif not isinstance(check.good, str):
            values[""] = state
        try:
            return check.reply.format(values)
        except (ItemTypeError, ItemValueError):  # the number has no place in this form
            return check.reply.format({**values, "": 0 if check.good else 1})

    def _note(self, what: str) -> None:
        code, self._text = _SCPI[what]
        if self._bits:
            self._state = (self._state or 0) | 1 << self._bits[what]
        else:
            self._state = code


def _choose_bits(bits: Mapping[int, str]) -> dict[str, int]:
    """The bit of each mistake: the one whose words say so, or any."""
    if not bits:
        return {}
    unknown = next((bit for bit, words in bits.items() if _UNKNOWN.search(words)), max(bits))
    others = [bit for bit in bits if bit != unknown] or [unknown]
    refused = next((bit for bit in others if _REFUSED.search(bits[bit])), others[0])
    return {"unknown": unknown, "refused": refused}
