"""Where a client begins: :func:`get`, and :func:`discover`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from . import poll
from .config import cache, local, registries
from .config.block import Block, check_block, endpoint
from .config.names import check_store, split
from .errors import MktlError, UnknownStoreError
from .item import Item
from .protocol.client import client
from .protocol.client import close as close_client
from .protocol.discover import call, udp_ports
from .protocol.host import LOOPBACK, reachable
from .protocol.message import Request
from .seek import Seeker
from .store import Store

log = logging.getLogger(__name__)

#: How long a daemon may take to say what it serves.
CATALOG_S = 5.0
#: How long answers to a call on the network are collected.
CALL_S = 0.3
#: How long one that may no longer be there is waited for.
HASH_ACK_S = 0.5
#: Hosts that are asked at the same time.
AT_ONCE = 16

_stores: dict[str, Store] = {}
_searching: dict[str, threading.Lock] = {}
_lock = threading.RLock()


def get(store: str, key: str | None = None, *, subscribe: bool = True) -> Store | Item:
    """A store or an item by its name.

    Args:
        store: ``"lab"`` for a store, ``"lab.temp"`` for an item; letters in any case.
        key: The item's key, when *store* names only the store.
        subscribe: Have updates of the item arrive by themselves.

    Raises:
        UnknownStoreError: No daemon that can be found serves the store.
        UnknownItemError: The store has no such item.
    """
    name, inner = split(store)
    if key is not None and inner:
        raise ValueError(f"{store!r} names an item already; leave out key={key!r}")
    wanted = key if key is not None else inner
    found = find_store(name)
    if not wanted:
        return found
    if wanted not in found:
        found = find_store(name, afresh=True)
    return found.item(wanted, subscribe)


def find_store(name: str, afresh: bool = False, go_on: Callable[[], bool] = lambda: True) -> Store:
    """The store of this name, from memory, this host's daemons, or the disk cache checked with its daemon.

    Args:
        name: Of the store.
        afresh: Ask also when it is known.
        go_on: Nobody is asked any more once this is false.

    Raises:
        UnknownStoreError: Nobody serves it.
    """
    name = check_store(name)
    with _lock:
        store = _stores.get(name)
        searching = _searching.setdefault(name, threading.Lock())
    if store is not None and not afresh:
        return store
    # Who asks for the same store waits for this search; who asks for another does not.
    with searching:
        store = _stores.get(name)
        if store is not None and not afresh:
            return store
        blocks = list(_find_blocks(name, store.own if store is not None else (), go_on))
        if not blocks and store is None:
            raise UnknownStoreError(_advice(name))
        return _take_in(name, blocks)


def _take_in(name: str, blocks: Iterable[Block]) -> Store:
    """The store of this name, with *blocks*; a daemon of this process may have made it meanwhile."""
    with _lock:
        store = _stores.get(name)
        if store is None:
            store = _stores[name] = Store(name)
            seeker = Seeker(store, lambda: find_store(name, afresh=True, go_on=lambda: not seeker.is_closed))
            store.on_lost = seeker.start
        for block in blocks:
            store.add_block(block)
        return store


def _find_blocks(name: str, own: Collection[str], go_on: Callable[[], bool]) -> Iterable[Block]:
    """What daemons say of store *name*, asked in the order of the cost; *own* are this process's uuids.

    This host's daemons and those of the disk cache are known by address. Only when none of them serves the
    store is the network called: registries first, then whatever daemons hear it. Last come the addresses
    that somebody wrote down, or that answered :func:`discover` once.
    """
    found: dict[str, Block] = {}
    for daemon in local.known_daemons(name):
        if daemon.ports.rep is not None and daemon.uuid not in own and go_on():
            found.update(_ask_catalog(name, f"tcp://{LOOPBACK}:{daemon.ports.rep}"))
    for uuid, block in cache.load(name).items():
        if uuid not in found and uuid not in own and go_on():
            host, rep, _ = endpoint(block)
            found.update(_ask_catalog(name, f"tcp://{reachable(host)}:{rep}"))
    found = found or _call_for(name, go_on)
    for uuid in own:
        found.pop(uuid, None)
    for block in found.values():
        cache.save(block)
    return found.values()


def _call_for(name: str, go_on: Callable[[], bool]) -> dict[str, Block]:
    """What the first who hear a call say of store *name*: near before far, registries before daemons."""
    for hosts in (None, registries.load()):
        for port in udp_ports():
            found: dict[str, Block] = {}
            for host, rep in call([port], CALL_S, hosts) if go_on() else ():
                found.update(_ask_catalog(name, f"tcp://{host}:{rep}"))
            if found:
                return found
    return {}


def _ask_catalog(name: str, address: str) -> dict[str, Block]:
    """The blocks of store *name* that the daemon at *address* knows; empty when it does not answer."""
    request = Request("GET", f"{name}._catalog")
    try:
        answer = client().request(address, request, CATALOG_S, HASH_ACK_S).value
    except MktlError as error:
        log.debug("%s: %s", address, error)
        return {}
    blocks: dict[str, Block] = {}
    for block in answer.values() if isinstance(answer, dict) else ():
        try:
            checked = check_block(block, name)
        except MktlError as error:
            log.warning("%s: a block of store '%s' was passed over: %s", address, name, error)
            continue
        blocks[checked["uuid"]] = checked
    return blocks


@dataclass(frozen=True, slots=True)
class Answerer:
    """A registry or a daemon that answered a call, and what it knows."""

    #: As it answered; *called* is how it was called, or empty when everybody was.
    host: str
    rep: int
    called: str
    #: ``{store: {uuid: block}}``
    stores: Mapping[str, Mapping[str, Block]]


def discover(*addresses: str) -> list[Answerer]:
    """Call the local network, or the hosts *addresses*; who answers, and what they serve.

    Both registries and daemons are called. Addresses that answer are remembered: :func:`get` calls them
    when nobody nearer serves a store. What they serve goes to the disk cache.

    Raises:
        ValueError: One of *addresses* cannot be the address of a host.
    """
    for address in addresses:
        if not registries.is_address(address):
            raise ValueError(f"{address!r} is no address; expected a host name or an IPv4 address")
    from concurrent.futures import ThreadPoolExecutor  # only here: `get` starts sooner without it

    called = list(dict.fromkeys(addresses)) or [""]
    with ThreadPoolExecutor(AT_ONCE, "mktl-discover") as pool:
        answers = list(pool.map(_call_one, called))
        places = {place: address for address, found in zip(called, answers, strict=True) for place in found}
        answerers = list(pool.map(lambda place: _ask_everything(place[0], place[1], places[place]), places))
    registries.save(one.called or one.host for one in answerers if one.called or not _is_loopback(one.host))
    return _without_twins(answerers)


def _call_one(address: str) -> list[tuple[str, int]]:
    return call(udp_ports(), CALL_S, [address] if address else None)


def _ask_everything(host: str, rep: int, called: str) -> Answerer:
    """What the one at *host* and *rep* knows of every store; nothing when it does not say."""
    address = f"tcp://{host}:{rep}"
    try:
        known = client().request(address, Request("GET", "_hash"), CATALOG_S, HASH_ACK_S).value
    except MktlError as error:
        log.debug("%s: %s", address, error)
        known = {}
    stores: dict[str, dict[str, Block]] = {}
    for name in known if isinstance(known, dict) else ():
        try:
            stores[name] = _ask_catalog(check_store(name), address)
        except MktlError as error:
            log.warning("%s: a store was passed over: %s", address, error)
    own = {uuid for store in list(_stores.values()) for uuid in store.own}
    for block in (block for blocks in stores.values() for block in blocks.values()):
        if block["uuid"] not in own:
            cache.save(block)
    return Answerer(host, rep, called, stores)


def _without_twins(answerers: list[Answerer]) -> list[Answerer]:
    """Each once: a host that answers from several of its addresses, preferably not from loopback."""
    kept: dict[tuple[int, frozenset[str]], Answerer] = {}
    for one in sorted(answerers, key=lambda one: (_is_loopback(one.host), one.host, one.rep)):
        uuids = frozenset(uuid for blocks in one.stores.values() for uuid in blocks)
        kept.setdefault((one.rep, uuids), one)
    return list(kept.values())


def _is_loopback(host: str) -> bool:
    return host.startswith("127.")


def _advice(name: str) -> str:
    known = [known for known in stores() if known != name]
    others = f"; stores known here: {', '.join(known)}" if known else ""
    start = f"markd {name} NAME -c FILE"
    return f"no daemon found for store '{name}'; is it running? start one with: {start}{others}"


def stores() -> list[str]:
    """Names of the stores that can be found without asking for one: of this host, and seen before."""
    names = {daemon.store for daemon in local.known_daemons()} | set(cache.stores()) | set(_stores)
    return sorted(names)


def own_store(name: str) -> Store:
    """The store to which a daemon of this process adds its items; :func:`get` gives the same."""
    with _lock:
        return _stores.setdefault(check_store(name), Store(name))


def disown(store: Store, uuid: str) -> None:
    """The daemon *uuid* of this process has ended: its items go, and the store with the last of them."""
    with _lock:
        store.drop_block(uuid)
        if not store.blocks and _stores.get(store.name) is store:
            del _stores[store.name]


def close() -> None:
    """Close this process's connections to daemons and forget its stores; the next :func:`get` begins anew."""
    with _lock:
        for name in [name for name, store in _stores.items() if not store.own]:
            _stores.pop(name).on_lost = None
        serving = bool(_stores)
    close_client()
    if not serving:
        poll.close()
