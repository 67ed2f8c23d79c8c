"""The options that several commands of ``mark`` share, and how a command is made of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import click

from .endings import Failures

F = TypeVar("F", bound=Callable[..., Any])

VERBOSE = "mktl.cli.verbose"
LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

SECONDS = click.FloatRange(min=0, min_open=True)


def _be_verbose(context: click.Context, /, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.meta.get(VERBOSE):
        context.meta[VERBOSE] = True
        logging.basicConfig(level=logging.DEBUG, format=LOG_FORMAT)


def completed_by(name: str) -> Callable[..., Any]:
    """The completer *name*, imported when a shell asks for it."""

    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> Any:
        from . import completing

        return getattr(completing, name)(context, parameter, typed)

    return complete


def _as_parameters(_: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, _value in pairs:
        if not (name and equals):
            raise click.BadParameter(f"expected NAME=VALUE, got {name!r}", param=parameter)
    return {name: value for name, _, value in pairs}


verbose = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    expose_value=False,
    callback=_be_verbose,
    help="Show logging and tracebacks.",
)
a_store, a_name = completed_by("complete_stores"), completed_by("complete_names")
in_store = click.option(
    "-s",
    "--store",
    metavar="STORE",
    shell_complete=a_store,
    help="The store that the keys belong to.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
everything = click.option(
    "-a",
    "--all",
    "everything",
    is_flag=True,
    help="Of a whole store, also what daemons say about themselves (_…).",
)
one_by_one = click.option("--serial", is_flag=True, help="One after the other; otherwise all at once.")
timeout = click.option(
    "--timeout",
    "timeout_s",
    metavar="SECONDS",
    type=SECONDS,
    help="Give up on a request that takes longer.",
)


terse = click.option("-t", "--terse", is_flag=True, help="Print only the values.")
timestamps = click.option(
    "--timestamps/--no-timestamps",
    default=None,
    help="Print when each value was assumed; of itself, only watch in a pipe does.",
)
units = click.option("--units/--no-units", default=None, help="Print units; not with --terse, otherwise yes.")
unit = click.option(
    "--unit",
    metavar="UNIT",
    help="Take and print values in this unit, such as degC, whatever the item has; needs pint.",
)
unformatted = click.option(
    "-u", "--unformatted", is_flag=True, help="Print values as daemons hold them, not as items format them."
)

parameters = click.option(
    "-p",
    "--parameter",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_as_parameters,
    help="A value for one of the file's [parameters]; may be given more than once.",
)
for_s = click.option("--seconds", "for_s", metavar="SECONDS", type=SECONDS, help="End after this time.")


def with_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """One decorator for several options, in the order in which `--help` has them."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def failures_of(context: click.Context) -> Failures:
    """Where a command says what failed."""
    return Failures("mark", verbose=bool(context.meta.get(VERBOSE)))
