"""The device of a daemon: its links, and the items bound to them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..item import Item
from . import drivers, escape

if TYPE_CHECKING:
    from ..devicefile import Device, ItemSpec

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
        #: By link: what was put in the place of the real devices.
        self.stand_ins: dict[str, drivers.StandIn] = {}
        self.links: dict[str, drivers.Link] = {}
        try:
            # Whoever is on another's line comes after it.
            for spec in sorted(device.links.values(), key=lambda spec: spec.on is not None):
                if simulate and spec.on is None:
                    stand_in = drivers.make_stand_in(device, spec.name, speed)
                    self.stand_ins[spec.name] = stand_in
                    spec = replace(spec, settings={**spec.settings, **stand_in.settings})
                self.links[spec.name] = drivers.make_link(spec, self.links[spec.on] if spec.on else None)
        except BaseException:
            self.close()
            raise

    def bind(self, add_item: Callable[..., Item], skip: Callable[[str], bool]) -> None:
        """Add every item of the file with a link or a class, but not those that *skip* says are there.

        Raises:
            MktlError: A class beside the file that cannot be used.
        """
        for key, spec in self.device.items.items():
            if not skip(key) and (spec.link is not None or spec.python is not None):
                item_class, arguments = self._made_of(spec)
                add_item(item_class, key, **arguments)

    def _made_of(self, spec: ItemSpec) -> tuple[type[Item], dict[str, Any]]:
        """The class of an item, and its arguments."""
        own = None
        if spec.python is not None:
            own = escape.find(self.device.path, spec.key, spec.python)
            if not escape.is_item(own):
                spec, own = replace(spec, conversion=escape.pair(own)), None
        if spec.link is None:
            return own or Item, {}
        item_class, arguments = self.links[spec.link].bind(spec, self.device)
        if own is None or issubclass(own, item_class):
            return own or item_class, arguments
        return own, {}  # it has nothing to do with the link

    def close(self) -> None:
        """Close every link, the last one first, then the stand-ins."""
        closing: list[Any] = [*reversed(self.links.values()), *self.stand_ins.values()]
        for part in closing:
            try:
                part.close()
            except Exception:
                log.exception("%r did not close", part)
        self.links.clear()
        self.stand_ins.clear()
