"""``markguided``: the registry, where clients find the daemons of a network."""

from __future__ import annotations

import argparse
import importlib.metadata
import logging
import sys
from collections.abc import Sequence

from .endings import FAILED, OK, tolerant_output
from .markd import PATIENCE_S, Stop, keep_standard_files, leave_by_force_after
from .memory import share_memory

log = logging.getLogger("mktl.markguided")


def run(argv: Sequence[str] | None = None) -> int:
    """Serve the registry until told to stop; the exit code."""
    parser = argparse.ArgumentParser(
        prog="markguided",
        description="Tell clients where the daemons of the local network are, until SIGTERM or Ctrl-C.",
        epilog="Daemons announce themselves; clients ask here when they know of no daemon yet.",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="log everything")
    parser.add_argument("--version", action="version", version=importlib.metadata.version("mktl"))
    arguments = parser.parse_args(argv)
    stop = Stop()
    stop.install()

    from . import logs

    with logs.begin(verbose=arguments.verbose):
        return _serve(arguments, stop)


def _serve(arguments: argparse.Namespace, stop: Stop) -> int:
    from ..daemon.registry import Registry
    from ..errors import MktlError

    try:
        registry = Registry(arguments=arguments)
    except MktlError as error:
        sys.stderr.write(f"markguided: {error}\n")
        return FAILED
    try:
        log.info("requests on port %d", registry.rep)
        log.info("%s: stopping", stop.wait())
    finally:
        timer = leave_by_force_after(PATIENCE_S)
        registry.close()
        timer.cancel()
    return OK


def main() -> None:
    """Run ``markguided`` on the command line."""
    keep_standard_files()
    share_memory()
    tolerant_output()
    sys.exit(run())
