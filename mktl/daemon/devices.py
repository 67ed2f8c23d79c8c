"""The device of a daemon: its links, and the items bound to them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..item import Item
from . import drivers

if TYPE_CHECKING:
    from ..devicefile import Device

log = logging.getLogger(__name__)


class BoundDevice:
    """The links of one device file; closed in the reverse order of opening.

    Args:
        device: What the file says.
        simulate: Put a simulated device in the place of each real one.
        speed: How much faster than real time the simulated ones live.
    """

    def __init__(self, device: Device, *, simulate: bool = False, speed: float = 1.0) -> None:
        self.device = device
        self._stand_ins: list[drivers.StandIn] = []
        self.links: dict[str, drivers.Link] = {}
        try:
            # Whoever is on another's line comes after it.
            for spec in sorted(device.links.values(), key=lambda spec: spec.on is not None):
                if simulate and spec.on is None:
                    stand_in = drivers.make_stand_in(device, spec.name, speed)
                    self._stand_ins.append(stand_in)
                    spec = replace(spec, settings={**spec.settings, **stand_in.settings})
                self.links[spec.name] = drivers.make_link(spec, self.links[spec.on] if spec.on else None)
        except BaseException:
            self.close()
            raise

    def bind(self, add_item: Callable[..., Item], skip: Callable[[str], bool]) -> None:
        """Add every item of the file that has a link, but for those that *skip* says are there already."""
        for key, spec in self.device.items.items():
            if spec.link is None or skip(key):
                continue
            item_class, arguments = self.links[spec.link].bind(spec, self.device)
            add_item(item_class, key, **arguments)

    def close(self) -> None:
        """Close every link, the last one first, then the stand-ins."""
        closing: list[Any] = [*reversed(self.links.values()), *self._stand_ins]
        for part in closing:
            try:
                part.close()
            except Exception:
                log.exception("%r did not close", part)
        self.links.clear()
        self._stand_ins.clear()
