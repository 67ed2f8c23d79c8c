"""One item of a device file on its link, without a daemon: for trying a file out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, cast

from ..config.block import make_block, normalise
from ..errors import LinkDownError, MktlError
from ..item import Item
from ..item.daemon_side import Publisher
from ..limits import Limits
from ..store import Store
from ..workers import Workers
from .devices import BoundDevice

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
        is_set: It is to be set, not only read: what belongs to that is there too.

    Raises:
        MktlError: The link or its simulator cannot be made.
    """

    def __init__(
        self, device: Device, key: str, *, store: str = "try", simulate: bool = False, is_set: bool = False
    ) -> None:
        spec = device.items[key]
        assert spec.link is not None
        self.spec = spec
        self._endings = ExitStack()
        self._changed = threading.Event()
        try:
            self._bound = BoundDevice(_alone(device, spec.link), simulate=simulate)
            self._endings.callback(self._bound.close)
            self.link: Any = self._bound.links[spec.link]
            self.items = self._bind(device, key, store, is_set=is_set)
        except BaseException:
            self.close()
            raise
        self.item = self.items[key]

    def open(self, *taps: object) -> None:
        """Open the link; the *taps* are told of all that passes on it, where its driver tells at all."""
        for tap in taps:
            if hasattr(self.link, "taps"):
                self.link.taps.add(tap)
        for link in self._bound.links.values():
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
        if not getattr(self.link, "is_text", False):
            raise MktlError(f"link {self.spec.link}: its driver talks in no replies that could be typed")
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

    def _bind(self, device: Device, key: str, name: str, *, is_set: bool) -> dict[str, Item]:
        """The item and what it refers to, those of its link bound to it."""
        wanted = related(device, key, is_set=is_set)
        workers = Workers(f"mktl-{name}")
        self._endings.callback(workers.close)
        publisher = Publisher(cast("Server", _Nobody()), workers, Limits())
        store = Store(name)
        items = {one: dict(spec.metadata) for one, spec in device.items.items() if one in wanted}
        store.add_block(
            make_block(
                name, "try", _UUID, normalise(items), hostname="localhost", rep=0, pub=0, time=time.time()
            )
        )
        made: dict[str, Item] = {}

        def add(item_class: type[Item], one: str, **arguments: Any) -> Item:
            made[one] = item_class(
                store, one, subscribe=False, authoritative=True, pub=publisher, **arguments
            )
            return made[one]

        own = {one for one in wanted if device.items[one].link == self.spec.link}
        self._bound.bind(add, lambda one: one not in own)
        for one in wanted - own:
            add(Item, one)
        made[key].register(self._note)
        return made

    def _note(self, *_: object) -> None:
        self._changed.set()


def _alone(device: Device, link: str) -> Device:
    """*device* with this link only, and the one whose line it is on; nothing on it is polled."""
    names = {link, device.links[link].on}
    quiet = {key: replace(spec, poll_s=None, fast=None, restore=None) for key, spec in device.items.items()}
    links = {name: spec for name, spec in device.links.items() if name in names}
    return replace(device, links=links, items=quiet)


def related(device: Device, key: str, *, is_set: bool = False) -> set[str]:
    """The keys of *key*, of what stands in the same reply, and of what any of them refers to.

    Args:
        device: The file.
        key: Of an item.
        is_set: What its command, and the condition on which that is done, refer to is wanted too.
    """
    spec = device.items[key]
    todo = [key, *_fed_beside(device, spec)]
    if is_set:
        todo += _behind_set(spec)
    found: set[str] = set()
    while todo:
        one = todo.pop()
        if one not in found and one in device.items:
            found.add(one)
            query = device.queries.get(device.items[one].query or "")
            todo += query.item_references if query is not None else ()
    return found


def _fed_beside(device: Device, spec: ItemSpec) -> list[str]:
    return [] if spec.query is None else [fed.key for fed in device.fed_by(spec.query)]


def _behind_set(spec: ItemSpec) -> list[str]:
    names = spec.done.when.names if spec.done is not None and spec.done.when is not None else ()
    commanded = spec.command.item_references if spec.command is not None else ()
    return [*commanded, *(name.removeprefix("item.") for name in names)]
