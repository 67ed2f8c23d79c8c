"""Who sends a SET, as the daemon is told."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any


@cache
def origin() -> Mapping[str, Any]:
    """``_user``, ``_hostname``, ``_pid`` and so on of this process, looked up once: they go with each SET."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return {
        "_user": user,
        "_hostname": platform.node(),
        "_pid": os.getpid(),
        "_ppid": os.getppid(),
        "_executable": sys.executable,
        "_argv": list(sys.argv),
    }


# A process that was forked is another one.
os.register_at_fork(after_in_child=origin.cache_clear)
