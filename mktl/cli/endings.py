"""How a command ends: what it says when something failed, and its exit code."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Iterable
from typing import NoReturn

import click

from ..errors import MktlError, RemoteError, UnknownItemError, UnknownStoreError
from .texts import printable

OK = 0
FAILED = 1
USAGE = 2
#: What a shell reports of a command that Ctrl-C ended.
INTERRUPTED = 130

log = logging.getLogger(__name__)


class Failures:
    """Says each failure on stderr, once, and knows the exit code that follows."""

    def __init__(self, program: str, *, verbose: bool = False) -> None:
        self._program = program
        self._verbose = verbose
        self._said: set[str] = set()
        #: True once a request was given up that may still be under way in this process.
        self.expired = False

    @property
    def code(self) -> int:
        """0 while all is fine, 1 after a failure."""
        return FAILED if self._said else OK

    def add(self, name: str, error: BaseException, *, expired: bool = False) -> None:
        """Say what went wrong with *name*, on one line; with ``-v`` the traceback follows."""
        self.expired = self.expired or expired
        line = f"{self._program}: {one_line(name, error)}"
        if line in self._said:
            return
        self._said.add(line)
        click.echo(line, err=True)
        if self._verbose:
            click.echo("".join(traceback.format_exception(error)), err=True, nl=False)


def one_line(name: str, error: BaseException) -> str:
    """The text of *error* on one line, with *name* before it unless the text says it already.

    >>> one_line("lab.temp", MktlError("no answer"))
    'lab.temp: no answer'
    >>> one_line("lab.target", MktlError("lab.target: 312.0 mm is above the maximum 300.0 mm"))
    'lab.target: 312.0 mm is above the maximum 300.0 mm'
    """
    text = str(error)
    if isinstance(error, KeyError) and not isinstance(error, MktlError) and error.args:
        text = str(error.args[0])
    if not isinstance(error, (MktlError, OSError)):  # nobody raised this for a person to read
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    lines: Iterable[str] = (line.strip() for line in text.splitlines())
    text = printable("; ".join(line for line in lines if line)) or type(error).__name__
    if isinstance(error, RemoteError) and error.debug:
        text = f"{text} ({printable(error.debug)})"
    if not name or name in text or isinstance(error, (UnknownStoreError, UnknownItemError)):
        return text
    return f"{name}: {text}"


class QuietGroup(click.Group):
    """A group of commands that ends without a word on Ctrl-C and when its reader has had enough."""

    def invoke(self, ctx: click.Context) -> NoReturn:
        """Run the command; the output is flushed here, where a reader that is gone is no error."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            forget_stdout()
            code = OK
        except KeyboardInterrupt:
            code = INTERRUPTED
        except click.exceptions.Exit as error:  # --help and --version
            code = error.exit_code
        except Exception as error:
            code = _tell(ctx, error)
        ctx.exit(code or OK)


def _tell(ctx: click.Context, error: Exception) -> int:
    """Say what stopped the whole command, on one line; the exit code."""
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else ctx.command_path
        click.echo(f"mark: {error.format_message().rstrip('.')}; see {command} --help", err=True)
        return USAGE
    Failures("mark", verbose=log.isEnabledFor(logging.DEBUG)).add("", error)
    if isinstance(error, OSError):  # a full disk: what is still buffered would fail once more at exit
        forget_stdout()
    return FAILED


def forget_stdout() -> None:
    """Let whatever is still to be printed, or flushed at exit, go nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        log.debug("stdout has no file to turn away", exc_info=True)


def tolerant_output() -> None:
    """Have output never end a command: what cannot be encoded becomes escapes, a closed stream takes all."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
