"""Whether a thread does something, as the system sees it."""

from __future__ import annotations


def is_at_work(native_id: int | None) -> bool:
    """True while the thread runs, or would if a processor were free; False while it waits for anything else.

    False also where the system does not tell: only Linux has a file for it.

    Args:
        native_id: As :attr:`threading.Thread.native_id`.
    """
    try:
        with open(f"/proc/self/task/{native_id}/stat", "rb") as file:
            stat = file.read()
    except OSError:
        return False
    # "123 (name) R ...", and a name may have parentheses (proc_pid_stat(5)).
    return stat[stat.rfind(b")") + 2 :].startswith(b"R")
