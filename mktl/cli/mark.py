"""``mark``: get, set, watch, wait for, list and describe the items of mKTL daemons.

Only the options are here. What a command does is imported when it runs, so that ``--help`` is instant.
"""

from __future__ import annotations

import logging
from typing import Any

import click

from .endings import QuietGroup, tolerant_output
from .markfile import COMMANDS as FILE_COMMANDS
from .options import (
    SECONDS,
    a_name,
    a_store,
    as_json,
    completed_by,
    everything,
    failures_of,
    for_s,
    in_store,
    one_by_one,
    terse,
    timeout,
    timestamps,
    unformatted,
    unit,
    units,
    verbose,
    with_options,
)

SHELLS = ("bash", "zsh", "fish")

LINES = """\b
In a pipe an item is one line, KEY = VALUE[ UNITS][ (STATUS[: REASON])]:
  lab.temp = 77.350 K
  lab.field = 0.000 T (stale: the daemon is gone)
A status is only there when it is not ok. A value that is not set is "-".
"""
CONDITIONS = """\b
A condition has items, numbers, words of an item ('high'), == != < <= > >=,
and, or, not, parentheses, abs(...), + - * / // %. An item whose name has a
minus in it stands in braces: {lab-2.temp} < 5. A value that cannot be trusted
(severity invalid, or none at all) fulfils nothing, not even under not.
"""
IN_SHELLS = """\b
bash: eval "$(mark completion bash)"  in ~/.bashrc
zsh:  eval "$(mark completion zsh)"   in ~/.zshrc
fish: mark completion fish > ~/.config/fish/completions/mark.fish
"""
EXIT_CODES = "\b\nExit codes: 0 all is fine, 1 a request failed, 2 the command makes no sense."


@click.group(cls=QuietGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@verbose
@click.version_option(package_name="mktl", prog_name="mark")
def mark() -> None:
    """Ask and tell mKTL daemons: items are named STORE.KEY, such as lab.temp.

    Tables on a terminal, one line per item in a pipe, JSON with --json.
    """
    if not logging.getLogger().handlers:  # or else warnings would go to stderr all the same
        logging.getLogger().addHandler(logging.NullHandler())


@mark.command(short_help="Print values.", epilog=LINES)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=a_name)
@with_options(in_store, everything)
@click.option("-r", "--refresh", is_flag=True, help="Ask the hardware, not what the daemon remembers.")
@with_options(one_by_one, timeout, unit, terse, timestamps, units, unformatted, as_json, verbose)
@click.pass_context
def get(context: click.Context, /, names: tuple[str, ...], store: str | None, **options: Any) -> int:
    """Print the value of each NAME: an item (lab.temp) or a whole store (lab)."""
    from .getting import run

    return run(names, store, failures=failures_of(context), **options)


@mark.command(name="set", short_help="Set values.")
@click.argument(
    "assignments",
    nargs=-1,
    required=True,
    metavar="NAME=VALUE...",
    shell_complete=completed_by("complete_assignments"),
)
@with_options(in_store)
@click.option("--no-wait", is_flag=True, help="Do not wait until the daemon has done it.")
@click.option(
    "-u", "--unformatted", is_flag=True, help="Values are as daemons hold them: numbers, or JSON, not words."
)
@with_options(one_by_one, timeout, unit, as_json, verbose)
@click.pass_context
def set_(context: click.Context, /, assignments: tuple[str, ...], store: str | None, **options: Any) -> int:
    """Set each item to a value: lab.setpoint=12.5 lab.heater=high.

    Words are taken for enumerated, boolean and mask items, numbers for numeric ones, strings as they are.
    Says what was set and what the daemon shows then.
    """
    from .setting import run

    return run(assignments, store, failures=failures_of(context), **options)


@mark.command(short_help="Print values whenever they change.")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=a_name)
@with_options(in_store, everything)
@click.option(
    "-n", "--count", type=click.IntRange(min=1), help="End after so many updates, first values included."
)
@with_options(for_s, terse, timestamps, units, unformatted, as_json, verbose)
@click.pass_context
def watch(context: click.Context, /, names: tuple[str, ...], store: str | None, **options: Any) -> int:
    """Follow each NAME, an item or a whole store, until Ctrl-C.

    A live table on a terminal; in a pipe one line per update, with its time; with --json one object per line.
    The first values are updates too.
    """
    from .watching import run

    return run(names, store, failures=failures_of(context), **options)


