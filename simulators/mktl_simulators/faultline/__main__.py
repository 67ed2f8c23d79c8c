"""Puts faults between a program and its device: ``python -m mktl_simulators.faultline TARGET``.

It prints where it listens, in one line, and runs until Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from mktl.errors import MktlError

from ..faults import Faults
from .journal import Journal
from .line import GAP_S, PtyFaultline, TcpFaultline
from .mix import WORDS, parse_mix
from .upstream import upstream_to

#: What is kept of the bytes received, since nobody asks.
KEEP = 4096


def main(arguments: Sequence[str] | None = None) -> int:
    """Pass on until a signal comes; the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    try:
        with ExitStack() as endings:
            server = _line(given, endings)
            sys.stdout.write(f"{given.target} with faults is on {server.url}\n")
            sys.stdout.flush()
            stop.wait()
            happened = server.faults.happened
            sys.stdout.write(f"{server.faults.replies} replies, {len(happened)} of them with a fault\n")
    except (MktlError, OSError) as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 1
    return 0


def _line(given: argparse.Namespace, endings: ExitStack) -> TcpFaultline | PtyFaultline:
    faults = Faults(given.seed)
    faults.at_random(parse_mix(given.faults), delay_s=given.late_s)
    faults.echo(given.echo)
    if given.blackhole:
        faults.mute()
    file = Path(given.log or os.devnull).open("w")  # noqa: SIM115 - the stack closes it
    journal = Journal(endings.enter_context(file))
    upstream = upstream_to(given.target, given.baudrate)
    common = {"faults": faults, "journal": journal, "gap_s": given.gap_s, "keep": KEEP}
    if given.tcp is not None:
        return endings.enter_context(TcpFaultline(upstream, port=given.tcp, **common))
    return endings.enter_context(PtyFaultline(upstream, link_path=given.pty or None, **common))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mktl_simulators.faultline",
        description="Put faults between a program and its device, simulated or real.",
    )
    parser.add_argument("target", help="where the device is: tcp://HOST:PORT, or a serial port")
    line = parser.add_mutually_exclusive_group()
    line.add_argument(
        "--pty", nargs="?", const="", metavar="LINK", help="be a serial port, with a link to it [default]"
    )
    line.add_argument("--tcp", type=int, metavar="PORT", help="be a TCP port here; 0 takes a free one")
    parser.add_argument("--baudrate", type=int, default=9600, help="of a serial port of the device [9600]")
    parser.add_argument(
        "--faults",
        default="",
        metavar="MIX",
        help=f"shares of the replies, late=5%%,drop=2%%: {', '.join(WORDS)}",
    )
    parser.add_argument("--late-s", type=float, default=1.0, metavar="S", help="how late a late reply is [1]")
    parser.add_argument("--echo", action="store_true", help="send back all that is received")
    parser.add_argument("--blackhole", action="store_true", help="let no reply through")
    parser.add_argument("--seed", type=int, default=0, help="the same faults for the same seed [0]")
    parser.add_argument(
        "--gap-s", type=float, default=GAP_S, metavar="S", help=f"silence that ends a reply [{GAP_S:g}]"
    )
    parser.add_argument(
        "--log", metavar="FILE", help="write what passed on the device's side, a line of JSON each"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
