"""A daemon: the authority for the items of one configuration."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from .. import begin, poll
from ..config import cache, local
from ..config.block import Block, items_hash, make_block
from ..config.names import check_alias, check_key, check_store
from ..errors import MktlError
from ..item import Item
from ..item.daemon_side import Publisher
from ..limits import Limits, raised_by
from ..persist import Persistence
from ..protocol.broadcaster import MOST_BULK_WAITING, MOST_WAITING
from ..protocol.discover import Responder, udp_ports
from ..protocol.host import own_hostname
from ..protocol.incoming import Incoming
from ..protocol.server import Server
from ..workers import Workers
from . import builtin, configure, values
from .announce import Announcer
from .catalog import Catalog
from .devices import BoundDevice
from .drivers import Link
from .linkitems import LinkItems, is_visible
from .performing import Performing
from .reload import reload
from .requests import Router
from .twin import TwinSearch

log = logging.getLogger(__name__)


class Daemon(Performing):
    """Serves the items of one configuration of a store, from when it is made until :meth:`close`.

    Subclasses write :meth:`setup` to add items of their own classes; what they do not add is served as
    the configuration says: bound to its device, or as a cached value.

    Args:
        store: The store to serve items for.
        configuration: The name of the configuration, and of this daemon within its store: ``markd STORE
            NAME -c FILE`` has stored FILE under it.
        arguments: Any object with attributes of interest to a subclass; ``markd`` hands in its command
            line. ``simulate``, ``speed``, ``record`` and ``replay`` are heeded here.
        override: Tell registries that this daemon takes the place of another that is offline.

    Raises:
        MktlError: Another process is this daemon already, there is no such configuration, no free port.
    """

    def __init__(
        self,
        store: str,
        configuration: str,
        arguments: Any = None,
        override: bool = False,
        *,
        options: Any = None,
    ) -> None:
        if isinstance(arguments, bool):
            # The published interface has had (store, alias, override, options) since; both are understood.
            arguments, override = None if isinstance(override, bool) else override, arguments
        self.name = check_store(store)
        self.alias = check_alias(configuration)
        self.arguments = arguments if options is None else options
        #: Set by :meth:`stop`, for whoever runs this daemon.
        self.shutdown = threading.Event()
        self._on_stop: Callable[[], object] = _nothing
        self.override = override
        #: How much it takes before it refuses.
        self.limits = Limits.from_environment()
        self.started = time.time()
        #: ``{key: item}`` of what this daemon is the authority for.
        self.items: dict[str, Item] = {}
        #: The blocks that it answers for: its own.
        self.catalog = Catalog()
        self._closing = threading.Lock()
        self._closed = False
        # What has been begun, ended in the reverse order: however far the start came.
        self._endings = ExitStack()
        self._device: BoundDevice | None = None
        #: True once no items can be added any more.
        self._serves = False
        self._own_links: list[Link] = []
        self._shown: dict[str, LinkItems] = {}
        self._lock = local.DaemonLock(self.name, self.alias)
        self._endings.callback(self._lock.release)
        try:
            self._prepare()
            self._fill()
            self._serve()
        except BaseException:
            self.close()
            raise

    # -- for subclasses

    @property
    def options(self) -> Any:
        """The same as *arguments*."""
        return self.arguments

    def parse_options(self, options: Any) -> None:
        """Take what is needed from *options*, before anything else is set up."""

    def describe_items(self) -> Mapping[str, Mapping[str, Any]] | None:
        """Describe the items at run time, before anything else is set up: ``{key: description}``.

        None, the default, leaves it to the stored configuration; what is returned is added to it.
        """
        return None

    def setup(self) -> None:
        """Add items of custom classes with :meth:`add_item`; nothing is served yet."""

    def setup_final(self) -> None:
        """Called when every item exists and has its stored value, before the daemon is announced."""

    def cleanup(self) -> None:
        """Called once when the daemon ends, while its items still exist."""

    def add_item(self, item_class: type[Item], key: str, **kwargs: Any) -> Item:
        """Add the item *key*, made by *item_class* with *kwargs*; this daemon is the authority for it.

        A key that the configuration does not describe is described by ``item_class.description_of_item``
        where there is one, and is of no particular type otherwise.

        Raises:
            MktlError: The item exists already, or the daemon is serving.
        """
        key = check_key(key)
        if self._serves:
            raise MktlError(f"{self.name}.{key}: items are added in setup(), before the daemon serves")
        return self._add(item_class, key, **kwargs)

    def _add(self, item_class: type[Item], key: str, **kwargs: Any) -> Item:
        placeholder = self._placeholders.pop(key, None)
        if placeholder is not None:
            self.store._replace(placeholder)
        if key not in self.store or self.store.block_of(key)["uuid"] != self.uuid:
            self._block["items"][key] = dict(getattr(item_class, "description_of_item", {}))
            self.store.add_block(self._block)
        if len(self.items) >= self.limits.items:
            raise MktlError(
                f"{self.name}.{key}: there are {len(self.items)} items already; {raised_by('items')}"
            )
        kwargs = {"subscribe": False, "authoritative": True, "pub": self._publisher, **kwargs}
        item = item_class(self.store, key, **kwargs)
        self.items[key] = item
        if placeholder is not None:
            item._callbacks.take_over(placeholder._callbacks)
        return item

    def _add_placeholder(self, key: str) -> Item:
        """A plain item for one that is asked for before :meth:`setup` has added it."""
        self._placeholders[key] = item = self.add_item(Item, key)
        return item

    def add_link(self, link: Link) -> Link:
        """Have *link* opened once all items exist, and closed when the daemon ends; from :meth:`setup`."""
        self._own_links.append(link)
        return link

    # -- starting

    def _prepare(self) -> None:
        self.uuid = local.daemon_uuid(self.name, self.alias)
        twins = TwinSearch(self.name, self.alias) if not self.override else None
        self.parse_options(self.arguments)
        self._configuration = self._configure()
        has_images = any(one.get("type") == "bulk" for one in self._configuration.items.values())
        self._router = Router(self.name, self.items, self.catalog)
        self._server = Server(
            self._answer,
            known=self._router.known,
            put=self._router.put,
            ports=local.load_ports(self.name, self.uuid),
            avoid=local.ports_of_others(self.uuid),
            most_waiting=MOST_BULK_WAITING if has_images else MOST_WAITING,
            limits=self.limits,
        )
        self._endings.callback(self._server.close)
        #: The ports that it listens on: requests and broadcasts.
        self.rep, self.pub = self._server.rep, self._server.pub
        self.store = begin.own_store(self.name)
        self._endings.callback(begin.disown, self.store, self.uuid)
        self._persistence = Persistence(self.name, self.alias, everything=lambda: values.kept(self.items))
        self._endings.callback(self._persistence.close)
        clock = poll.Clock(has_thread=False)
        self._workers = Workers(f"mktl-{self.name}-{self.alias}", source=clock)
        self._workers.begin()
        self._endings.callback(self._workers.close)
        self._publisher = Publisher(self._server, self._workers, self.limits, clock)
        items = {**self._configuration.items, **builtin.descriptions(self.alias)}
        self._block: Block = make_block(
            self.name, self.alias, self.uuid, items,
            hostname=own_hostname(), rep=self.rep, pub=self.pub, time=self.started,
        )  # fmt: skip
        self.store.own.add(self.uuid)
        self.store.add_block(self._block)
        self._placeholders: dict[str, Item] = {}
        self.store.makers[self.uuid] = self._add_placeholder
        self._endings.callback(self.store.makers.pop, self.uuid, None)
        if self._configuration.device is not None:
            self._device = BoundDevice.from_arguments(self._configuration.device, self.arguments)
        self._endings.callback(self._close_device)
        self._endings.callback(self._stop_polls)
        if twins is not None:
            twins.refuse(self.rep)  # before anything is opened

    def _close_device(self) -> None:
        if self._device is not None:
            self._device.close()

    def _configure(self) -> configure.Configuration:
        described = self.describe_items()
        if described is not None:
            return configure.from_description(described)
        if hasattr(self.arguments, "adopted"):  # markd's, where it cannot be kept
            return cast("configure.Configuration", self.arguments.adopted)
        if configure.is_known(self.name, self.alias):
            return configure.find(self.name, self.alias)
        log.info("%s %s: no configuration; it serves what its setup() adds", self.name, self.alias)
        return configure.from_description({})

    def _fill(self) -> None:
        self.setup()
        self._made_by_setup = self.items.keys() - self._placeholders.keys()
        if self._device is not None:
            self._device.bind(self.add_item, self._is_added)
        builtin.add(self)
        links = (*self.links.values(), *self._own_links)
        self._shown = {link.name: LinkItems(self, link) for link in links if is_visible(link)}
        for key in self._block["items"]:
            if key not in self.items:
                self.add_item(Item, key)
        self.store.makers.pop(self.uuid, None)
        self._block["hash"] = items_hash(self._block["items"])
        values.begin(self.items, self._persistence)
        for shown in self._shown.values():
            shown.start()
        for link in links:
            link.open()
            self._endings.callback(link.close)
        self.setup_final()
        for item in self.items.values():
            if item.config.get("interval"):
                item.poll(item.config["interval"])

    def _is_added(self, key: str) -> bool:
        return key in self.items and key not in self._placeholders

    def _serve(self) -> None:
        self.catalog.add(self._block)
        self._serves = True
        self._listen_for_calls(udp_ports()[1])
        self._server.start()
        try:
            local.save_ports(self.name, self.uuid, self.rep, self.pub)
        except OSError as error:
            log.warning("the ports could not be stored: %s; clients of this host may not find it", error)
        # Clients of other makes that share this home look for daemons there, when there is no registry.
        cache.save(self._block)
        self._lock.sign(f"pid {os.getpid()} on {own_hostname()}, ports {self.rep} and {self.pub}")
        self._announcer = Announcer(lambda: self._block, self.override, self._workers.lane())
        self._announcer.start()
        self._endings.callback(self._announcer.stop)
        log.debug(
            "%s %s serves %d items on ports %d (requests) and %d (broadcasts)",
            self.name, self.alias, len(self.items), self.rep, self.pub,
        )  # fmt: skip

    def _listen_for_calls(self, port: int) -> None:
        """Have the wire thread answer calls to this UDP port; before it starts."""
        responder = Responder(port, self.rep)
        fd = responder.fileno()
        if fd is not None:
            self._server.watch(fd, responder.respond)
        # The wire thread watches it to its end.
        self._server.when_closed(responder.close)

    def _answer(self, request: Incoming) -> bool:
        return self._router.answer(request)

    @property
    def links(self) -> Mapping[str, Any]:
        """The links of the device file by name; empty when there are none."""
        return self._device.links if self._device is not None else {}

    @property
    def stand_ins(self) -> Mapping[str, Any]:
        """The simulated devices in the place of real ones, by link; empty when there are none."""
        return self._device.stand_ins if self._device is not None else {}

    # -- another configuration

    def reload(self, path: Path | str | None = None, parameters: Mapping[str, str] | None = None) -> bool:
        """Serve the configuration as it is now; what has not changed in it is not touched.

        Items that :meth:`setup` has added stay what they are; they are described anew.

        Args:
            path: Of the file; left out, what was given last, or what :meth:`describe_items` says.
            parameters: For a device file.

        Returns:
            True when anything has changed; the log has what.

        Raises:
            DeviceFileError: All that is wrong with the file; the daemon goes on with the former one.
            MktlError: Something in it cannot be had; the same.
        """
        configuration = self._configure() if path is None else configure.read(path, parameters)
        difference = reload(self, configuration)
        for line in difference.told():
            log.info("%s %s: %s", self.name, self.alias, line)
        if path is not None:
            configure.keep_if_possible(self.name, self.alias, configuration, path, parameters)
        return bool(difference)

    # -- ending

    def stop(self) -> None:
        """Ask whoever runs this daemon, such as ``markd``, to end it."""
        self.shutdown.set()
        self._on_stop()

    def on_stop(self, function: Callable[[], object]) -> None:
        """Call *function* when :meth:`stop` is called; at once when it has been."""
        self._on_stop = function
        if self.shutdown.is_set():
            function()

    def close(self) -> None:
        """Stop serving: polls, links and ports, in this order. A second call does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        try:
            if self._serves:
                self.cleanup()
        except Exception:
            log.exception("%s %s: cleanup raised", self.name, self.alias)
        try:
            self._endings.close()
        except Exception:
            log.exception("%s %s did not end in order", self.name, self.alias)
        log.info("%s %s has stopped", self.name, self.alias)

    def _stop_polls(self) -> None:
        for shown in self._shown.values():
            shown.stop()
        for item in self.items.values():
            item.poll(None)
            item._primer.stop()

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _nothing() -> None:
    pass