@mark.command(short_help="Wait until a condition holds.", epilog=CONDITIONS)
@click.argument("condition", nargs=-1, required=True, metavar="CONDITION", shell_complete=a_name)
@with_options(in_store)
@click.option("--timeout", "timeout_s", metavar="SECONDS", type=SECONDS, help="Give up after this time.")
@with_options(as_json, verbose)
@click.pass_context
def wait(context: click.Context, /, condition: tuple[str, ...], store: str | None, **options: Any) -> int:
    """Wait until CONDITION on items holds: mark wait 'lab.temp < 5 and lab.heater == off' --timeout 60.

    Prints the values with which it does; exits 1 when it does not in time, and says what they are then.
    """
    from .waiting import run

    return run(" ".join(condition), store, failures=failures_of(context), **options)


@mark.command(short_help="Draw values over time.")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=a_name)
@with_options(in_store, for_s)
@click.option(
    "--window", "window_s", metavar="SECONDS", type=SECONDS, help="How much time is shown; --seconds, or 60."
)
@click.option(
    "-o",
    "--output",
    metavar="FILE.png",
    type=click.Path(dir_okay=False, writable=True),
    help="Record until the end, then write a PNG (needs matplotlib).",
)
@with_options(verbose)
@click.pass_context
def plot(context: click.Context, /, names: tuple[str, ...], store: str | None, **options: Any) -> int:
    """Draw each NAME, an item or a whole store, over time, until Ctrl-C.

    A live chart on a terminal; in a pipe CSV with UNIX seconds and a column for each item, empty where its
    value cannot be trusted.
    """
    from .plotting import run

    return run(names, store, failures=failures_of(context), **options)


@mark.command(name="list", short_help="List stores, or the items of a store.")
@click.argument("stores", nargs=-1, metavar="[STORE]...", shell_complete=a_store)
@with_options(everything, timeout, as_json, verbose)
@click.pass_context
def list_(context: click.Context, /, stores: tuple[str, ...], **options: Any) -> int:
    """List the stores known on this host, or the items of each STORE.

    In a pipe, the items are lines of KEY, TYPE, UNITS, settable (rw) or not (ro), and DESCRIPTION, with tabs
    between them.
    """
    from .describing import list_items, list_stores

    if not stores:
        return list_stores(as_json=options["as_json"])
    return list_items(stores, failures=failures_of(context), **options)


@mark.command(short_help="Find daemons and registries on the network.")
@click.argument(
    "addresses", nargs=-1, metavar="[ADDRESS]...", shell_complete=completed_by("complete_addresses")
)
@with_options(as_json, verbose)
@click.pass_context
def discover(context: click.Context, /, addresses: tuple[str, ...], **options: Any) -> int:
    """Call the local network, or the hosts at each ADDRESS, and list who answers with the stores they know.

    Addresses that answered are remembered: a store that nobody near serves is looked for there too. In a
    pipe, the lines are HOST, PORT, STORE and its daemons, with tabs between them.
    """
    from .discovering import run

    return run(addresses, failures=failures_of(context), **options)


@mark.command(short_help="Print everything known of an item.")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=a_name)
@with_options(in_store, everything, timeout, as_json, verbose)
@click.pass_context
def describe(context: click.Context, /, names: tuple[str, ...], store: str | None, **options: Any) -> int:
    """Print everything known of each NAME: what it is, where it is served, what it says now."""
    from .describing import describe as run

    return run(names, store, failures=failures_of(context), **options)


@mark.command(short_help="Say what is behind an item, and why it is in error.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=a_name)
@with_options(in_store, timeout, as_json, verbose)
@click.pass_context
def explain(context: click.Context, /, names: tuple[str, ...], store: str | None, **options: Any) -> int:
    """Say in plain words what is behind each NAME: how its value is got and how far it can be trusted.

    What was sent and came last, when the next poll is due, how the link fares, and why the item is in error.
    """
    from .explaining import run

    return run(names, store, failures=failures_of(context), **options)


@mark.command(short_help="Print what a shell needs to complete names.", epilog=IN_SHELLS)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script with which SHELL completes commands, options, stores, keys and words.

    Names come from what this host has seen; nobody is asked.
    """
    from .completing import script

    click.echo(script(mark, shell))


for command in FILE_COMMANDS:
    mark.add_command(command)


def main() -> None:
    """Run ``mark`` on the command line."""
    tolerant_output()
    mark(prog_name="mark")
