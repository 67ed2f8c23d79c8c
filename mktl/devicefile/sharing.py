"""Links that share another link's port: what they do not say themselves, they have from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .problems import Problems, instead, shown
from .replicate import RawTable

#: What belongs to one device on the line and not to the line.
_OWN = ("identity", "init", "check_after_set")


def shared(links: Iterable[RawTable], problems: Problems) -> list[RawTable]:
    """*links*, those with ``on`` filled up with the keys of the link that they name."""
    links = list(links)
    by_name = {link.name: link for link in links}
    return [_filled(link, by_name, problems) if "on" in link.content else link for link in links]


def _filled(link: RawTable, links: dict[str, RawTable], problems: Problems) -> RawTable:
    name = link.content["on"]
    host = links.get(name) if isinstance(name, str) else None
    if host is None or host is link:
        others = [other for other in links if other != link.name]
        message = f"no other link {shown(name)}{instead(str(name), others, plural='links')}"
        problems.add((*link.path, "on"), message, replica=link.replica)
        host = None
    elif "on" in host.content:
        message = f"{shown(name)} is itself on {shown(host.content['on'])}; name the link that has the port"
        problems.add((*link.path, "on"), message, replica=link.replica)
    inherited = {key: value for key, value in (host.content if host else {}).items() if key not in _OWN}
    if host is None:
        inherited["driver"] = "serial"  # one report is enough
    return replace(link, content={**inherited, **link.content})
