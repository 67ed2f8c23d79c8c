"""How the C library hands out memory in a process with many threads that runs for months."""

from __future__ import annotations

import os

#: Pools of memory at the most: one for the threads of Python, of which one runs at a time, and one beside it
#: for those of ZeroMQ.
MOST_POOLS = 2
# mallopt(3)
_M_ARENA_MAX = -8


def share_memory() -> None:
    """Have all threads take memory from few pools, where the C library is glibc; before threads are started.

    By itself glibc makes up to eight pools for each core, for good. Threads come and go, and which pool one
    gets is chance: in the course of hours each of them grows to what the largest burst has ever taken, such
    as images for a subscriber that stands still.

    Who has set ``MALLOC_ARENA_MAX`` knows better.
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return
    import ctypes

    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, MOST_POOLS)
    except (AttributeError, OSError):
        pass  # another C library, with its own ways
