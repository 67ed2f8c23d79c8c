"""Both ends of a line at once: whether what a link took for the reply to a command was that."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..devicefile.traffic import escaped

if TYPE_CHECKING:
    from ..devicefile import Step
    from .watched import Watched

#: A command is no more than so many pieces ago when the reply to it has come.
_LATEST = 64


class Witness:
    """Hears what a device was sent and said before faults befell that, and what the link made of it.

    It is a tap of the link.

    Args:
        watched: The items of the line.
    """

    def __init__(self, watched: Iterable[Watched]) -> None:
        self._watched = list(watched)
        self._lock = threading.Lock()
        self._heard: deque[tuple[bytes, bytes]] = deque(maxlen=_LATEST)
        self._sent = b""

    def overhear(self, received: bytes, reply: bytes) -> None:
        """The device was sent *received* and said *reply*; by the simulator's thread."""
        with self._lock:
            self._heard.append((received, reply))

    def sent(self, data: bytes) -> None:
        """A command; by the link's thread, as the rest."""
        self._sent = data

    def received(self, data: bytes) -> None:
        """Bytes, of whomever."""

    def replied(self, *_: object) -> None:
        """What it means is not known yet."""

    def took(self, reply: bytes, step: Step | None) -> None:
        """The link takes *reply* for the answer to what it sent last."""
        said = self._said_to(self._sent)
        if said is None or reply in said:
            return
        for one in self._watched:
            if step is None or any(own is step for own in one.steps):
                one.accuse(escaped(reply))

    def _said_to(self, command: bytes) -> bytes | None:
        """What the device has said since it was sent *command* last; None when it never was."""
        with self._lock:
            heard = list(self._heard)
        received, said = b"", b""
        for piece, reply in reversed(heard):
            received, said = piece + received, reply + said
            if command.rstrip() in received:
                return said
        return None
