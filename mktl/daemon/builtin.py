"""The items that every daemon has of itself: how long it runs, what it uses, where it is."""

from __future__ import annotations

import os
import resource
import time
from typing import TYPE_CHECKING, Any

from ..item import Item
from ..protocol.host import own_hostname

if TYPE_CHECKING:
    from .daemon import Daemon

PERIOD_S = 1.0

_DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "clk": {"type": "numeric", "units": "s", "format": "%.0f", "description": "How long this daemon runs."},
    "cpu": {
        "type": "numeric",
        "units": "percent",
        "format": "%.1f",
        "description": "Share of one processor.",
    },
    "mem": {"type": "numeric", "units": "kB", "format": "%d", "description": "Memory in use, resident."},
    "host": {"type": "string", "description": "The host that this daemon runs on."},
    "pid": {"type": "numeric", "format": "%d", "description": "The process that this daemon is."},
    "uuid": {"type": "string", "description": "The uuid of this daemon."},
    "dev": {"type": "string", "persist": True, "description": "What this daemon is for."},
}


def descriptions(alias: str) -> dict[str, dict[str, Any]]:
    """The items of the daemon *alias*, as clients are told of them."""
    return {
        f"_{alias.lower()}{name}": {**description, **({} if name == "dev" else {"settable": False})}
        for name, description in _DESCRIPTIONS.items()
    }


def add(daemon: Daemon) -> None:
    """Add these items to *daemon*."""
    prefix = f"_{daemon.alias.lower()}"
    for name, item_class in (("clk", Uptime), ("cpu", ProcessorShare), ("mem", Memory)):
        daemon.add_item(item_class, prefix + name).poll(PERIOD_S)
    daemon.add_item(Item, f"{prefix}host").publish(own_hostname())
    daemon.add_item(Item, f"{prefix}pid").publish(os.getpid())
    daemon.add_item(Item, f"{prefix}uuid").publish(daemon.uuid)


class Uptime(Item):
    """Seconds since the daemon was made, whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._begun_s = time.monotonic()

    def req_refresh(self) -> dict[str, Any]:
        """Count."""
        return {"value": int(time.monotonic() - self._begun_s), "time": time.time()}


class ProcessorShare(Item):
    """Processor time of this process over time passed, percent, since the last reading."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before = time.monotonic(), time.process_time()

    def req_refresh(self) -> dict[str, Any] | None:
        """Measure; nothing new when hardly any time has passed."""
        now_s, used_s = time.monotonic(), time.process_time()
        passed_s = now_s - self._before[0]
        if passed_s < PERIOD_S / 10:
            return None
        share = 100 * (used_s - self._before[1]) / passed_s
        self._before = now_s, used_s
        return {"value": round(share, 1), "time": time.time()}


class Memory(Item):
    """Resident memory of this process in kB."""

    def req_refresh(self) -> dict[str, Any]:
        """Read it from the kernel; where /proc is missing, the most there has been."""
        try:
            with open("/proc/self/statm", encoding="ascii") as file:
                pages = int(file.read().split()[1])
            kilobytes = pages * resource.getpagesize() // 1024
        except (OSError, ValueError, IndexError):
            kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"value": kilobytes, "time": time.time()}
