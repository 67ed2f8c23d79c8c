"""What to tell a person whose serial port cannot be opened."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

GONE = "the port is gone (unplugged?)"
#: What the system says of a port whose adapter was pulled out, or whose other end was closed.
GONE_NUMBERS = (errno.EIO, errno.ENXIO, errno.ENODEV)


def advice(port: str, error: Exception) -> str:
    """Why *port* could not be opened, and what to do about it.

    Args:
        port: As the file names it.
        error: What pySerial raised.
    """
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return f"no such port; {_present()}"
    if number in (errno.EACCES, errno.EPERM):
        return f"permission denied{_group(port)}"
    if number in (errno.EAGAIN, errno.EBUSY):
        return f"another program has it open{_holders(port)}"
    if number in GONE_NUMBERS:
        return GONE
    return str(error)


def is_pseudo_terminal(port: str) -> bool:
    """True where there is no line to put bits on, and some C libraries refuse to set seven or a parity.

    >>> is_pseudo_terminal("/dev/pts/0"), is_pseudo_terminal("/dev/ttyS0")
    (True, False)
    """
    return os.path.realpath(port).startswith("/dev/pts/")


def _present() -> str:
    from serial.tools import list_ports

    names = sorted(port.device for port in list_ports.comports())
    if not names:
        return "there is none on this machine"
    return f"there {'is' if len(names) == 1 else 'are'} {', '.join(names)}"


def _group(port: str) -> str:
    """Who may open it."""
    if sys.platform == "win32":
        return ""
    import grp

    try:
        group = grp.getgrgid(os.stat(port).st_gid).gr_name
    except (OSError, KeyError):
        return ""
    return f"; it belongs to the group '{group}': sudo usermod -aG {group} $USER, then log in again"


def _holders(port: str) -> str:
    """The processes that have it open, as far as /proc tells."""
    wanted = os.path.realpath(port)
    holders = []
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            held = os.readlink(entry)
            name = (entry.parents[1] / "comm").read_text().strip()
        except OSError:  # it has ended, or is not ours to look at
            continue
        holder = f"{name} (pid {entry.parents[1].name})"
        if held == wanted and holder not in holders:
            holders.append(holder)
    return f": {', '.join(holders)}" if holders else ""
