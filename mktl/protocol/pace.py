"""Broadcasts of a client that sends SET after SET leave in groups, a millisecond of them at the most."""

from __future__ import annotations

#: A request that comes sooner than this after the one before comes from a program in a loop.
RAPID_S = 0.0005
#: So long a broadcast is kept back at the most.
GROUP_S = 0.001


class Pace:
    """Tells after each SET whether its broadcast goes out at once; the time is handed in.

    Each broadcast wakes every subscriber, the client itself among them, just when it is about to send its
    next SET: a group wakes them once. The first of a row goes out at once, as does each of a client that
    takes its time.

    >>> pace = Pace()
    >>> [pace.may_wait(b"one", now_s) for now_s in (5.0, 5.0002, 5.0004, 5.0011, 5.0012)]
    [False, True, True, False, True]
    """

    def __init__(self) -> None:
        self._route = b""
        self._last_s = self._due_s = 0.0

    def may_wait(self, route: bytes, now_s: float) -> bool:
        """True when what the SET of client *route* published may wait for the next one."""
        is_rapid = route == self._route and now_s - self._last_s < RAPID_S
        self._route, self._last_s = route, now_s
        if is_rapid and now_s < self._due_s:
            return True
        self._due_s = now_s + GROUP_S
        return False
