"""Memory for arrays that come one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

#: What smaller ones leave is kept anyway.
LARGE_BYTES = 1 << 20
#: The largest piece that comes to lie in a heap of a pool; a heap has 64 MiB.
_MOST_BYTES = 32 << 20
#: An empty heap stays while less than this is free at the end of the one before: while an array of 16 MiB is
#: in use there, as the newest one always is. More, and what a burst has taken would never go back.
_SPARE_BYTES = 49 << 20
# mallopt(3)
_M_TOP_PAD, _M_MMAP_THRESHOLD = -2, -3
#: Who has set one of these knows better.
_CHOSEN = ("MALLOC_TOP_PAD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


@cache
def keep_for_arrays() -> None:
    """Have glibc keep what arrays of up to 32 MiB leave, for those that follow; once in a process.

    By itself it gives the system back what is free at the end of a heap, two arrays, and any heap that is
    empty: three arrays of 16 MiB fill one, so that the fourth, of a client that is late, is in a new one each
    time. To have a page again costs as much as to receive what comes to lie in it.
    """
    if any(name in os.environ for name in _CHOSEN):
        return
    mallopt = c_function("mallopt")
    mallopt(_M_MMAP_THRESHOLD, _MOST_BYTES)
    mallopt(_M_TOP_PAD, _SPARE_BYTES)


def c_function(name: str) -> Callable[..., Any]:
    """A function of the C library; one that does nothing where that has none of this name."""
    import ctypes

    try:
        function: Callable[..., Any] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError):
        return lambda *_: None
    return function
