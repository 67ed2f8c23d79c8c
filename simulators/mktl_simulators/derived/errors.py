"""What a device made from its file knows of its mistakes, and how it says no."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Literal

from mktl.devicefile import Check, Otherwise
from mktl.devicefile.template import VALUE
from mktl.errors import ItemTypeError, ItemValueError

from .replies import fields_of, plausible

#: A command that is none, or a value that the device does not take.
Mistake = Literal["unknown", "refused"]

# The words of a device for each of them.
_WORDS: Mapping[Mistake, re.Pattern[str]] = {
    "unknown": re.compile(r"unknown|command|syntax|header|undefined|message|understood", re.IGNORECASE),
    "refused": re.compile(r"execut|range|limit|value|param|argument|data|refused", re.IGNORECASE),
}
# A device without named bits is taken to count its errors as SCPI does (SCPI 1999.0, section 21.8).
_SCPI: Mapping[Mistake, tuple[int, str]] = {
    "unknown": (-113, "Undefined header"),
    "refused": (-222, "Data out of range"),
}
_OVERFLOW = (-350, "Queue overflow")
_NO_ERROR = "No error"
#: How many errors the queue holds.
LONGEST_QUEUE = 20


class ErrorMemory:
    """The error register or queue behind a check, or nothing at all where the file has none.

    Bits with names make it a register, whose bits gather until it is read; without, it is a queue.
    """

    def __init__(self, check: Check | None) -> None:
        self._check = check
        self._bits = _choose_bits(check.bits) if check else {}
        self._register = 0
        self._queue: deque[tuple[int, str]] = deque()

    def note(self, mistake: Mistake) -> None:
        """The device has met with one."""
        if self._bits:
            self._register |= 1 << self._bits[mistake]
        elif len(self._queue) < LONGEST_QUEUE:
            self._queue.append(_SCPI[mistake])
        else:
            self._queue[-1] = _OVERFLOW

    def answer(self) -> dict[str, object]:
        """The fields of what the check is answered: the register, which is clear afterwards, or one error."""
        check = self._check
        assert check is not None
        error = self._take()
        number, text = (0, _NO_ERROR) if error is None else error
        values: dict[str, object] = {
            name: text if field.kind in ("text", "any") else plausible(field)
            for name, field in fields_of(check.reply).items()
        }
        if error is None:
            return {**values, VALUE: check.good[0]}
        if not isinstance(check.good[0], str):
            values[VALUE] = number
        try:
            check.reply.format(values)
        except (ItemTypeError, ItemValueError):  # the number has no place in this form
            values[VALUE] = _other_than(check)
        return values

    def _take(self) -> tuple[int, str] | None:
        if self._queue:
            return self._queue.popleft()
        register, self._register = self._register, 0
        words = self._check.bits if self._check else {}
        text = ", ".join(words[bit] for bit in words if register >> bit & 1)
        return (register, text) if register else None


def error_form(forms: Sequence[Otherwise], mistake: Mistake) -> Otherwise | None:
    """The form of a reply that says no: of several the one whose words say why."""
    errors = [form for form in forms if form.error is not None]
    for form in errors:
        if _WORDS[mistake].search(form.error or ""):
            return form
    return errors[0] if errors else None


def error_values(form: Otherwise, mistake: Mistake) -> dict[str, object]:
    """What stands in the fields of an error: words where text does, and no 0, which often means no error."""
    values: dict[str, object] = {}
    for name, field in fields_of(form.reply).items():
        value = _SCPI[mistake][1] if field.kind in ("text", "any") else plausible(field)
        values[name] = 1 if value == 0 and field.kind in ("int", "float") else value
    try:
        form.reply.format(values)
    except (ItemTypeError, ItemValueError):
        return {name: plausible(field) for name, field in fields_of(form.reply).items()}
    return values


def _other_than(check: Check) -> object:
    """A value of the check that is not the good one."""
    words = fields_of(check.reply)[VALUE].values
    return next((word for word in words if word not in check.good), 0 if check.good[0] else 1)


def _choose_bits(bits: Mapping[int, str]) -> dict[Mistake, int]:
    """The bit of each mistake: the one whose words say so, or any."""
    if not bits:
        return {}
    unknown = next((bit for bit, words in bits.items() if _WORDS["unknown"].search(words)), max(bits))
    others = [bit for bit in bits if bit != unknown] or [unknown]
    refused = next((bit for bit in others if _WORDS["refused"].search(bits[bit])), others[0])
    return {"unknown": unknown, "refused": refused}
