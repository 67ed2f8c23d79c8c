"""How memory is handed out, and taken back, in a process with many threads that runs for months."""

from __future__ import annotations

import gc
import os

from ..wire.heap import c_function

#: Pools of memory at the most: one for the threads of Python, of which one runs at a time, and one beside it
#: for those of ZeroMQ.
MOST_POOLS = 2
#: How often what is free is given back: that takes a millisecond or less.
GIVE_BACK_S = 60.0
# mallopt(3)
_M_ARENA_MAX = -8


def share_memory() -> None:
    """Have all threads take memory from few pools; before threads are started.

    By itself glibc makes up to eight pools for each core, for good. Threads come and go, and which pool one
    gets is chance: in the course of hours each of them grows to what the largest burst has ever taken, such
    as images for a subscriber that stands still.

    Who has set ``MALLOC_ARENA_MAX`` knows better.
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        c_function("mallopt")(_M_ARENA_MAX, MOST_POOLS)


def set_aside(changed: bool = False) -> None:
    """Take what there is now for what stays: Python looks through it for garbage no more.

    It would look through everything, ten milliseconds and more, only when a quarter has been added to what
    stays; until then it keeps whatever has lived for some seconds and refers to itself, such as an error with
    its traceback, whose memory then lies between what is used.

    Args:
        changed: Some of what was set aside may be garbage by now.
    """
    if changed:
        gc.unfreeze()
        gc.collect()
    gc.freeze()


def give_back_memory() -> None:
    """Give the system back what is free; glibc by itself does that only at the end of a pool.

    A connection takes 100 kB and more while it lasts, in pieces that others come to lie between: what it
    leaves is free, and yet kept.
    """
    gc.collect()
    c_function("malloc_trim")(0)
