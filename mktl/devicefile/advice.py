"""What is right in a device file but hardly meant: queries nobody needs, lines that cannot keep up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .device import Device, ItemSpec
from .timetable import busy_share, sharers, timetable

#: A line busy for more than this share of its time has nothing left for whoever asks.
_BUSY = 0.9


@dataclass(frozen=True, slots=True)
class Advice:
    """A remark on one table of a file; of the whole file when *section* is empty."""

    section: str
    name: str
    message: str


def advise(device: Device) -> Iterator[Advice]:
    """What a person may want to look at again in a file without mistakes."""
    yield from _on_links(device)
    yield from _on_queries(device)


def not_polled(device: Device) -> list[str]:
    """The items that are read, but not again and again: on each connect, after a set, and when asked for."""
    polled = {spec.query for spec in device.items.values() if spec.poll_s or spec.fast}
    return [
        key for key, spec in device.items.items() if _is_read(spec, device) and not _is_polled(spec, polled)
    ]


def never_read(device: Device) -> list[str]:
    """The items that are only written: they show what was set, not what the device holds."""
    return [key for key, spec in device.items.items() if spec.command is not None and spec.query is None]


def _is_read(spec: ItemSpec, device: Device) -> bool:
    if spec.query is not None:
        return not device.queries[spec.query].unsolicited
    return spec.register is not None


def _is_polled(spec: ItemSpec, polled: set[str | None]) -> bool:
    return bool(spec.poll_s or spec.fast) if spec.query is None else spec.query in polled


def _on_links(device: Device) -> Iterator[Advice]:
    for name in device.links:
        is_host = any(link.on == name for link in device.links.values())
        if not is_host and not any(item.link == name for item in device.items.values()):
            yield Advice("links", name, "no item is on it")
        share = busy_share(device, name)
        if share > _BUSY:
            most = max(
                (asked for link in sharers(device, name) for asked in timetable(device, link)),
                key=lambda asked: asked.share,
            )
            yield Advice(
                "links",
                name,
                f"its polls keep the line busy {share:.0%} of the time, at least; most by {most.query.name}, "
                f"{most.takes_s:.3g} s every {most.period_s:g} s",
            )


def _on_queries(device: Device) -> Iterator[Advice]:
    for name, query in device.queries.items():
        if name.startswith("item:"):
            continue
        fed = device.fed_by(name)
        if not fed:
            yield Advice("queries", name, "is never asked: no item takes anything from it")
            continue
        used = {spec.field for spec in fed}
        used.update(field for spec in fed for field in (*spec.good_when, *spec.disabled_when))
        for field in query.names:
            if field not in used:
                shown = f"field '{field}'" if field else "field without a name"
                yield Advice(
                    "queries", name, f"the {shown} of its reply feeds no item; {{_{field}:…}} skips it"
                )
