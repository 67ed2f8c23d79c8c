"""How busy a file keeps a line: which queries are asked how often, and how long each takes at least."""

from __future__ import annotations

from dataclasses import dataclass

from .device import Device, LinkSpec
from .exchanges import Query, Step


@dataclass(frozen=True, slots=True)
class Asked:
    """One query, how often it is asked, and what that costs."""

    query: Query
    #: The keys of the items that it feeds, in the order of the file.
    items: tuple[str, ...]
    #: The period of the most impatient of them; None: once on each connect, and when somebody asks.
    period_s: float | None
    #: Both ways, ends included; of text without a certain length, what it usually is.
    bytes: int
    #: On the line, with the silence after it, and without the time that the device takes to think.
    takes_s: float

    @property
    def share(self) -> float:
        """The part of the line's time that it takes."""
        return self.takes_s / self.period_s if self.period_s else 0.0


def timetable(device: Device, link: str) -> list[Asked]:
    """What is asked on this link, the most frequent first; lines that come unasked are not in it."""
    spec = device.links[link]
    asked = []
    for query in device.queries.values():
        fed = device.fed_by(query.name)
        if query.link != link or query.unsolicited or not fed:
            continue
        periods = [item.poll_s for item in fed if item.poll_s]
        count = sum(_bytes(step, spec) for step in query.steps)
        takes_s = (
            count * character_s(spec)
            + spec.quiet_s * sum(step.send is not None for step in query.steps)
            + sum(step.wait_s for step in query.steps)
        )
        keys = tuple(item.key for item in fed)
        asked.append(Asked(query, keys, min(periods, default=None), count, takes_s))
    return sorted(asked, key=lambda one: one.period_s or float("inf"))


def sharers(device: Device, port: str) -> list[str]:
    """The links on the port of link *port*, that one included; empty when it is on another's itself."""
    if device.links[port].on is not None:
        return []
    return [name for name, spec in device.links.items() if port in (name, spec.on)]


def busy_share(device: Device, port: str) -> float:
    """The share of its time that the polls of all devices on *port* keep the line busy, at least."""
    return sum(asked.share for link in sharers(device, port) for asked in timetable(device, link))


def character_s(link: LinkSpec) -> float:
    """How long one byte is on the line; 0 where that is not known, as on a network.

    With a start bit, the parity bit and the stop bits: 8N1 at 9600 baud takes 10/9600 s.
    """
    settings = link.settings
    baudrate = settings.get("baudrate")
    if not isinstance(baudrate, int) or baudrate <= 0:
        return 0.0
    parity = 0 if settings.get("parity", "none") in ("none", None) else 1
    return float(1 + settings.get("bytesize", 8) + parity + settings.get("stopbits", 1)) / baudrate


def _bytes(step: Step, link: LinkSpec) -> int:
    end = link.send_end if step.send_end is None else step.send_end
    framing = link.framing if step.framing is None else step.framing
    sent = 0 if step.send is None else step.send.usual_length + len(end)
    if step.reply is None:
        heard = 0
    elif framing.length is not None:
        heard = framing.length
    else:
        heard = step.reply.usual_length + (0 if framing.counted else len(framing.end))
    return sent + heard + (sent if link.echo != "none" else 0)
