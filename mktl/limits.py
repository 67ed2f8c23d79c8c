"""How much of anything a daemon takes before it refuses; each limit can be set from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import Any

from .errors import MktlError

#: What the environment calls a limit begins with this.
PREFIX = "MKTL_MAX_"
#: Bytes.
MB = 2**20


def _limit(default: float, description: str) -> Any:
    return field(default=default, metadata={"description": description})


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one daemon; ``MKTL_MAX_FRAME_MB`` in the environment is :attr:`frame_mb`, and so on.

    A megabyte has 2**20 bytes.
    """

    frame_mb: float = _limit(64, "megabytes in one frame of a request; more costs the sender its connection")
    payload_mb: float = _limit(
        16, "megabytes in the payload of a request, such as a catalog sent to a registry"
    )
    answers_mb: float = _limit(64, "megabytes of answers that wait for one client that does not read them")
    answers: int = _limit(20_000, "answers that wait for one client that does not read them")
    waiting_sets: int = _limit(10_000, "SETs of one daemon that wait")
    items: int = _limit(50_000, "items of one daemon, and in each catalog that a registry or client takes in")
    string_chars: int = _limit(1_000_000, "characters in the value of a string item")

    @classmethod
    def from_environment(cls) -> Limits:
        """What the environment says, and the defaults for the rest.

        Raises:
            MktlError: A variable that is not a positive number.
        """
        return cls(**{one.name: _read(one.name, one.default) for one in fields(cls)})

    @property
    def frame_bytes(self) -> int:
        """:attr:`frame_mb` in bytes."""
        return int(self.frame_mb * MB)

    @property
    def payload_bytes(self) -> int:
        """:attr:`payload_mb` in bytes."""
        return int(self.payload_mb * MB)

    @property
    def answers_bytes(self) -> int:
        """:attr:`answers_mb` in bytes."""
        return int(self.answers_mb * MB)


def raised_by(name: str) -> str:
    """How to have more of *name*, for the end of an error message.

    >>> raised_by("items")
    'MKTL_MAX_ITEMS raises the limit'
    """
    return f"{PREFIX}{name.upper()} raises the limit"


def _read(name: str, default: Any) -> Any:
    variable, is_size = PREFIX + name.upper(), name.endswith("_mb")
    text = os.environ.get(variable) or str(default)
    try:
        number = float(text) if is_size else int(text)
    except ValueError:
        number = 0
    if not 0 < number < 2**31:
        kind = "megabytes" if is_size else "a whole number"
        raise MktlError(f"{variable}: expected {kind} above 0, such as {default}, got {text!r}")
    return number
