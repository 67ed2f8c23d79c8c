"""``mark discover``: who answers a call on the network, and what they serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..errors import MktlError
from .endings import FAILED, OK, Failures
from .reach import finish, on_terminal, print_json
from .texts import printable

if TYPE_CHECKING:
    from ..begin import Answerer


def run(addresses: Sequence[str], *, failures: Failures, as_json: bool = False) -> int:
    """Call *addresses*, or everybody near, and print who answered; 1 when nobody did."""
    from ..begin import discover

    try:
        found = discover(*addresses)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    for address in dict.fromkeys(addresses):
        if not any(one.called == address for one in found):
            failures.add("", MktlError(f"{address}: nobody answered"))
    if as_json:
        print_json([as_json_of(one) for one in found])
    else:
        _show([row for one in found for row in rows_of(one)])
    if not found and not addresses:
        click.echo("mark: nobody answered on the local network", err=True)
        return finish(failures) or FAILED
    return finish(failures) or OK


def as_json_of(one: Answerer) -> dict[str, Any]:
    """Where it is, and ``stores``: ``{store: [daemon, …]}``."""
    return {
        "host": one.host,
        "port": one.rep,
        "stores": {
            store: [
                {"alias": _alias(block), "uuid": block["uuid"], "items": len(block["items"])}
                for block in blocks.values()
            ]
            for store, blocks in one.stores.items()
        },
    }


def rows_of(one: Answerer) -> list[tuple[str, str, str, str]]:
    """Host, port, store, and the names of its daemons; a line for each store, one even for none."""
    stores = [(store, ", ".join(map(_alias, blocks.values()))) for store, blocks in one.stores.items()]
    return [(one.host, str(one.rep), store, daemons) for store, daemons in sorted(stores) or [("", "")]]


def _alias(block: Mapping[str, Any]) -> str:
    return str(block.get("alias") or block["uuid"])


def _show(rows: Sequence[tuple[str, str, str, str]]) -> None:
    if on_terminal():
        from . import tables

        if rows:
            tables.show(tables.columns(("host", "port", "store", "daemons"), rows))
    else:
        for row in rows:
            click.echo("\t".join(map(printable, row)))
