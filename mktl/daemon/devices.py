"""The device of a daemon: its links, and the items bound to them."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
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
        self._simulates, self._speed, self._replay = simulate, speed, replay
        #: By link: what was put in the place of the real devices.
        self.stand_ins: dict[str, drivers.StandIn] = {}
        self.links: dict[str, drivers.Link] = {}
        self._recorder: Recorder | None = None
        self._former: BoundDevice | None = None
        try:
            self.make_links()
        except BaseException:
            self.close()
            raise

    def make_links(self) -> None:
        """Make the links of the file that are not there yet.

        Raises:
            MktlError: One cannot be made.
        """
        # Whoever is on another's line comes after it.
        for spec in sorted(self.device.links.values(), key=lambda spec: spec.on is not None):
            if spec.name in self.links:
                self._simulate_anew(spec.name)
                continue
            if (self._simulates or self._replay is not None) and spec.on is None:
                stand_in = drivers.make_stand_in(self.device, spec.name, self._speed, self._replay)
                self.stand_ins[spec.name] = stand_in
                spec = replace(spec, settings={**spec.settings, **stand_in.settings})
            self.links[spec.name] = drivers.make_link(spec, self.links[spec.on] if spec.on else None)

    def _simulate_anew(self, link: str) -> None:
        """Have what is simulated on *link* be what the file says now; it has to know before it is asked."""
        if link in self.stand_ins:
            self.stand_ins[link].follow(self.device, link)

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
        self._record(self.links)

    def _record(self, names: Iterable[str]) -> None:
        if self._recorder is None:
            return
        for name in names:
            # Who is on another's line is heard there.
            if self.device.links[name].on is None and not self._recorder.follow(name, self.links[name]):
                log.warning("%s: its driver does not tell what passes; nothing of it is recorded", name)

    def bind(self, add_item: Callable[..., Item], skip: Callable[[str], bool]) -> None:
        """Add every item of the file with a link or a class, but not those that *skip* says are there.

        Raises:
            MktlError: A class beside the file that cannot be used.
        """
        for key, spec in self.device.items.items():
            if not skip(key) and (spec.link is not None or spec.python is not None):
                item_class, arguments = self.made_of(spec)
                add_item(item_class, key, **arguments)

    def made_of(self, spec: ItemSpec) -> tuple[type[Item], dict[str, Any]]:
        """The class of an item, and its arguments.

        Raises:
            MktlError: A class beside the file, or a link, that cannot have it so.
        """
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

    # -- another file in the place of this one

    def rigid_lines(self, keys: Collection[str], later: Device | None) -> set[str]:
        """Links of the lines whose drivers cannot change any of these items, now or *later*, while open."""
        specs = [
            spec
            for device in (self.device, later)
            for key, spec in (device.items.items() if device is not None else ())
            if key.lower() in keys and spec.link
        ]
        links = self.device.links
        lines = {
            links[spec.link].on or spec.link
            for spec in specs
            if spec.link in self.links and not isinstance(self.links[spec.link], drivers.Pliant)
        }
        return {name for name, spec in links.items() if name in lines or spec.on in lines}

    def succeeded_by(self, device: Device, reopened: Collection[str]) -> BoundDevice:
        """The links of *device*, those that are in *reopened* still to be made and the others these."""
        later = copy.copy(self)
        later.device, later._former = device, self
        kept = {name for name in device.links if name not in reopened}
        later.links = {name: link for name, link in self.links.items() if name in kept}
        later.stand_ins = {name: stand_in for name, stand_in in self.stand_ins.items() if name in kept}
        return later

    def abandon(self) -> None:
        """Undo what :meth:`make_links` and :meth:`made_of` have done since :meth:`succeeded_by`."""
        assert self._former is not None
        _close(_others(self.links, self._former.links) + _others(self.stand_ins, self._former.stand_ins))
        for name in self._former.stand_ins:
            self._former._simulate_anew(name)
        self._former.follow()

    def end_former(self) -> None:
        """Close the links that are not among these."""
        assert self._former is not None
        former, self._former = self._former, None
        _close(_others(former.links, self.links)[::-1] + _others(former.stand_ins, self.stand_ins))
        self._record(name for name, link in self.links.items() if former.links.get(name) is not link)

    def follow(self) -> None:
        """Have the links that are open go on with the file as it is now."""
        for link in self.links.values():
            if isinstance(link, drivers.Pliant):
                link.follow(self.device)

    def close(self) -> None:
        """Close every link, the last one first, then the stand-ins."""
        _close([*reversed(self.links.values()), *self.stand_ins.values()])
        if self._recorder is not None:
            _close([self._recorder])
        self.links.clear()
        self.stand_ins.clear()


def _others(these: Mapping[str, Any], those: Mapping[str, Any]) -> list[Any]:
    return [part for name, part in these.items() if those.get(name) is not part]


def _close(parts: Iterable[Any]) -> None:
    for part in parts:
        try:
            part.close()
        except Exception:
            log.exception("%r did not close", part)
