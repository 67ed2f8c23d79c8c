"""The commands of ``mark`` for who writes a device file; as in :mod:`.mark`, only their options."""

from __future__ import annotations

from typing import Any

import click

from .options import SECONDS, as_json, parameters, verbose, with_options

a_file = click.argument("file", metavar="FILE", type=click.Path())

IN_ESCAPES = """\b
A reply is text with \\r \\n \\t \\0 \\xNN, its end included:
  mark try lab.toml switch --reply 'SW ON\\r\\n'
Given more than once, the first answers what is sent first, and so on.
"""
TRY_CODES = "\b\nExit codes: 0 a value, 1 trouble with the device, 2 trouble with the file or the command."
TORTURE_CODES = (
    "\b\nExit codes: 0 all items were back and none took another's reply, 1 not so, 2 the file is wrong."
)


@click.command(short_help="Say what is wrong with a device file.")
@click.argument("file", metavar="FILE", type=click.Path(), required=False)
@with_options(parameters)
@click.option("--schema", is_flag=True, help="Print the JSON schema of device files, for editors.")
@with_options(as_json, verbose)
def check(file: str | None, parameters: dict[str, str], *, schema: bool, as_json: bool) -> int:
    """Read FILE and say everything that is wrong with it at once; no device is touched.

    A mistake is FILE:LINE: PATH: what was found and what would be right. Exit code 2 when there is any.
    """
    if schema:
        from .schema import run as print_schema

        return print_schema()
    if file is None:
        raise click.UsageError("which device file? or --schema")
    from .checking import run

    return run(file, parameters, as_json=as_json)


@click.command(
    name="try",
    short_help="Read or set one item of a device file, and see all of it.",
    epilog=IN_ESCAPES + "\n" + TRY_CODES,
)
@a_file
@click.argument("item", metavar="ITEM")
@click.argument("value", metavar="[VALUE]", required=False)
@with_options(parameters)
@click.option("--reply", "replies", metavar="TEXT", multiple=True, help="Take this for the device's reply.")
@click.option("--simulate", is_flag=True, help="Ask a simulator of the device, made from the same file.")
@click.option("-y", "--yes", is_flag=True, help="Set without asking back.")
@click.option(
    "--timeout",
    "timeout_s",
    metavar="SECONDS",
    type=SECONDS,
    default=30.0,
    show_default=True,
    help="Give up after this time.",
)
@with_options(verbose)
def try_(file: str, item: str, value: str | None, parameters: dict[str, str], **options: Any) -> int:
    """Ask the device for ITEM, or set it to VALUE, with no daemon; only this item's link is opened.

    Shows every byte both ways, how each reply was cut, how its form takes it apart, where it stops when it
    does not fit, and what the item makes of it.
    """
    from .trying import run

    return run(file, item, value, parameters, **options)


@click.command(
    short_help="Say what Modbus registers may stand for.", context_settings={"ignore_unknown_options": True}
)
@click.argument("registers", nargs=-1, required=True, metavar="REGISTER...")
@with_options(as_json, verbose)
def decode(registers: tuple[str, ...], *, as_json: bool) -> int:
    """Show what each REGISTER, in the order read, is in every type and order of bytes and words.

    A register is hex (0x41A0), decimal (16800) or binary (0b0100000110100000); a run of hex digits
    (41a00000) is four to a register. ABCD has the high byte and the high word first.
    """
    from .decoding import run

    return run(registers, as_json=as_json)


@click.command(short_help="Say what a device file asks of its lines, and how often.")
@a_file
@with_options(parameters, verbose)
def plan(file: str, parameters: dict[str, str]) -> int:
    """Print for each link of FILE what is read how often and which items that feeds; nothing is opened.

    For Modbus, the reads that registers are joined to. For text, the queries with their bytes, and how busy
    they keep the line.
    """
    from .planning import run

    return run(file, parameters)


@click.command(short_help="Put a device file through every kind of fault, simulated.", epilog=TORTURE_CODES)
@a_file
@with_options(parameters)
@click.option(
    "--faults", metavar="WORD,...", default="", help="Only these, such as late,drop,cut; all when left out."
)
@click.option(
    "--seconds", metavar="S", type=SECONDS, default=4.0, show_default=True, help="How long each fault lasts."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same faults for the same seed.")
@with_options(as_json, verbose)
def torture(file: str, parameters: dict[str, str], faults: str, **options: Any) -> int:
    """Serve FILE against its simulator, spoil the replies in every way, and print what the items show.

    A row for each kind of fault: which items could not be trusted and why, whether any took a reply that
    was not its own, and how soon all were back, in seconds and in periods of their polls.
    """
    from .torturing import run

    words = [word for word in (part.strip() for part in faults.split(",")) if word]
    return run(file, parameters, faults=words, **options)


COMMANDS = (check, try_, decode, plan, torture)
