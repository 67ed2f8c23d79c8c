"""The commands of ``mark`` for who writes a device file; as in :mod:`.mark`, only their options."""

from __future__ import annotations

import click

from .options import as_json, parameters, verbose, with_options

a_file = click.argument("file", metavar="FILE", type=click.Path())


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


COMMANDS = (check,)
