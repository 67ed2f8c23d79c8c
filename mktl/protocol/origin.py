"""Who sends a SET, as the daemon is told."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from functools import cache
from typing import Any


@cache
def _process() -> dict[str, Any]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return {
        "_user": user,
        "_hostname": platform.node(),
        "_executable": sys.executable,
        "_argv": list(sys.argv),
    }


def origin() -> dict[str, Any]:
    """``_user``, ``_hostname``, ``_pid`` and so on of this process."""
    return {**_process(), "_pid": os.getpid(), "_ppid": os.getppid()}
