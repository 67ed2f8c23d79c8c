"""The XPUB socket of a daemon, used by whichever thread has something to tell."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence

import zmq

from .. import poll
from ..wire.frames import pack_broadcast
from ..wire.payload import Bulk
from .audience import Audience
from .ports import bind, bind_first_free
from .quick import NOBLOCK, send_uncopied, try_send_broadcast
from .quick import send as send_copied

log = logging.getLogger(__name__)

#: Broadcasts that wait for a subscriber that does not read, at the most, and where images are among them.
#: The number cannot change later: ZeroMQ (4.3.5) would forget that there is room again, and at times a
#: connection that ends meanwhile would take the process with it.
MOST_WAITING, MOST_BULK_WAITING = 1600, 64
#: So long all others wait for who has no room, once: a burst is no reason to pass anybody over. Nobody waits
#: again before that one reads, or is cut off.
PATIENCE_S, LOOK_S = 0.2, 0.0005
#: A subscriber is called so often, and cut off when it has not answered for so long: one whose host is gone
#: would hold what waits for it for a quarter of an hour.
HEARTBEAT_MS, SILENT_MS = 10_000, 20_000
#: When there was no room for somebody, what was published since is sent again this often, for so long: until
#: whoever it was reads again, or has been cut off. ZeroMQ does not tell which.
AGAIN_S, TROUBLE_S = 0.5, 35.0

#: How often one who publishes looks who has subscribed, after that, unless somebody has asked meanwhile. To
#: look costs as much as two broadcasts, while the processor is wanted by who is to hear of this one.
LISTEN_S = 0.05
#: So long after a request it is looked each time, and before: who asks has just subscribed, perhaps, and
#: ZeroMQ by itself looks each millisecond, more or less. Twice as long as the other: else a subscription that
#: came after the last look would be missed by a broadcast after the end of this.
ALERT_S = 2 * LISTEN_S

Encode = Callable[[bytes], tuple[bytes, Bulk]]
Parts = Sequence[bytes | memoryview]
#: Sends without waiting.
HandOver = Callable[[zmq.Socket[bytes], Parts, int], None]


class Broadcaster:
    """Bound when it is made.

    The socket is used where the value is, under a lock: handing it to another thread would cost each
    broadcast a change of threads (30 µs and more).

    Args:
        context: The context that the socket is of.
        port: This port and no other.
        preferred: The port to try first, when *port* is left out.
        avoid: Ports of other daemons of this host.
        most_waiting: Broadcasts that are kept for a subscriber that does not read.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        port: int | None = None,
        *,
        preferred: int | None = None,
        avoid: Collection[int] = (),
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._audience = Audience()
        #: The thread whose broadcasts are kept back, and those.
        self._holder: int | None = None
        self._held: deque[tuple[Mapping[bytes, bytes], Encode]] = deque()
        self._listen_due_s = self._alert_until_s = 0.0
        #: What was published last of each topic since there was no room for somebody, and when, monotonic.
        self._owed: dict[bytes, tuple[float, Parts]] = {}
        self._trouble_ends_s = 0.0
        self._again: poll.Timer | None = None
        #: Broadcasts for which somebody was found to have no room.
        self.missed = 0
        # XPUB is PUB to a subscriber; here it tells which topics anybody wants.
        self._socket: zmq.Socket[bytes] = context.socket(zmq.XPUB)
        self._socket.linger = 0
        self._socket.set_hwm(most_waiting)
        # To be told when there is no room, instead of losing the newest without a word.
        self._socket.set(zmq.XPUB_NODROP, 1)
        self._socket.set(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        self._socket.set(zmq.HEARTBEAT_TIMEOUT, SILENT_MS)
        try:
            self.port = bind(self._socket, port) if port else bind_first_free(self._socket, preferred, avoid)
        except BaseException:
            self._socket.close()
            raise

    def publish(self, topics: Mapping[bytes, bytes], encode: Encode) -> None:
        """Broadcast, from any thread, in each version of the wire that somebody subscribes to.

        Args:
            topics: ``{version: topic}``.
            encode: Gives the payload and the bulk in a version; called only when it is wanted.
        """
        if self._holder is not None and self._holder == threading.get_ident():
            self._held.append((topics, encode))
            return
        with self._lock:
            if self._held:
                self._let_go()
            if self._closed:
                return
            now_s = time.monotonic()
            if now_s < self._alert_until_s:
                self._listen(now_s)
            sent = []
            wanted = self._audience.wanted
            # As _publish_wanted, with as few calls as can be: where it is done now and then, each takes five
            # to eight times what it takes in a row.
            for version, topic in topics.items():
                if not wanted[topic]:
                    continue
                raw, bulk = encode(version)
                is_plain = bulk is None and self._again is None
                if not (is_plain and try_send_broadcast(self._socket, topic, version, raw)):
                    self._send_form(topic, version, raw, bulk)
                sent.append(version)
            # Afterwards, mostly: who has waited long enough to hear has it sooner.
            if now_s >= self._listen_due_s and self._listen(now_s):
                self._publish_wanted(topics, encode, but=sent)

    def expect_subscribers(self) -> None:
        """Somebody asks, and is told after this: who asks for a value hears of every later one."""
        self._alert_until_s = time.monotonic() + ALERT_S

    def hold(self) -> None:
        """Keep back what this thread publishes, until :meth:`let_go` or until another thread publishes."""
        self._holder = threading.get_ident()

    @property
    def holds(self) -> bool:
        """True while something is kept back."""
        return bool(self._held)

    def let_go(self) -> None:
        """Publish what was kept back."""
        self._holder = None
        if self._held:
            with self._lock:
                self._let_go()

    def send(self, parts: Parts) -> None:
        """Broadcast frames that are ready, from any thread."""
        with self._lock:
            if not self._closed:
                self._send(bytes(parts[0]), parts)

    # -- with the lock held

    def _let_go(self) -> None:
        if self._closed:
            return
        self._listen(time.monotonic())  # once for all of them
        while self._held:
            self._publish_wanted(*self._held.popleft())

    def _listen(self, now_s: float) -> bool:
        """Look who has subscribed; True when that has changed."""
        self._listen_due_s = now_s + LISTEN_S
        return self._audience.listen(self._socket)

    def _publish_wanted(
        self, topics: Mapping[bytes, bytes], encode: Encode, but: Collection[bytes] = ()
    ) -> None:
        """Broadcast in the versions that are wanted, *but* in some."""
        for version, topic in topics.items():
            if self._audience.wanted[topic] and version not in but:
                self._send_form(topic, version, *encode(version))

    def _send_form(self, topic: bytes, version: bytes, raw: bytes, bulk: Bulk) -> None:
        parts = pack_broadcast(topic, raw, bulk, version)
        self._send(topic, parts, send_copied if bulk is None else send_uncopied)

    def _send(self, topic: bytes, parts: Parts, hand_over: HandOver = send_copied) -> None:
        """Give it to everybody who has room for it, and remember it for who has not."""
        try:
            hand_over(self._socket, parts, NOBLOCK)
        except zmq.Again:
            self._find_room(parts, hand_over)
        if self._again is not None:
            self._owed[topic] = time.monotonic(), parts

    def _find_room(self, parts: Parts, hand_over: HandOver) -> None:
        """Give it to everybody; to the others only, when somebody will have no room for it soon."""
        end_s = time.monotonic() + PATIENCE_S
        while self._again is None and time.monotonic() < end_s:
            time.sleep(LOOK_S)
            with contextlib.suppress(zmq.Again):
                hand_over(self._socket, parts, NOBLOCK)
                return
        self._note_trouble()
        # ZeroMQ passes over who has no room, without a word, until it reads again.
        self._socket.set(zmq.XPUB_NODROP, 0)
        hand_over(self._socket, parts, NOBLOCK)
        self._socket.set(zmq.XPUB_NODROP, 1)

    def _note_trouble(self) -> None:
        self.missed += 1
        self._trouble_ends_s = time.monotonic() + TROUBLE_S
        if self._again is None:
            log.info("a subscriber does not read; what is new is sent to it again when it does")
            self._again = poll.clock().every(AGAIN_S, self._send_again, delay_s=AGAIN_S)

    def _send_again(self) -> None:
        """Give the newest of each topic to who may have missed it; the others know it already."""
        with self._lock:
            if self._closed or self._again is None:
                return
            now_s = time.monotonic()
            if now_s > self._trouble_ends_s:
                self._end_trouble()
                return
            for topic, (sent_s, parts) in list(self._owed.items()):
                if now_s - sent_s > AGAIN_S / 2:
                    self._send(topic, parts)

    def _end_trouble(self) -> None:
        if self._again is not None:
            self._again.cancel()
        self._again = None
        self._owed.clear()

    def close(self) -> None:
        """Free the port."""
        with self._lock:
            self._closed = True
            self._end_trouble()
            self._socket.close()
