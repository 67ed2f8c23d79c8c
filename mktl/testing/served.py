"""A daemon on a device file, its devices simulated, with a client: all of it begun and ended together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from .. import poll
from ..begin import close as close_client
from ..daemon import Daemon, configure
from ..daemon.apart import apart, store_of
from ..errors import MktlError
from ..protocol.client import client
from ..protocol.host import LOOPBACK
from ..protocol.message import Request
from ..store import Store
from .leaks import Before
from .waiting import Waiter

if TYPE_CHECKING:
    from ..item import Item

TIMEOUT_S = 10.0
_CATALOG_S = 5.0


class Served:
    """A device file, served; made by :func:`serve` or the fixture ``mktl_device``.

    ``device["temp"]`` is the item as a client has it, over the wire.
    """

    def __init__(self, daemon: Daemon, store: Store) -> None:
        #: The daemon itself, in this process; its items are the authority.
        self.daemon = daemon
        #: The items as a client in another process sees them.
        self.store = store
        #: By link: the simulated devices, with their ``server`` and their model, ``device``.
        self.simulators: Mapping[str, Any] = daemon.stand_ins
        self._waiter = Waiter(store)

    @property
    def faults(self) -> Mapping[str, Any]:
        """By link: what is to go wrong on its line; ``faults["ls336"].lose_next_reply()``."""
        return {link: simulator.faults for link, simulator in self.simulators.items()}

    @property
    def links(self) -> Mapping[str, Any]:
        """By name: the daemon's links, with what they have been through."""
        return self.daemon.links

    def received(self, link: str | None = None) -> bytes:
        """Every byte that the device on *link* was sent; it may be left out where there is one."""
        received: bytes = self._simulator(link).server.received
        return received

    def advance(self, dt_s: float) -> None:
        """Let *dt_s* seconds of every simulated device's own time pass at once."""
        for simulator in self.simulators.values():
            simulator.server.advance(dt_s)

    def unplug(self, link: str | None = None) -> None:
        """Pull the cable of a device."""
        self._simulator(link).server.unplug()

    def plug(self, link: str | None = None) -> None:
        """Put it back."""
        self._simulator(link).server.plug()

    def wait_for(self, condition: str | Callable[[], Any], timeout_s: float = TIMEOUT_S) -> Any:
        """Wait until *condition* on items holds: ``"temp < 5 and heater == 'off'"``, or a function is true.

        Raises:
            AssertionError: Not in this time; the message has the values.
        """
        if isinstance(condition, str):
            return self._waiter.until(condition, timeout_s)
        return self._waiter.until_true(condition, timeout_s, lambda: repr(condition))

    def wait_until_read(self, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until every item of a device has a reading, or says why it has none.

        Raises:
            AssertionError: Not in this time; the message has the keys.
        """
        self._waiter.until_true(
            lambda: not self._unread(), timeout_s, lambda: f"unread are {', '.join(self._unread())}"
        )

    def wait_until_replayed(self, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until everything in the recording has been asked, but for what is polled anyway.

        Raises:
            AssertionError: Not in this time.
        """
        replays = [simulator.device for simulator in self.simulators.values()]
        self._waiter.until_true(
            lambda: all(replay.is_done for replay in replays), timeout_s, lambda: "not all of it was asked"
        )

    def __getitem__(self, key: str) -> Item:
        return self.store[key]

    def __contains__(self, key: object) -> bool:
        return key in self.store

    def _unread(self) -> list[str]:
        bound = (item for item in self.daemon.items.values() if getattr(item, "spec", None) is not None)
        return [item.key for item in bound if item.status == "unset" and _is_read(item)]

    def _simulator(self, link: str | None) -> Any:
        if link is None and len(self.simulators) == 1:
            return next(iter(self.simulators.values()))
        if link is not None and link in self.simulators:
            return self.simulators[link]
        raise MktlError(f"no simulated link {link!r}; there are: {', '.join(self.simulators) or 'none'}")


@contextmanager
def serve(
    path: Path | str,
    *,
    store: str | None = None,
    speed: float = 1.0,
    is_simulated: bool = True,
    replay: Path | str | None = None,
    record: Path | str | None = None,
    daemon_class: type[Daemon] = Daemon,
    parameters: Mapping[str, object] | None = None,
    **more_parameters: object,
) -> Iterator[Served]:
    """Serve a device file, with simulators in the place of its devices, for as long as the block runs.

    A temporary directory is ``MKTL_HOME``, ports are free ones, and nobody on the network is called.

    Args:
        path: Of the device file.
        store: The name of the store; that of the file when left out.
        speed: How much faster than real time the simulated devices live; at 0 only
            :meth:`Served.advance` moves their time.
        replay: A recording by ``markd --record``; it takes the place of the simulators, and at the end
            everything in it must have been asked, in its order, and nothing else.
        record: Where to write down what passes.
        is_simulated: False opens the links as the file has them.
        daemon_class: A subclass of ``mktl.Daemon``.
        parameters: Values for the file's ``[parameters]``.
        more_parameters: The same, as keywords: ``port=4001``.

    Raises:
        DeviceFileError: All that is wrong with the file.
        ReplayError: At the end, what was asked is not what was recorded; the text has the difference.
        LeakError: At the end, threads or open files are left; not when the block has failed already.
    """
    path = Path(path)
    name = store or store_of(path)
    before = Before()
    with ExitStack() as endings:
        endings.enter_context(apart())
        endings.callback(_close_shared, before)
        given = {key: str(value) for key, value in {**(parameters or {}), **more_parameters}.items()}
        configure.adopt(name, "test", path, given)
        arguments = SimpleNamespace(
            simulate=is_simulated and replay is None, speed=speed, replay=replay, record=record
        )
        daemon = daemon_class(name, "test", arguments, override=True)
        endings.callback(daemon.close)
        served = Served(daemon, _client_store(name, daemon.rep))
        simulators = dict(served.simulators)
        try:
            yield served
        except Exception as error:
            _add_difference(error, simulators)
            raise
        for simulator in simulators.values():
            simulator.verify()
    _raise_failures(simulators)
    before.check()


def _client_store(name: str, rep: int) -> Store:
    """The store as the daemon on port *rep* describes it to clients."""
    request = Request("GET", f"{name}._catalog")
    answer = client().request(f"tcp://{LOOPBACK}:{rep}", request, _CATALOG_S, _CATALOG_S).value
    store = Store(name)
    for block in answer.values():
        store.add_block(block)
    return store


def _close_shared(before: Before) -> None:
    """End what daemons and clients of a process share, unless somebody else had begun it."""
    if not before.has_shared:
        close_client()
        poll.close()


def _add_difference(error: Exception, simulators: Mapping[str, Any]) -> None:
    """What differs from a recording is often why a test has failed."""
    for simulator in simulators.values():
        try:
            simulator.verify()
        except MktlError as difference:
            error.add_note(str(difference))


def _raise_failures(simulators: Mapping[str, Any]) -> None:
    """What a simulated device raised is the test's failure: its line was dead from then on."""
    for link, simulator in simulators.items():
        failure = simulator.server.failure
        if failure is not None:
            raise MktlError(f"the simulated device of link {link} failed: {failure}") from failure


def _is_read(item: Any) -> bool:
    """Whether the item's value comes from its device when that is asked."""
    source = getattr(item, "source", None)
    return source is not None and not source.query.unsolicited
