"""A changed device file takes the place of the old one while the daemon runs.

All that can go wrong goes wrong before anything is given up: the file is read and checked, links and items
are made, and only then the old ones go. What has not changed is not touched.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import cache
from ..config.block import items_hash
from ..describing import catalog_key
from ..errors import MktlError
from ..item import Item
from ..wire.codec import VERSIONS
from ..wire.frames import topic
from ..wire.payload import Payload
from . import escape, values
from .configure import Configuration
from .devices import BoundDevice
from .difference import Difference
from .drivers import Pliant
from .linkitems import LinkItems, is_visible

if TYPE_CHECKING:
    from ..devicefile import Device, ItemSpec
    from .daemon import Daemon

_REMOVED = "taken away by a reload of the device file; nothing was sent"
_CHANGED = "changed by a reload of the device file; nothing was sent, ask again"


def reload(daemon: Daemon, new: Configuration) -> Difference:
    """Have *daemon* serve *new* from now on; what it took.

    Raises:
        MktlError: Something in it cannot be had; everything is as it was.
    """
    if getattr(daemon.arguments, "replay", None) is not None:
        raise MktlError("a replay is of what was recorded; no other file can take its place")
    old, device = daemon._configuration, new.device
    named = [spec.python for spec in device.items.values() if spec.python] if device is not None else []
    modules = escape.forget_changed(device.path, named) if device is not None else {}
    try:
        difference = Difference.between(old, new, modules)
        if not difference:
            return difference
        swap = _Swap(daemon, new, difference)
        try:
            swap.make()
        except BaseException:
            swap.undo()
            raise
    except BaseException:
        if device is not None:
            escape.remember(device.path, modules)
        raise
    swap.commit()
    return difference


class _Swap:
    """From one configuration of a daemon to the next."""

    def __init__(self, daemon: Daemon, new: Configuration, difference: Difference) -> None:
        self._daemon, self._new, self._difference = daemon, new, difference
        self._block = daemon._block
        former = daemon._device or _no_device(daemon)
        touched = {*difference.items.added, *difference.items.removed, *difference.items.changed}
        self._reopened = difference.reopened | former.rigid_lines(touched, new.device)
        self._device = former.succeeded_by(new.device or _nothing(), self._reopened)
        #: What stood in the place of each item made here; None where there was nothing.
        self._before: dict[str, Item | None] = {}
        self._shown: dict[str, LinkItems] = {}
        self._gone = self._find_gone()

    def _find_gone(self) -> dict[str, Item]:
        """Items that the file has no more, and those of links that are closed."""
        daemon = self._daemon
        keys = {key for key in self._difference.items.removed if key not in daemon._made_by_setup}
        for name in self._reopened & daemon._shown.keys():
            keys |= daemon._shown[name].keys
        return {key: daemon.items[key] for key in keys if key in daemon.items}

    # -- before anything is given up

    def make(self) -> None:
        """Make the new links and items.

        Raises:
            MktlError: One cannot be made.
        """
        self._describe()
        self._device.make_links()
        for key in self._to_make():
            self._add(*self._made_of(key))
        for name in self._reopened & self._device.links.keys():
            if is_visible(self._device.links[name]):
                self._shown[name] = LinkItems(self._daemon, self._device.links[name], self._add)

    def _describe(self) -> None:
        """Tell the store of the new items; clients hear of them at the end."""
        daemon = self._daemon
        others = {key: it for key, it in self._block["items"].items() if key not in self._gone}
        daemon._block = {**self._block, "items": {**self._new.items, **others, **self._new.items}}
        daemon.store.add_block(daemon._block)

    def _to_make(self) -> list[str]:
        difference, specs = self._difference, self._specs
        fresh = {*difference.items.added, *difference.items.changed}
        fresh |= {key for key, spec in specs.items() if spec.link in self._reopened}
        return [key for key in self._new.items if key in fresh and key not in self._daemon._made_by_setup]

    @property
    def _specs(self) -> dict[str, ItemSpec]:
        return {key.lower(): spec for key, spec in self._device.device.items.items()}

    def _made_of(self, key: str) -> tuple[type[Item], str, dict[str, Any]]:
        spec = self._specs.get(key)
        if spec is None or not (spec.link or spec.python):
            return Item, key, {}
        item_class, arguments = self._device.made_of(spec)
        return item_class, key, arguments

    def _add(
        self, item_class: type[Item], key: str, arguments: Mapping[str, Any] | None = None, **more: Any
    ) -> Item:
        self._before[key] = before = self._daemon.items.get(key)
        if before is not None:
            self._daemon.store._replace(before)
        return self._daemon._add(item_class, key, **(arguments or {}), **more)

    def undo(self) -> None:
        """Put everything back."""
        daemon = self._daemon
        for key, before in self._before.items():
            made = daemon.items.pop(key, None)
            if made is not None and made is not before:
                _let_go(made, _REMOVED)
            if before is not None:
                daemon.items[key] = before
            daemon.store._put_back(key, before)
        daemon._block = self._block
        daemon.store.add_block(self._block)
        self._device.abandon()

    # -- the old ones go

    def commit(self) -> None:
        """Have the new ones work, and the old ones end."""
        daemon = self._daemon
        made = {daemon.items[key]: before for key, before in self._before.items()}
        for name in self._reopened & daemon._shown.keys():
            daemon._shown.pop(name).stop()
        shown = {key for shown in self._shown.values() for key in shown.keys}
        values.go_on(
            {item: before if item.key not in shown else None for item, before in made.items()},
            set(self._difference.items.changed) - self._difference.comparable,
            daemon._persistence,
        )
        for item, before in made.items():
            if before is not None:
                item._callbacks.take_over(before._callbacks)
                _let_go(before, _CHANGED)
        for key, item in self._gone.items():
            if key not in self._before:
                daemon.items.pop(key, None)
                daemon.store._replace(item)
                _let_go(item, _REMOVED)
        for key in daemon._made_by_setup & self._new.items.keys():
            daemon.items[key].config = daemon.store.describe(key)
        daemon._configuration, daemon._device = self._new, self._device
        self._begin()
        self._tell()

    def _begin(self) -> None:
        daemon = self._daemon
        links = self._device.links
        self._device.end_former()
        self._device.follow()
        for name in [name for name in links if name in self._reopened]:
            links[name].open()
            daemon._endings.callback(links[name].close)
        for shown in self._shown.values():
            shown.start()
        daemon._shown |= self._shown
        for key in self._before:
            item = daemon.items[key]
            if item.config.get("interval"):
                item.poll(item.config["interval"])

    def _tell(self) -> None:
        """Have clients and registries hear that the block is another."""
        daemon = self._daemon
        daemon._block["hash"] = items_hash(daemon._block["items"])
        daemon.catalog.add(daemon._block)
        cache.save(daemon._block)
        daemon._announcer.soon()
        topics = {version: topic(catalog_key(daemon._block), version) for version in VERSIONS}
        payload = Payload(daemon._block["hash"], time=time.time())
        daemon._server.publish(topics, lambda version: (payload.encode(version), None))


def _let_go(item: Item, reason: str) -> None:
    item.retire(reason)
    link = getattr(item, "link", None)
    if isinstance(link, Pliant):
        link.detach(item)


def _no_device(daemon: Daemon) -> BoundDevice:
    """For a daemon that has had none: it may get one."""
    return BoundDevice.from_arguments(_nothing(), daemon.arguments)


def _nothing() -> Device:
    from ..devicefile import Device  # only here: a daemon without a device file starts sooner

    return Device(Path(), {}, {}, {})
