"""What a test has left behind: threads that run on, files that are open, children that live."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Set
from dataclasses import dataclass, field

#: How long a thread may take to end.
PATIENCE_S = 2.0
#: Threads that all daemons and clients of a process share.
SHARED = ("mktl-client", "mktl-clock")
_DESCRIPTORS = "/proc/self/fd"


class LeakError(AssertionError):
    """Something that was begun has not ended."""


@dataclass(frozen=True, slots=True)
class Before:
    """What there was at the start; made before anything is begun."""

    threads: Set[threading.Thread] = field(default_factory=lambda: frozenset(threading.enumerate()))
    descriptors: int = field(default_factory=lambda: _descriptors())

    @property
    def has_shared(self) -> bool:
        """True when somebody else in this process uses mktl: what is shared is theirs, too."""
        return any(thread.name.startswith(SHARED) for thread in self.threads)

    def check(self) -> None:
        """Compare with what there is now.

        Raises:
            LeakError: More threads, or more open files and sockets; it names the threads.
        """
        left = [thread for thread in threading.enumerate() if thread not in self.threads]
        if self.has_shared:
            left = [thread for thread in left if not thread.name.startswith(SHARED)]
        for thread in left:
            thread.join(PATIENCE_S)
        names = sorted(thread.name for thread in left if thread.is_alive())
        if names:
            raise LeakError(f"threads left behind: {', '.join(names)}")
        more = 0 if self.has_shared else self._more()
        if more > 0:
            raise LeakError(f"{more} files or sockets left open")

    def _more(self) -> int:
        more = _descriptors() - self.descriptors
        if more > 0:
            gc.collect()  # what nobody holds any more is no leak
            more = _descriptors() - self.descriptors
        return more


def _descriptors() -> int:
    """Open files and sockets of this process; 0 where the system does not tell."""
    return len(os.listdir(_DESCRIPTORS)) if os.path.isdir(_DESCRIPTORS) else 0
