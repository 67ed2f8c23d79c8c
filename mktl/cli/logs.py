"""Where the log of a daemon goes, and which lines of it."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from logging.handlers import WatchedFileHandler

from ..errors import MktlError
from .damping import Damper

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
#: For the audit: with the rest of the log.
WITH_THE_REST = "-"


def begin(*, verbose: bool, audit: str | None = None) -> ExitStack:
    """Write the log to stderr, until what is returned is closed.

    Args:
        verbose: Everything, and nothing is counted in the place of being written.
        audit: The file that gets a line for each SET; ``"-"`` is the log itself, None nobody.

    Raises:
        MktlError: The file cannot be written.
    """
    endings, root = ExitStack(), logging.getLogger()
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    if not root.handlers:  # else whoever runs us in his own process has his own log
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(FORMAT))
        root.addHandler(handler)
        if not verbose:
            damper = Damper(handler)
            handler.addFilter(damper)
            endings.callback(damper.close)
    _begin_audit(audit, endings)
    return endings


def _begin_audit(audit: str | None, endings: ExitStack) -> None:
    log = logging.getLogger("mktl.audit")
    log.setLevel(logging.INFO if audit is not None else logging.WARNING)
    if audit is None or audit == WITH_THE_REST:
        return
    try:
        handler = WatchedFileHandler(audit, encoding="utf-8")  # made anew when somebody rotates it away
    except OSError as error:
        raise MktlError(f"--audit {audit}: {error.strerror}; name a file that can be written") from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.addHandler(handler)
    log.propagate = False
    endings.callback(handler.close)
    endings.callback(log.removeHandler, handler)
