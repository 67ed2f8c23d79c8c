"""Memory for arrays that come one after the other."""

from __future__ import annotations

from functools import cache

#: What smaller ones leave is kept anyway.
LARGE_BYTES = 1 << 20
#: The largest piece that glibc learns from (32 MiB, DEFAULT_MMAP_THRESHOLD_MAX), with room for its headers.
_MOST_BYTES = (32 << 20) - (64 << 10)


@cache
def keep_for_arrays() -> None:
    """Have glibc keep what arrays of up to 32 MiB leave, for those that follow; once in a process.

    It gives what is free at the end of a pool back to the system from twice the largest piece on that it has
    seen freed: that is two arrays, every few of them, and to have it again costs as much as to receive one.
    A larger piece, in which nobody writes, teaches it; see M_MMAP_THRESHOLD in mallopt(3). Who has set that,
    or M_TRIM_THRESHOLD, is not overruled.
    """
    bytes(_MOST_BYTES)
