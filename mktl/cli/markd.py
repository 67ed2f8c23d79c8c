"""``markd``: serve a store, as the configuration and a Daemon subclass say, until told to stop."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from .. import __version__
from . import memory
from .endings import FAILED, OK, USAGE, tolerant_output

if TYPE_CHECKING:
    from ..daemon import Daemon
    from ..errors import DeviceFileError

log = logging.getLogger("mktl.markd")

#: A daemon whose close() still hangs after this time is left by force, rather than kept for ever.
PATIENCE_S = 10.0


def arguments_of(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, as the Daemon gets it."""
    parser = argparse.ArgumentParser(
        prog="markd",
        description="Serve the items of one daemon of an mKTL store, until SIGTERM or Ctrl-C; "
        "SIGHUP has the file read again.",
        epilog="Everything is read and checked before any port is opened. "
        "Exit codes: 0 stopped, 1 could not run, 2 the command line or a file is wrong.",
    )
    add = parser.add_argument
    add("store", metavar="STORE", help="the store that the items belong to")
    add("identifier", metavar="NAME", help="the name of this daemon's configuration")
    add("-m", "--module", help="the Python module with the Daemon subclass; the current directory counts")
    add("-s", "--subclass", help="the name of the Daemon subclass in that module (default: Daemon)")
    add(
        "-c",
        "--configuration",
        metavar="FILE",
        help="a device file, or a JSON file of items, to be used from now on",
    )
    add(
        "-p",
        "--parameter",
        type=_parameter,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a value for one of the [parameters] of the device file; may be given more than once",
    )
    add("-a", "--appconfig", help="whatever the subclass makes of it, such as a file of its own")
    add(
        "-o",
        "--override",
        action="store_true",
        help="take the place of another daemon with the same items that is offline",
    )
    add("--simulate", action="store_true", help="against a simulator of the devices, made from the same file")
    add(
        "--record",
        metavar="FILE",
        help="write down what passes on every line, for --replay",
    )
    add(
        "--replay",
        metavar="FILE",
        help="against what a device said when it was recorded; exit code 1 if anything else is asked of it",
    )
    add(
        "--speed",
        type=_speed,
        metavar="X",
        default=1.0,
        help="how fast the simulator's time goes (default: 1)",
    )
    add(
        "--audit",
        metavar="FILE",
        help="write a line for each SET: who, what, before and after; - is the log itself",
    )
    add("-v", "--verbose", action="store_true", help="log everything")
    add("--version", action="version", version=f"markd {__version__}")
    arguments = parser.parse_args(argv)
    if arguments.subclass is not None and arguments.module is None:
        parser.error(f"-s {arguments.subclass} is a class of which module? name it with -m")
    if arguments.parameter and arguments.configuration is None:
        parser.error("-p gives values to the parameters of a device file: name that with -c")
    if arguments.speed != 1.0 and not arguments.simulate:
        parser.error("--speed is of the simulator's time: only with --simulate")
    if arguments.replay is not None and (arguments.simulate or arguments.record is not None):
        parser.error("--replay has no device to simulate or to record")
    arguments.subclass = arguments.subclass or "Daemon"
    return arguments


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {text!r}")
    return name, value


def _speed(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"a speed is a number above 0, got {text!r}")


def prepare(arguments: argparse.Namespace) -> type[Daemon]:
    """Read and check everything that the command line names; nothing is opened.

    Raises:
        DeviceFileError: A device file with mistakes.
        MktlError: A module, a class or a configuration that cannot be used.
    """
    from ..daemon import Daemon, configure
    from .subclass import find

    daemon_class = find(arguments.module, arguments.subclass)
    if arguments.configuration is not None:
        parameters = dict(arguments.parameter)
        try:
            configure.adopt(arguments.store, arguments.identifier, arguments.configuration, parameters)
        except configure.NotKeptError as error:
            log.warning("%s", error)
            arguments.adopted = error.configuration
    elif daemon_class is Daemon:  # a subclass may know its items by itself
        configure.find(arguments.store, arguments.identifier)
    return daemon_class


class Stop:
    """What SIGTERM, SIGINT and SIGHUP do: wake the main thread, once or more often.

    SIGHUP has the configuration read again, unless it comes because the terminal is gone.

    By a pipe that the interpreter writes to from within the signal itself. A handler in Python alone runs
    only between two of the main thread's instructions: a signal that comes just before that thread blocks
    would wake nobody (it did once in some 150 stops).
    """

    _SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def install(self) -> None:
        """Handle the signals from now on; a SIGHUP that nohup has switched off stays off."""
        self._had_terminal = _has_terminal()
        self._read, self._write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in self._SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle)

    @staticmethod
    def _handle(_number: int, _frame: FrameType | None) -> None:
        """Nothing: the number is in the pipe already."""

    def request(self) -> None:
        """Do what SIGTERM does; from any thread."""
        os.write(self._write, bytes([signal.SIGTERM]))

    def wait(self, reload: Callable[[], object] | None = None) -> str:
        """Block until a signal says to end; its name. Any further one is ignored until the process is gone.

        Ignored by the kernel: the interpreter drops handlers before it ends, and a signal then would kill.

        Args:
            reload: Called at each SIGHUP, which is the end where it is left out.
        """
        memory.set_aside()
        number = self._next()
        while number == signal.SIGHUP and reload is not None and _has_terminal() == self._had_terminal:
            reload()
            memory.set_aside(changed=True)
            number = self._next()
        for handled in self._SIGNALS:
            signal.signal(handled, signal.SIG_IGN)
        return signal.Signals(number).name

    def _next(self) -> int:
        """The next signal; who waits for it has the time to tidy up."""
        while not select.select([self._read], [], [], memory.GIVE_BACK_S)[0]:
            memory.give_back_memory()
        return os.read(self._read, 1)[0]


