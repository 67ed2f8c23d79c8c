"""A store: the items of one name, whichever daemons serve them."""

from __future__ import annotations

import difflib
import logging
import threading
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any, NoReturn

from .config.block import Block, endpoint, readable
from .config.names import check_key, check_store
from .config.route import Route
from .describing import Describing
from .errors import MktlError, UnknownItemError
from .identity import Identities
from .item import Item

log = logging.getLogger(__name__)


class Store:
    """A read-only mapping of keys, in any case, to items; iteration gives the items.

    Items are made when they are first asked for, one for each key.
    """

    def __init__(self, name: str) -> None:
        self.name = check_store(name)
        self._blocks: dict[str, Block] = {}
        self._where: dict[str, str] = {}
        # Every request needs one: they are worked out when a daemon is heard of.
        self._routes: dict[str, Route] = {}
        self._items: dict[str, Item] = {}
        self._lock = threading.RLock()
        self._identities = Identities(self.name, self._compare)
        #: By uuid.
        self._describing: dict[str, Describing] = {}
        #: The daemons of which the log has said that they serve what another does.
        self._rivals: set[str] = set()
        #: Called when a daemon is lost; whoever made the store knows where to look for it.
        self.on_lost: Callable[[Store], None] | None = None
        #: The uuids of the daemons of this very process that serve it.
        self.own: set[str] = set()
        #: ``{uuid: make}`` of daemons of this process that are still being set up: ``make(key)`` gives the
        #: authoritative item of a key that is asked for before its turn.
        self.makers: dict[str, Callable[[str], Item]] = {}

    # -- what is known of it

    def add_block(self, block: Block) -> None:
        """Take in what a daemon says of its items; a newer block of the same daemon replaces the older.

        A key stays with the daemon that was there first, also while that one cannot be reached: another one
        that serves it, perhaps on the very port, is not taken for it. A daemon of this process has its own.
        """
        uuid = block["uuid"]
        with self._lock:
            self._forget(uuid)
            self._blocks[uuid] = block
            self._routes[uuid] = Route.of(block)
            for key in block["items"]:
                if self._where.setdefault(key, uuid) != uuid and uuid in self.own:
                    self._where[key] = uuid
        self._note_rivals(block)

    def _note_rivals(self, block: Block) -> None:
        uuid = block["uuid"]
        taken = [key for key in block["items"] if self._where.get(key) != uuid]
        if taken and uuid not in self._rivals:
            host, rep, _ = endpoint(block)
            log.warning(
                "%s: '%s' on %s:%d serves %s too, and %d more; who served it first is believed",
                self.name, block["alias"], host, rep, taken[0], len(taken) - 1,
            )  # fmt: skip
            self._rivals.add(uuid)

    def _forget(self, uuid: str) -> list[str]:
        """Forget a daemon; the keys that were its own."""
        old = self._blocks.pop(uuid, {"items": {}})
        keys = [key for key in old["items"] if self._where.get(key) == uuid]
        for key in keys:
            del self._where[key]
        return keys

    def drop_block(self, uuid: str) -> None:
        """Forget a daemon and its items."""
        with self._lock:
            self.own.discard(uuid)
            for key in self._forget(uuid):
                self._items.pop(key, None)

    @property
    def blocks(self) -> Mapping[str, Block]:
        """``{uuid: block}`` of every daemon of this store that is known."""
        return self._blocks

    def describe(self, key: str) -> dict[str, Any]:
        """The description of one item: type, units, enumerators and so on.

        Raises:
            UnknownItemError: The store has no such item; the message has the nearest ones.
        """
        key = check_key(key)
        uuid = self._where.get(key)
        if uuid is None:
            near = difflib.get_close_matches(key, self._where, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else f"; it has {len(self)} others"
            raise UnknownItemError(f"{self.name}.{key}: store '{self.name}' has no such item{hint}")
        return readable(self._blocks[uuid]["items"][key])

    @property
    def catalog(self) -> Mapping[str, dict[str, Any]]:
        """``{key: description}`` of every item."""
        return {key: self.describe(key) for key in list(self._where)}

    #: An earlier name of the same.
    config = catalog

    def block_of(self, key: str) -> Block:
        """The block of the daemon that serves *key*."""
        self.describe(key)
        return self._blocks[self._where[check_key(key)]]

    def route(self, key: str) -> Route:
        """The way to the daemon that serves *key*.

        Raises:
            UnknownItemError: The store has no such item.
        """
        try:
            return self._routes[self._where[key]]
        except KeyError:
            return self._routes[self.block_of(key)["uuid"]]

    def address(self, key: str, kind: str = "rep") -> str:
        """Where requests for *key* go, or with ``"pub"`` its subscriptions: ``tcp://host:port``."""
        route = self.route(key)
        return route.rep if kind == "rep" else route.pub

    def identify(self, key: str, then: Callable[[bool], object]) -> None:
        """Call *then* with whether the daemon of *key* is where it is said to be; returns at once."""
        self._identities.ask(self.block_of(key)["uuid"], self.address(key), then)

    def confirm(self, key: str) -> None:
        """Return when the daemon of *key* is where it is said to be.

        Raises:
            NoAnswerError: Nobody answers there, or another daemon.
        """
        self._identities.confirm(self.block_of(key)["uuid"], self.address(key), f"{self.name}.{key}")

    def seek(self) -> None:
        """A daemon is lost: have it looked for."""
        if self.on_lost is not None:
            self.on_lost(self)

    def watch(self, key: str) -> None:
        """Hear of it when the daemon of *key* describes its items otherwise."""
        block = self.block_of(key)
        route = self.route(key)
        with self._lock:
            known = self._describing.get(block["uuid"])
            if known is not None and known.where == (route.rep, route.pub):
                return
            new = Describing(block, *route, self._redescribe)
            self._describing[block["uuid"]] = new
        if known is not None:
            known.stop()
        new.start()

    def _compare(self, uuid: str, number: object) -> None:
        known = self._describing.get(uuid)
        if known is not None:
            known.compare(number)

    def _redescribe(self, block: Block) -> None:
        """The daemon of *block* serves other items than before, or describes them otherwise."""
        before = self._blocks.get(block["uuid"], {"items": {}})["items"]
        self.add_block(block)
        for key in before.keys() | block["items"].keys():
            item = self._items.get(key)
            if item is not None and block["items"].get(key) != before.get(key):
                item._redescribed(is_served=key in block["items"])

    def follow(self) -> bool:
        """Take every item to where its daemon is now; False when all of them have news of it."""
        with self._lock:
            stale = [item for item in self._items.values() if item.status == "stale"]
        for item in stale:
            if item.key in self._where:
                item.follow()
        return bool(stale)

    def _admit(self, item: Item) -> None:
        with self._lock:
            if item.key in self._items:
                raise MktlError(f"{item.full_key} exists already; there is one Item for each key")
            self._items[item.key] = item

    def _replace(self, item: Item) -> None:
        """Make room for another item of the same key."""
        with self._lock:
            if self._items.get(item.key) is item:
                del self._items[item.key]

    def _put_back(self, key: str, item: Item | None) -> None:
        """Have the item that made room again, or none of this key."""
        with self._lock:
            self._items.pop(key, None)
            if item is not None:
                self._items[key] = item

    # -- a mapping

    def item(self, key: object, subscribe: bool = True) -> Item:
        """The item of this key; made, and with *subscribe* subscribed, when that is still to be done."""
        name = key.key if isinstance(key, Item) else check_key(str(key))
        with self._lock:
            item = self._items.get(name)
            if item is None:
                make = self.makers.get(self._where.get(name, ""))
                item = Item(self, name, subscribe=False) if make is None else make(name)
        if subscribe and not item.subscribed and not item.authoritative:
            item.subscribe()
        return item

    def __getitem__(self, key: object) -> Item:
        return self.item(key)

    def __contains__(self, key: object) -> bool:
        if isinstance(key, Item):
            return self._items.get(key.key) is key
        return isinstance(key, str) and key.lower() in self._where

    def has_key(self, key: str) -> bool:
        """True when the store has an item of this key."""
        return key in self

    def __iter__(self) -> Iterator[Item]:
        for key in list(self._where):
            yield self[key]

    def __len__(self) -> int:
        return len(self._where)

    def keys(self) -> KeysView[str]:
        """The keys of all items, in lower case."""
        return dict.fromkeys(self._where).keys()

    def values(self) -> ValuesView[Item]:
        """All items."""
        return {key: self[key] for key in list(self._where)}.values()

    def items(self) -> ItemsView[str, Item]:
        """All keys with their items."""
        return {key: self[key] for key in list(self._where)}.items()

    def get(self, key: str, default: Item | None = None) -> Item | None:
        """The item of this key, or *default* when there is none."""
        return self[key] if key in self else default  # noqa: SIM401 - this is what get is

    def __repr__(self) -> str:
        return f"<Store {self.name}: {len(self)} items>"

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        """A store is read only: raises NotImplementedError."""
        raise NotImplementedError(f"store '{self.name}' is read only; set the value of an item instead")

    __setitem__ = __delitem__ = clear = copy = pop = popitem = setdefault = update = _refuse
