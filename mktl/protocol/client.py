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
from collections.abc import Callable

import zmq
import zmq.utils.monitor

from ..errors import MktlError, NoAnswerError
from ..wire.frames import ACK, REP, FrameError, unpack, unpack_broadcast
from ..workers import Workers
from .dealer import ACK_TIMEOUT_S, Dealer
from .message import Payload, Request, error_payload

log = logging.getLogger(__name__)

#: Broadcasts that wait in this process before ZeroMQ drops some; 0 would be without limit.
MOST_BROADCASTS = 200_000
#: How long a first subscription waits for the connection, so that no change falls before it.
CONNECT_S = 0.5

Listener = Callable[[Payload], None]


class Subscriptions:
    """The SUB socket to one daemon and who listens to what; lives on the client's thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str) -> None:
        self.connected = threading.Event()
        self.socket: zmq.Socket[bytes] = context.socket(zmq.SUB)
        self.socket.linger = 0
        self.socket.set_hwm(MOST_BROADCASTS)
        self.monitor = self.socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        self.socket.connect(address)
        self.listeners: dict[bytes, tuple[Listener, ...]] = {}

    def add(self, topic: bytes, listener: Listener) -> None:
        if topic not in self.listeners:
            self.socket.subscribe(topic)
        self.listeners[topic] = (*self.listeners.get(topic, ()), listener)

    def receive(self, most: int = 1000) -> None:
        for _ in range(most):
            try:
                parts = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._dispatch(parts)

    def _dispatch(self, parts: list[bytes]) -> None:
        try:
            topic, raw, bulk = unpack_broadcast(parts)
            listeners = self.listeners.get(topic)
            if not listeners:
                return
            payload = Payload.decode(raw, bulk)
        except MktlError as error:
            log.debug("a broadcast was dropped: %s", error)
            return
        for listener in listeners:
            try:
                listener(payload)
            except Exception:
                log.exception("a listener of %r raised", topic)

    def watch(self) -> None:
        """Follow whether the daemon is there."""
        while self.monitor.poll(0):
            event = zmq.utils.monitor.recv_monitor_message(self.monitor)
            if event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self.connected.set()
            elif event["event"] == zmq.EVENT_DISCONNECTED:
                self.connected.clear()

    def close(self) -> None:
        self.socket.disable_monitor()
        self.monitor.close()
        self.socket.close()


class Asynchronous:
    """The DEALER to one daemon for requests nobody blocks on; lives on the client's thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str) -> None:
        self.address = address
        self.socket: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.set_hwm(0)
        self.socket.connect(address)
        #: id → the request and, until its ACK has come, when that is due.
        self.pending: dict[bytes, tuple[Request, float | None]] = {}

    def send(self, request: Request) -> None:
        if not request.flags:
            self.pending[request.id] = (request, time.monotonic() + ACK_TIMEOUT_S)
        self.socket.send_multipart(request.parts(), zmq.NOBLOCK)
        if request.flags:
            request.complete(Payload())

    def receive(self, most: int = 1000) -> None:
        for _ in range(most):
            try:
                parts = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._dispatch(parts)

    def _dispatch(self, parts: list[bytes]) -> None:
        try:
            frames = unpack(parts)
        except FrameError:
            return
        if frames.type == ACK and frames.id in self.pending:
            self.pending[frames.id] = (self.pending[frames.id][0], None)
        elif frames.type == REP and frames.id in self.pending:
            request, _ = self.pending.pop(frames.id)
            try:
                request.complete(Payload.decode(frames.payload, frames.bulk))
            except MktlError as error:
                request.complete(error_payload(error))

    def next_due_s(self) -> float | None:
        """When the first missing ACK is overdue; monotonic."""
        return min((due for _, due in self.pending.values() if due is not None), default=None)

    def expire(self, now_s: float) -> None:
        for id, (request, due_s) in list(self.pending.items()):
            if due_s is not None and now_s > due_s:
                del self.pending[id]
                text = f"{request.target}: no ACK from {self.address} within {ACK_TIMEOUT_S:g} s"
                request.complete(error_payload(NoAnswerError(text)))

    def close(self) -> None:
        for request, _ in self.pending.values():
            request.complete(error_payload(NoAnswerError(f"{request.target}: the client was closed")))
        self.socket.close()


