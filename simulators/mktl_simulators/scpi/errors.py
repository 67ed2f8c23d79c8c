"""The error queue: SCPI-1999, volume 2, section 21.8; event bits by IEEE 488.2-1992, section 11.5.1."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

OPERATION_COMPLETE, QUERY_ERROR, DEVICE_ERROR, EXECUTION_ERROR, COMMAND_ERROR, POWER_ON = (
    1, 4, 8, 16, 32, 128,
)  # fmt: skip

NO_ERROR, OVERFLOW = 0, -350
SYNTAX, DATA_TYPE, PARAMETER_NOT_ALLOWED, MISSING_PARAMETER, UNDEFINED_HEADER = -102, -104, -108, -109, -113
INVALID_SUFFIX, CHARACTER_TOO_LONG, INVALID_STRING = -131, -144, -151
TRIGGER_IGNORED, INIT_IGNORED, CONFLICT, OUT_OF_RANGE, TOO_MUCH_DATA, ILLEGAL_VALUE = (
    -211, -213, -221, -222, -223, -224,
)  # fmt: skip

#: The standard's words.
TEXTS: Mapping[int, str] = {
    NO_ERROR: "No error",
    SYNTAX: "Syntax error",
    DATA_TYPE: "Data type error",
    PARAMETER_NOT_ALLOWED: "Parameter not allowed",
    MISSING_PARAMETER: "Missing parameter",
    UNDEFINED_HEADER: "Undefined header",
    INVALID_SUFFIX: "Invalid suffix",
    CHARACTER_TOO_LONG: "Character data too long",
    INVALID_STRING: "Invalid string data",
    TRIGGER_IGNORED: "Trigger ignored",
    INIT_IGNORED: "Init ignored",
    CONFLICT: "Settings conflict",
    OUT_OF_RANGE: "Data out of range",
    TOO_MUCH_DATA: "Too much data",
    ILLEGAL_VALUE: "Illegal parameter value",
    OVERFLOW: "Queue overflow",
}


class ScpiError(Exception):
    """A command is not carried out; the number goes to the queue."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code}, {TEXTS.get(code, 'of the device')}")
        self.code = code


class ErrorQueue:
    """First in, first out; when it is full the newest place says so and later ones are lost.

    >>> queue = ErrorQueue(longest=2)
    >>> for code in (-113, -222, -109):
    ...     queue.put(code)
    >>> queue.take(), queue.take(), queue.take()
    (-113, -350, 0)
    """

    def __init__(self, longest: int) -> None:
        self._codes: deque[int] = deque()
        self._longest = longest

    def __len__(self) -> int:
        return len(self._codes)

    def put(self, code: int) -> None:
        """Remember an error."""
        if len(self._codes) < self._longest:
            self._codes.append(code)
        else:
            self._codes[-1] = OVERFLOW

    def take(self) -> int:
        """The oldest error, 0 when there is none."""
        return self._codes.popleft() if self._codes else NO_ERROR

    def clear(self) -> None:
        """Forget them all."""
        self._codes.clear()


def event_bit(code: int) -> int:
    """The bit of the event register for an error.

    >>> [event_bit(code) for code in (-113, -222, -350, 550, -410)]
    [32, 16, 8, 8, 4]
    """
    by_hundred = {1: COMMAND_ERROR, 2: EXECUTION_ERROR, 4: QUERY_ERROR}
    return by_hundred.get(-code // 100, DEVICE_ERROR) if code < 0 else DEVICE_ERROR
