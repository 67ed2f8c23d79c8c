"""One item of a device file on its link, without a daemon: for trying a file out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, cast

from ..config.block import make_block, normalise
from ..errors import LinkDownError, MktlError
from ..item import Item
from ..item.daemon_side import Publisher
from ..store import Store
from ..workers import Workers
from . import drivers

if TYPE_CHECKING:
    from ..devicefile import Device, ItemSpec
    from ..protocol.server import Server

#: Statuses of an item about which nothing has been heard yet.
_PENDING = ("unset", "stale")
_LOOK_S = 0.01
_UUID = "00000000-0000-0000-0000-000000000000"


class _Nobody:
    """Where broadcasts go that nobody hears."""

    def publish(self, *_: object) -> None:
        """Drop it."""


class Bench:
    """The item *key*, what it refers to, and its link; nothing is polled.

    Args:
        device: The file.
        key: One that has a link.
        store: What to call the store in messages.
        simulate: Put a simulated device in the place of the real one.

    Raises:
        MktlError: The link or its simulator cannot be made.
    """

    def __init__(self, device: Device, key: str, *, store: str = "try", simulate: bool = False) -> None:
        spec = device.items[key]
        assert spec.link is not None
        self.spec = spec
        self._endings = ExitStack()
        self._changed = threading.Event()
        try:
            self.link = self._make_link(device, spec.link, simulate)
            self.items = self._make_items(device, key, store)
        except BaseException:
            self.close()
            raise
        self.item = self.items[key]

    def open(self, *taps: object) -> None:
        """Open the link; the *taps* are told of all that passes on it, where its driver tells at all."""
        for tap in taps:
            if hasattr(self.link, "taps"):
                self.link.taps.add(tap)
        for link in self._links:
            link.open()

    def await_reading(self, timeout_s: float) -> bool:
        """Wait until the item has a value, or a reason why it has none; False when that takes longer."""
        return self._await(lambda: self.item.status not in _PENDING, timeout_s)

    def await_link(self, timeout_s: float) -> None:
        """Wait until the link is up.

        Raises:
            LinkDownError: It is not, in this time.
        """
        self._await(lambda: getattr(self.link, "state", "connected") != "connecting", timeout_s)
        if getattr(self.link, "state", "connected") != "connected":
            reason = self.item.reason or getattr(self.link, "last_error", "") or f"not within {timeout_s:g} s"
            raise LinkDownError(reason)

    def rehearse(self, replies: list[bytes], tap: object, **values: Any) -> None:
        """Carry out the item's exchange with *replies* in the place of the device's; nothing is opened.

        Raises:
            MktlError: They are not what the file expects, or the driver has no such rehearsals.
        """
        if not hasattr(self.link, "rehearse"):
            driver = self.spec.link
            raise MktlError(f"link {driver}: its driver talks in no replies that could be written down")
        self.link.rehearse(self.item, replies, tap, **values)

    def close(self) -> None:
        """End the link, its simulator and their threads."""
        self._endings.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _await(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        end_s = time.monotonic() + timeout_s
        while not is_so():
            if time.monotonic() >= end_s:
                return False
            self._changed.wait(_LOOK_S)
            self._changed.clear()
        return True

    def _make_link(self, device: Device, name: str, simulate: bool) -> Any:
        """The link, and before it the one whose line it is on."""
        self._links: list[drivers.Link] = []
        host = None
        for one in filter(None, (device.links[name].on, name)):
            spec = device.links[one]
            if simulate and spec.on is None:
                stand_in = drivers.make_stand_in(device, one, 1.0)
                self._endings.callback(stand_in.close)
                spec = replace(spec, settings={**spec.settings, **stand_in.settings})
            host = drivers.make_link(spec, host if spec.on else None)
            self._links.append(host)
            self._endings.callback(host.close)
        return host

    def _make_items(self, device: Device, key: str, name: str) -> dict[str, Item]:
        wanted = {one: device.items[one] for one in device.items if one in related(device, key)}
        workers = Workers(f"mktl-{name}")
        self._endings.callback(workers.close)
        publisher = Publisher(cast("Server", _Nobody()), workers)
        store = Store(name)
        metadata = normalise({one: dict(spec.metadata) for one, spec in wanted.items()})
        store.add_block(
            make_block(name, "try", _UUID, metadata, hostname="localhost", rep=0, pub=0, time=time.time())
        )
        items = {}
        for one, spec in wanted.items():
            item_class, arguments = self._bound(replace(spec, poll_s=None, fast=None, restore=None), device)
            items[one] = item_class(
                store, one, subscribe=False, authoritative=True, pub=publisher, **arguments
            )
        items[key].register(self._note)
        return items

    def _bound(self, spec: ItemSpec, device: Device) -> tuple[type[Item], Mapping[str, Any]]:
        """As its link binds it; an item of another link is a plain one here."""
        if spec.link != self.spec.link:
            return Item, {}
        bound: tuple[type[Item], Mapping[str, Any]] = self.link.bind(spec, device)
        return bound

    def _note(self, *_: object) -> None:
        self._changed.set()


def related(device: Device, key: str) -> set[str]:
    """The keys of *key*, of what stands in the same reply, and of what any of them refers to."""
    found: set[str] = set()
    todo = [key]
    while todo:
        one = todo.pop()
        if one in found or one not in device.items:
            continue
        found.add(one)
        spec = device.items[one]
        if spec.query is not None:
            query = device.queries[spec.query]
            todo += query.item_references
            if one == key:
                todo += [fed.key for fed in device.fed_by(query.name)]
        if spec.command is not None and one == key:
            todo += spec.command.item_references
        if spec.done is not None and spec.done.when is not None and one == key:
            todo += [name.removeprefix("item.") for name in spec.done.when.names]
    return found
