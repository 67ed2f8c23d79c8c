"""What a process takes of the machine, as the system counts it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

_STATUS = Path("/proc/self/status")


class Usage:
    """Mixed into what lives in a child, to be asked from outside."""

    def cpu_s(self) -> float:
        """Processor time of all threads until now."""
        return time.process_time()

    def threads(self) -> int:
        """Threads, ZeroMQ's own too where the system tells."""
        return _status("Threads") or threading.active_count()

    def memory_mb(self) -> float:
        """Resident megabytes; 0 where the system does not tell."""
        return _status("VmRSS") / 1024


def _status(name: str) -> int:
    """A number from the system's page on this process; 0 where there is none."""
    if not _STATUS.exists():
        return 0
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0
