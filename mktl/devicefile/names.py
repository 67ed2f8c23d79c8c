"""What the names of one device file stand for, while it is put together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .entry import Entry
from .exchanges import Framing
from .model import LinkTable
from .problems import instead, quoted, shown
from .steps import Ground


@dataclass(frozen=True, slots=True)
class Names:
    """The links and items of a file; a table with a mistake in it still has its name."""

    links: Mapping[str, Entry[LinkTable]]
    items: Collection[str]
    framings: Mapping[str, Framing]

    def link_of(self, entry: Entry[Any]) -> str | None:
        """The link that a query or item is on; the only one of the file need not be named.

        None when there is no telling, which is reported.
        """
        name = entry.raw.content.get("link")
        if name is None and len(self.links) == 1:
            return next(iter(self.links))
        if name is None:
            which = f"the links are {quoted(self.links)}" if self.links else "the file has no [links.NAME]"
            entry.report(message=f'missing key "link"; {which}')
            return None
        if not isinstance(name, str):  # reported as the wrong type
            return None
        if name not in self.links:
            entry.report("link", message=f"no link {shown(name)}{instead(name, self.links, plural='links')}")
            return None
        return name

    def encoding_of(self, link: str | None) -> str:
        """The encoding of a link's text; of an unknown one, any that can write every character."""
        entry = self.links.get(link or "")
        if entry is None or entry.table is None or "encoding" in entry.broken:
            return "utf-8"
        return entry.table.encoding

    def ground_of(self, link: str | None) -> Ground:
        """What the exchanges of a link stand on."""
        return Ground(self.encoding_of(link), self.framing_of(link), self.items)

    def framing_of(self, link: str | None) -> Framing:
        """How replies end on a link; of one with a mistake in that, the usual."""
        known = self.framings.get(link or "")
        return Framing() if known is None else known