class Client:
    """All connections of one process to daemons."""

    def __init__(self) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._local = threading.local()
        self._dealers: list[Dealer] = []
        self._lock = threading.Lock()
        self._commands: deque[Callable[[], None]] = deque()
        self._asleep = False
        self._stop = False
        self._thread: threading.Thread | None = None
        self._subscriptions: dict[str, Subscriptions] = {}
        self._asynchronous: dict[str, Asynchronous] = {}
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        #: Where callbacks run: off the thread that receives, each item's in order.
        self.workers = Workers("mktl-callback")

    def request(
        self, address: str, request: Request, timeout_s: float, ack_timeout_s: float = ACK_TIMEOUT_S
    ) -> Payload:
        """Send *request* to *address* (``tcp://host:port``) and wait for its response; see `Dealer`."""
        return self._dealer(address).request(request, timeout_s, ack_timeout_s)

    def _dealer(self, address: str) -> Dealer:
        dealers: dict[str, Dealer] | None = getattr(self._local, "dealers", None)
        if dealers is None:
            dealers = self._local.dealers = {}
        dealer = dealers.get(address)
        if dealer is None:
            dealer = dealers[address] = Dealer(self._context, address)
            self._keep(dealer)
        return dealer

    def _keep(self, dealer: Dealer) -> None:
        """Remember *dealer* for close, and close those whose threads have ended."""
        with self._lock:
            ended = [old for old in self._dealers if not old.thread.is_alive()]
            self._dealers = [old for old in self._dealers if old.thread.is_alive()]
            self._dealers.append(dealer)
        for old in ended:
            old.close()

    def send(self, address: str, request: Request) -> None:
        """Send *request* without waiting; ``request.wait`` gives the response later."""
        request.expect()
        self._do(lambda: self._asynchronous_to(address).send(request))

    def subscribe(self, address: str, topic: bytes, listener: Listener, wait_s: float = CONNECT_S) -> None:
        """Call *listener* on the client's thread with every broadcast of *topic* from *address*.

        Returns once the subscription has been sent, or after *wait_s* seconds if nobody is there yet.
        """
        sent = threading.Event()
        connected: list[threading.Event] = []

        def add() -> None:
            subscriptions = self._subscriptions.get(address)
            if subscriptions is None:
                subscriptions = self._subscriptions[address] = Subscriptions(self._context, address)
                self._poller.register(subscriptions.socket, zmq.POLLIN)
                self._poller.register(subscriptions.monitor, zmq.POLLIN)
            subscriptions.add(topic, listener)
            connected.append(subscriptions.connected)
            sent.set()

        self._do(add)
        if threading.current_thread() is self._thread:
            return
        if sent.wait(wait_s):
            connected[0].wait(wait_s)

    def _asynchronous_to(self, address: str) -> Asynchronous:
        sender = self._asynchronous.get(address)
        if sender is None:
            sender = self._asynchronous[address] = Asynchronous(self._context, address)
            self._poller.register(sender.socket, zmq.POLLIN)
        return sender

    # -- the client's thread

    def _do(self, command: Callable[[], None]) -> None:
        if self._thread is None:
            self._start()
        self._commands.append(command)
        if self._asleep:
            self._wake()

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            self._poller = zmq.Poller()
            self._poller.register(self._wake_read, zmq.POLLIN)
            self._thread = threading.Thread(target=self._run, name="mktl-client", daemon=True)
            self._thread.start()

    def _wake(self) -> None:
        self._asleep = False
        try:
            os.write(self._wake_write, b".")
        except OSError:
            pass  # awake already, or gone

    def _run(self) -> None:
        while not self._stop:
            self._run_commands()
            self._asleep = True
            timeout_ms = 0 if self._commands or self._stop else self._patience_ms()
            ready = dict(self._poller.poll(timeout_ms))
            self._asleep = False
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
            self._receive(ready)

    def _run_commands(self) -> None:
        while self._commands:
            try:
                self._commands.popleft()()
            except Exception:
                log.exception("a command of the client raised")

    def _patience_ms(self) -> int:
        due_s = [due for sender in self._asynchronous.values() if (due := sender.next_due_s()) is not None]
        if not due_s:
            return -1
        return max(0, int((min(due_s) - time.monotonic()) * 1000) + 1)

    def _receive(self, ready: dict[object, int]) -> None:
        for subscriptions in self._subscriptions.values():
            if subscriptions.monitor in ready:
                subscriptions.watch()
            if subscriptions.socket in ready:
                subscriptions.receive()
        for sender in self._asynchronous.values():
            if sender.socket in ready:
                sender.receive()
            if sender.pending:
                sender.expire(time.monotonic())

    def close(self) -> None:
        """Close every connection; requests under way fail."""
        self._stop = True
        if self._thread is not None:
            self._wake()
            self._thread.join()
        self.workers.close()
        for connection in (*self._subscriptions.values(), *self._asynchronous.values(), *self._dealers):
            connection.close()
        self._context.term()
        os.close(self._wake_read)
        os.close(self._wake_write)


_client: Client | None = None
_lock = threading.Lock()


def client() -> Client:
    """The connections of this process; made on first use."""
    global _client
    with _lock:
        if _client is None:
            _client = Client()
        return _client


def close() -> None:
    """Close the connections of this process; the next use makes new ones."""
    global _client
    with _lock:
        old, _client = _client, None
    if old is not None:
        old.close()
