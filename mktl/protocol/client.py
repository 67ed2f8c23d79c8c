"""A client's end of the wire, one per process.

A blocking request takes the shortest way, a socket of the calling thread. Everything that arrives by itself
(broadcasts, and the answers to requests that nobody blocks on) arrives on one thread.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

import zmq

from ..wire.payload import Payload
from ..workers import Workers
from .asynchronous import Asynchronous
from .dealer import ACK_TIMEOUT_S, Dealer
from .message import Request
from .subscriptions import Listener, Subscriptions
from .waiter import Waiter

log = logging.getLogger(__name__)

#: How long a first subscription waits for the connection, so that no change falls before it.
CONNECT_S = 0.5
#: A connection for blocking requests that has not been used for so long is closed.
IDLE_S = 10.0

#: Called with the events on a socket or descriptor, and whether they were waited for.
Handler = Callable[[int, bool], None]


class Client:
    """All connections of one process to daemons."""

    def __init__(self) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._local = threading.local()
        #: When to look next for connections that nobody uses.
        self._idle_due_s: float | None = None
        self._dealers: list[Dealer] = []
        self._lock = threading.Lock()
        self._commands: deque[Callable[[], None]] = deque()
        self._asleep = False
        self._interrupted = False
        self._is_open = False
        self._subscriptions: dict[str, Subscriptions] = {}
        self._asynchronous: dict[str, Asynchronous] = {}
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._waiter = Waiter()
        self._handlers: dict[object, Handler] = {}
        self._register(self._wake_read, self._awake)
        #: Whose threads receive, and run callbacks, each item's in order.
        self.workers = Workers("mktl-client", source=self)

    def request(
        self, address: str, request: Request, timeout_s: float, ack_timeout_s: float = ACK_TIMEOUT_S
    ) -> Payload:
        """Send *request* to *address* (``tcp://host:port``) and wait for its response; see `Dealer`."""
        while True:
            dealer = self._dealer(address)
            with dealer.turn:
                if not dealer.closed:
                    try:
                        return dealer.request(request, timeout_s, ack_timeout_s)
                    finally:
                        dealer.used_s = time.monotonic()

    def _dealer(self, address: str) -> Dealer:
        dealers: dict[str, Dealer] | None = getattr(self._local, "dealers", None)
        if dealers is None:
            dealers = self._local.dealers = {}
        dealer = dealers.get(address)
        if dealer is None or dealer.closed:
            dealer = dealers[address] = Dealer(self._context, address)
            self._keep(dealer)
        return dealer

    def _keep(self, dealer: Dealer) -> None:
        """Remember *dealer* for close, and close those that nobody needs."""
        self._close_idle()
        with self._lock:
            self._dealers.append(dealer)
        if self._is_open:
            self._do(self._look_for_idle)

    def _close_idle(self) -> None:
        since_s = time.monotonic() - IDLE_S
        with self._lock:
            self._dealers = [old for old in self._dealers if not old.close_if_idle(since_s)]

    def _look_for_idle(self) -> None:
        """On the client's thread: close idle connections, now and as long as there are any."""
        self._close_idle()
        self._idle_due_s = time.monotonic() + IDLE_S if self._dealers else None

    def send(self, address: str, request: Request) -> None:
        """Send *request* without waiting; ``request.wait`` gives the response later."""
        request.about_to_wait = self.workers.lend
        if request.reply:
            request.expect()
        self._do(lambda: self._send_now(address, request))

    def _send_now(self, address: str, request: Request) -> None:
        sender = self._asynchronous_to(address)
        sender.send(request)
        if sender.waits:
            self._waiter.register(sender.socket, zmq.POLLIN | zmq.POLLOUT)

    def subscribe(self, address: str, topic: bytes, listener: Listener, wait_s: float = CONNECT_S) -> None:
        """Tell *listener*, on the client's thread, of every broadcast of *topic* from *address*.

        Returns once the subscription has been sent, or after *wait_s* seconds if nobody is there yet.
        """
        sent = threading.Event()
        connected: list[threading.Event] = []

        def add() -> None:
            subscriptions = self._subscriptions.get(address)
            if subscriptions is None:
                subscriptions = self._subscriptions[address] = Subscriptions(self._context, address)
                # What is known of the connection comes before what has come by it.
                self._register(subscriptions.monitor, subscriptions.watch)
                self._register(subscriptions.socket, subscriptions.receive)
            subscriptions.add(topic, listener)
            if subscriptions.connected.is_set():
                listener._found()
            connected.append(subscriptions.connected)
            sent.set()

        self._do(add)
        if self.workers.attends:
            return
        self.workers.lend()
        if sent.wait(wait_s):
            connected[0].wait(wait_s)

    def unsubscribe(self, address: str, topic: bytes, listener: Listener) -> None:
        """Tell *listener* no more of *topic* from *address*."""

        def remove() -> None:
            subscriptions = self._subscriptions.get(address)
            if subscriptions is None:
                return
            subscriptions.remove(topic, listener)
            if not subscriptions.listeners:  # its daemon has moved: nobody may ever come back here
                del self._subscriptions[address]
                for socket in (subscriptions.socket, subscriptions.monitor):
                    self._waiter.unregister(socket)
                    del self._handlers[socket]
                subscriptions.close()

        self._do(remove)

    def _asynchronous_to(self, address: str) -> Asynchronous:
        sender = self._asynchronous.get(address)
        if sender is None:
            sender = self._asynchronous[address] = Asynchronous(self._context, address)
            self._register(sender.socket, partial(self._serve, sender))
        return sender

    # -- the client's thread

    def _do(self, command: Callable[[], None]) -> None:
        self._commands.append(command)
        if not self._is_open:
            self._is_open = True
            self.workers.begin()
        if self._asleep:
            self._wake()

    def _wake(self) -> None:
        self._asleep = False
        try:
            os.write(self._wake_write, b".")
        except OSError:
            pass  # awake already, or gone

    def attend(self, busy: bool) -> None:
        """Take in what has come, and wait for it unless *busy*; see :class:`mktl.workers.Source`."""
        self._run_commands()
        due_s = self._next_due_s()
        self._asleep = True
        if busy or self._commands or self._interrupted:
            timeout_ms = 0
        else:
            timeout_ms = -1 if due_s is None else max(0, int((due_s - time.monotonic()) * 1000) + 1)
        ready = self._waiter.wait(timeout_ms)
        self._asleep = self._interrupted = False
        has_slept = self._waiter.has_slept
        for which, events in ready:
            # One of them may have closed another.
            self._handlers.get(which, _ignore)(events, has_slept)
        if due_s is not None and time.monotonic() >= due_s:
            self._look_at_the_time()

    def interrupt(self) -> None:
        """Have :meth:`attend` return."""
        self._interrupted = True
        if self._asleep:
            self._wake()

    def _run_commands(self) -> None:
        if self._commands:
            self._waiter.note_use()
        while self._commands:
            try:
                self._commands.popleft()()
            except Exception:
                log.exception("a command of the client raised")

    def _next_due_s(self) -> float | None:
        """When :meth:`_look_at_the_time` has something to do, monotonic."""
        first_s = self._idle_due_s
        daemons: Iterator[Asynchronous | Subscriptions] = chain(
            self._asynchronous.values(), self._subscriptions.values()
        )
        for daemon in daemons:
            due_s = daemon.next_due_s()
            if due_s is not None and (first_s is None or due_s < first_s):
                first_s = due_s
        return first_s

    def _look_at_the_time(self) -> None:
        self._waiter.note_use()
        now_s = time.monotonic()
        if self._idle_due_s is not None and now_s >= self._idle_due_s:
            self._look_for_idle()
        for subscriptions in self._subscriptions.values():
            subscriptions.connect_again(now_s)
        for sender in self._asynchronous.values():
            if not sender.receive():  # what has come and was not read yet is not overdue
                sender.expire(time.monotonic())

    def _awake(self, _events: int, _has_slept: bool) -> None:
        os.read(self._wake_read, 4096)

    def _serve(self, sender: Asynchronous, events: int, _has_slept: bool) -> None:
        """There is something from a daemon that was asked, or a connection to it at last."""
        if events & zmq.POLLOUT:
            sender.send_more()
            self._waiter.register(sender.socket, zmq.POLLIN | zmq.POLLOUT if sender.waits else zmq.POLLIN)
        if events & zmq.POLLIN:
            sender.receive()

    def _register(self, which: zmq.Socket[bytes] | int, handler: Handler) -> None:
        """Call *handler* whenever there is something on *which*."""
        self._handlers[which] = handler
        self._waiter.register(which)

    def close(self) -> None:
        """Close every connection; requests under way fail."""
        self.workers.close()
        for subscriptions in self._subscriptions.values():
            subscriptions.close()
        for sender in self._asynchronous.values():
            sender.close()
        for dealer in self._dealers:
            dealer.close()
        self._context.term()
        os.close(self._wake_read)
        os.close(self._wake_write)


def _ignore(_events: int, _has_slept: bool) -> None:
    """Nobody is there for it any more."""


_client: Client | None = None
_lock = threading.Lock()


def client() -> Client:
    """The connections of this process; made on first use."""
    global _client
    found = _client
    if found is None:
        with _lock:
            found = _client = _client or Client()
    return found


def close() -> None:
    """Close the connections of this process; the next use makes new ones."""
    global _client
    with _lock:
        old, _client = _client, None
    if old is not None:
        old.close()