def _has_terminal() -> bool:
    """Whether there is a terminal that this process belongs to; one that has been closed is none."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def serve(daemon_class: type[Daemon], arguments: argparse.Namespace, stop: Stop) -> int:
    """Run the daemon until *stop*; the exit code."""
    # Only when it is asked for: a subclass may have an __init__ of the three arguments that it needs.
    override = {"override": True} if arguments.override else {}
    daemon = daemon_class(arguments.store, arguments.identifier, arguments, **override)
    daemon.on_stop(stop.request)
    try:
        log.info("%s", summary(daemon, arguments))
        log.info("%s: stopping", stop.wait(lambda: reload(daemon, arguments)))
        for stand_in in daemon.stand_ins.values():
            stand_in.verify()
    finally:
        timer = leave_by_force_after(PATIENCE_S)
        daemon.close()
        timer.cancel()
    return OK


def reload(daemon: Daemon, arguments: argparse.Namespace) -> None:
    """Have *daemon* serve its file as it is now; whatever is wrong with that is logged, and it stays."""
    from ..errors import DeviceFileError, MktlError

    log.info("SIGHUP: reading %s again", arguments.configuration or "the configuration")
    try:
        changed = daemon.reload(arguments.configuration, dict(arguments.parameter))
    except DeviceFileError as error:
        for problem in error.problems:
            log.error("%s", problem)
        log.error("nothing was changed: %s", _count(len(error.problems), "mistake"))
    except Exception as error:
        log.error("nothing was changed: %s", error, exc_info=not isinstance(error, MktlError))
    else:
        log.info("%s", summary(daemon, arguments) if changed else "nothing has changed")


def summary(daemon: Daemon, arguments: argparse.Namespace) -> str:
    """What is served and where, on one line."""
    name = f"{arguments.store} {arguments.identifier}"
    counts = f"{_count(len(daemon.items), 'item')}, {_count(len(daemon.links), 'link')}"
    simulated = ", simulated" if arguments.simulate else ", replayed" if arguments.replay else ""
    return f"{name}: {counts}{simulated}; requests on port {daemon.rep}, broadcasts on {daemon.pub}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def leave_by_force_after(patience_s: float) -> threading.Timer:
    """End the process if a driver's or a subclass's close never returns; cancelled when all goes well."""

    def leave() -> None:
        alive = ", ".join(sorted(thread.name for thread in threading.enumerate()))
        log.error("not stopped after %.0f s, leaving by force; threads: %s", patience_s, alive)
        os._exit(FAILED)

    timer = threading.Timer(patience_s, leave)
    timer.daemon = True
    timer.name = "markd-patience"
    timer.start()
    return timer


def run(argv: Sequence[str] | None = None) -> int:
    """Everything ``markd`` does; the exit code."""
    arguments = arguments_of(argv)
    stop = Stop()
    stop.install()

    from ..errors import MktlError
    from . import logs

    try:
        endings = logs.begin(verbose=arguments.verbose, audit=arguments.audit)
    except MktlError as error:
        return _refuse(str(error), USAGE, error)
    with endings:
        return _run(arguments, stop)


def _run(arguments: argparse.Namespace, stop: Stop) -> int:
    from ..config import fallback
    from ..errors import ConflictError, DeviceFileError, MktlError

    try:
        warning = fallback.use_if_needed(arguments.store, arguments.identifier)
        if warning:
            log.warning("%s", warning)
        daemon_class = prepare(arguments)
    except DeviceFileError as error:
        return _refuse_file(arguments.configuration, error)
    except ConflictError as error:
        return _refuse(str(error), FAILED, error)
    except MktlError as error:
        return _refuse(str(error), USAGE, error)
    try:
        return serve(daemon_class, arguments, stop)
    except DeviceFileError as error:  # a recording is read only now
        return _refuse_file(error.problems[0].file, error)
    except MktlError as error:
        return _refuse(str(error), FAILED, error)
    except Exception:  # a subclass's own: its author wants the traceback
        log.exception("%s %s failed", arguments.store, arguments.identifier)
        return FAILED


def _refuse(text: str, code: int, error: BaseException) -> int:
    for line in text.splitlines():
        _say(f"markd: {line}")
    log.debug("refused by", exc_info=error)
    return code


def _refuse_file(file: str | None, error: DeviceFileError) -> int:
    for problem in error.problems:
        _say(str(problem))
    name = file or error.problems[0].file
    _say(f"markd: {name} has {_count(len(error.problems), 'mistake')}; nothing was started")
    return USAGE


def _say(text: str) -> None:
    with contextlib.suppress(OSError, AttributeError):  # nobody listens, or there is no stderr
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def keep_standard_files() -> None:
    """Open /dev/null where stdin, stdout or stderr is closed, before a socket gets its number."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number is this one


def main() -> None:
    """Run ``markd`` on the command line."""
    keep_standard_files()
    memory.share_memory()
    tolerant_output()
    sys.exit(run())
