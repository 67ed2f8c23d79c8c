"""What a device is about to say: in the order of the commands, each after its time to think."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

#: How often somebody has to look whether what a reply waits for has happened.
LOOK_S = 0.05


@dataclass(slots=True)
class _Waiting:
    data: bytes
    #: How long the device still thinks, once all before it has been said.
    left_s: float
    #: True while something else has to happen first.
    is_held: Callable[[], bool]


class Outbox:
    """Replies in their order; nothing overtakes another.

    >>> outbox = Outbox()
    >>> outbox.put(b"4.2", after_s=1.0)
    >>> outbox.advance(0.5), outbox.take(), outbox.due_in_s
    (None, b'', 0.5)
    >>> outbox.advance(0.5), outbox.take()
    (None, b'4.2')
    """

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()

    def put(self, data: bytes, *, after_s: float = 0.0, is_held: Callable[[], bool] = lambda: False) -> None:
        """Say *data* after so long, and not while *is_held*."""
        if data:
            self._waiting.append(_Waiting(data, after_s, is_held))

    def advance(self, dt_s: float) -> None:
        """Let time pass for what is next, and what is left of it for the next after that."""
        for one in self._waiting:
            used_s = min(dt_s, one.left_s)
            one.left_s -= used_s
            dt_s -= used_s
            if one.left_s > 0 or one.is_held():
                return

    def take(self) -> bytes:
        """What is said by now."""
        out = b""
        while self._waiting and self._waiting[0].left_s <= 0 and not self._waiting[0].is_held():
            out += self._waiting.popleft().data
        return out

    @property
    def due_in_s(self) -> float | None:
        """When the next is said; None when there is none."""
        if not self._waiting:
            return None
        first = self._waiting[0]
        return max(first.left_s, LOOK_S) if first.is_held() else first.left_s

    def clear(self) -> None:
        """Nobody is there to hear it any more."""
        self._waiting.clear()
