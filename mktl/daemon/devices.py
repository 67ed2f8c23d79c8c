"""The device of a daemon: its links, and the items bound to them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from ..item import Item
from . import drivers, escape
from .recording import Recorder

if TYPE_CHECKING:
    from ..devicefile import Device, ItemSpec

log = logging.getLogger(__name__)


class BoundDevice:
    """The links of one device file; closed in the reverse order of opening.

    Args:
        device: What the file says.
        simulate: Put a simulated device in the place of each real one.
        speed: How much faster than real time the simulated ones live.
        replay: A recording to put in the place of the real ones.
    """

    def __init__(
        self, device: Device, *, simulate: bool = False, speed: float = 1.0, replay: str | None = None
    ) -> None:
        self.device = device
        #: By link: what was put in the place of the real devices.
        self.stand_ins: dict[str, drivers.StandIn] = {}
        self.links: dict[str, drivers.Link] = {}
        self._recorder: Recorder | None = None
        try:
            # Whoever is on another's line comes after it.
            for spec in sorted(device.links.values(), key=lambda spec: spec.on is not None):
                if (simulate or replay is not None) and spec.on is None:
                    stand_in = drivers.make_stand_in(device, spec.name, speed, replay)
                    self.stand_ins[spec.name] = stand_in
                    spec = replace(spec, settings={**spec.settings, **stand_in.settings})
                self.links[spec.name] = drivers.make_link(spec, self.links[spec.on] if spec.on else None)
        except BaseException:
            self.close()
            raise

    @classmethod
    def from_arguments(cls, device: Device, arguments: Any) -> Self:
        """As the command line of ``markd`` says, or any object with such attributes.

        Raises:
            MktlError: A link cannot be made, or what passes cannot be written down.
        """
        speed = getattr(arguments, "speed", None)
        bound = cls(
            device,
            simulate=bool(getattr(arguments, "simulate", False)),
            speed=1.0 if speed is None else float(speed),
            replay=getattr(arguments, "replay", None),
        )
        path = getattr(arguments, "record", None)
        if path is not None:
            try:
                bound.record(path)
            except BaseException:
                bound.close()
                raise
        return bound

    def record(self, path: str) -> None:
        """Write down what passes on each line from now on.

        Raises:
            MktlError: The file cannot be written.
        """
        self._recorder = Recorder(path, self.device)
        for name, link in self.links.items():
            # Who is on another's line is heard there.
            if self.device.links[name].on is None and not self._recorder.follow(name, link):
                log.warning("%s: its driver does not tell what passes; nothing of it is recorded", name)

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
        if self._recorder is not None:
            closing.append(self._recorder)
        for part in closing:
            try:
                part.close()
            except Exception:
                log.exception("%r did not close", part)
        self.links.clear()
        self.stand_ins.clear()
