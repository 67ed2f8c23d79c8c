"""``mark plan``: what a device file asks of its lines, how often, and how busy that keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from ..daemon import drivers
from ..devicefile import Device
from ..devicefile.timetable import Asked, busy_share, character_s, sharers, timetable
from ..errors import MktlError
from .endings import OK, USAGE
from .filework import read_device

#: Keys of the items that one reply feeds, before the rest is only counted.
_LISTED = 8


def run(file: str, parameters: Mapping[str, str]) -> int:
    """Print the plan of *file*, link by link; the exit code."""
    device = read_device(file, parameters)
    if device is None:
        return USAGE
    for link in device.links:
        try:
            lines = list(link_lines(device, link))
        except MktlError as error:
            click.echo(f"mark: {file}: links.{link}: {error}", err=True)
            return USAGE
        for line in lines:
            click.echo(line)
    return OK


def link_lines(device: Device, link: str) -> Iterator[str]:
    """One link: by its driver where that plans for itself, else query by query."""
    planned = drivers.plan_text(device, link)
    if planned is not None:
        yield from planned.splitlines()
        return
    spec = device.links[link]
    on = f" on {spec.on}'s line" if spec.on else ""
    yield f"{link}: {spec.driver}{on}"
    asked = timetable(device, link)
    yield from (_query_line(one, has_baud=character_s(spec) > 0) for one in asked)
    for query in device.queries.values():
        if query.link == link and query.unsolicited:
            yield f"  unasked         {query.name}: {_items([one.key for one in device.fed_by(query.name)])}"
    yield from (f"  {line}" for line in _load_lines(device, link))


def _query_line(asked: Asked, *, has_baud: bool) -> str:
    period = "on connect" if asked.period_s is None else f"every {asked.period_s:g} s"
    sends = " ; ".join(f"'{step.send.source}'" for step in asked.query.steps if step.send is not None)
    takes = f", {1000 * asked.takes_s:.3g} ms" if asked.takes_s else ""
    cost = f"{asked.bytes} bytes{takes}" if has_baud or asked.takes_s else f"{asked.bytes} bytes"
    return f"  {period:<14}  {sends}  ({cost}): {_items(list(asked.items))}"


def _items(keys: list[str]) -> str:
    rest = f" and {len(keys) - _LISTED} more" if len(keys) > _LISTED else ""
    return ", ".join(keys[:_LISTED]) + rest


def _load_lines(device: Device, link: str) -> Iterator[str]:
    """How busy the line is, told once: at the link that has it."""
    spec, sharing = device.links[link], sharers(device, link)
    if not sharing:
        return
    own = character_s(spec)
    at = f"{round(1 / own)} characters/s" if own else "not known, being no serial line"
    with_others = f" with {', '.join(sharing[1:])}" if sharing[1:] else ""
    yield (
        f"speed {at}, quiet_s {spec.quiet_s:g}; polls keep the line busy {busy_share(device, link):.1%} of "
        f"the time{with_others}, and what the device takes to think"
    )
