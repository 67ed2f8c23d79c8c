"""A daemon's end of the wire: one thread that owns the ROUTER, and a socket for broadcasts.

Requests are handed to *answer* on that thread, which must never block: what it can say at once goes out as
a REP without an ACK (a REP counts as both); for the rest the ACK goes out here and now, and the REP comes
later from whichever thread has the result.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping

import zmq

from ..errors import MktlError
from ..limits import Limits, raised_by
from ..wire.frames import GET, NO_REP, SET, FrameError, Frames, pack_reply, unpack
from ..wire.payload import Bulk
from .broadcaster import MOST_WAITING, Broadcaster, Encode
from .incoming import Incoming
from .message import error_payload
from .outbox import Outbox, Parts
from .pace import Pace
from .ports import bind, bind_first_free
from .quick import is_readable, receive_from_any
from .waiter import Waiter

log = logging.getLogger(__name__)

#: Requests taken between two looks at what other threads want sent.
BURST = 100
#: Milliseconds that broadcasts wait for another SET of the same client; see :mod:`.pace`.
KEPT_MS = 1


class Server:
    """Ports are bound when it is made; requests are served from :meth:`start` to :meth:`close`.

    Args:
        answer: Called with each request on the wire thread. True: it has been answered. False: the answer
            follows, and the ACK is due now.
        known: Called with the target of a GET and the version of the wire: payload and bulk of what is
            known of it, or None to have *answer* deal with it. What it raises, *answer* would raise too.
        put: The same of a SET, called with its payload too; it has been carried out then.
        ports: The request and broadcast port to try first.
        avoid: Ports of other daemons of this host.
        only_port: Take requests on this port and no other.
        broadcasts: False leaves the second socket away.
        most_waiting: Broadcasts that are kept for a subscriber that does not read.
        limits: What it takes; what the environment says when left out.
    """

    #: Broadcast, from any thread; see :meth:`Broadcaster.publish`.
    publish: Callable[[Mapping[bytes, bytes], Encode], None]

    def __init__(
        self,
        answer: Callable[[Incoming], bool],
        *,
        known: Callable[[bytes, bytes], tuple[bytes, Bulk] | None] | None = None,
        put: Callable[[bytes, bytes, bytes], tuple[bytes, Bulk] | None] | None = None,
        ports: tuple[int | None, int | None] = (None, None),
        avoid: Collection[int] = (),
        only_port: int | None = None,
        broadcasts: bool = True,
        most_waiting: int = MOST_WAITING,
        limits: Limits | None = None,
    ) -> None:
        self._answer = answer
        self._known = known
        self._put = put
        limits = limits or Limits.from_environment()
        self._most_bytes = limits.payload_bytes
        self._context = zmq.Context()
        self._outgoing: deque[Parts] = deque()
        self._asleep = False
        self._stop = False
        self._thread: threading.Thread | None = None
        self._wire_thread = 0
        self._waiter = Waiter()
        self._afterwards: list[Callable[[], None]] = []
        #: What to call when there is something to read, by socket or descriptor.
        self._readers: dict[zmq.Socket[bytes] | int, Callable[[], object]] = {}
        self._broadcaster: Broadcaster | None = None
        self._pace = Pace()
        #: The client whose next SET is waited for with the broadcasts of those before.
        self._kept_for: bytes | None = None
        #: Messages that were no mKTL and could not be answered.
        self.dropped = 0
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._router: zmq.Socket[bytes] = self._context.socket(zmq.ROUTER)
        self._router.linger = 0
        self._router.set(zmq.RCVHWM, 0)
        self._outbox = Outbox(self._router, limits)
        try:
            # ZeroMQ drops the connection on which more is announced, before it takes memory for it.
            self._router.set(zmq.MAXMSGSIZE, limits.frame_bytes)
            # A client that reconnects under its former identity takes the place of the dead one.
            self._router.set(zmq.ROUTER_HANDOVER, 1)
            self.rep = (
                bind(self._router, only_port) if only_port else bind_first_free(self._router, ports[0], avoid)
            )
            if broadcasts:
                taken = [*avoid, self.rep]
                self._broadcaster = Broadcaster(
                    self._context, preferred=ports[1], avoid=taken, most_waiting=most_waiting
                )
                self.publish = self._broadcaster.publish
        except BaseException:
            self._release()
            raise

    @property
    def pub(self) -> int:
        """The port of the broadcasts."""
        assert self._broadcaster is not None
        return self._broadcaster.port

    def watch(self, fd: int, function: Callable[[], None]) -> None:
        """Call *function* on the wire thread when *fd* can be read; before :meth:`start`."""
        self._readers[fd] = function

    def when_closed(self, function: Callable[[], None]) -> None:
        """Call *function* once the wire thread has ended."""
        self._afterwards.append(function)

    def start(self) -> None:
        """Begin to serve."""
        self._thread = threading.Thread(target=self._run, name=f"mktl-wire-{self.rep}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving and free both ports; what has been answered until now is still sent."""
        if self._stop:
            return
        self._stop = True
        if self._thread is not None:
            self._wake()
            self._thread.join()
        for function in self._afterwards:
            function()
        self._release()

    def _release(self) -> None:
        if self._broadcaster is not None:
            self._broadcaster.close()
        self._router.close()
        self._context.term()
        os.close(self._wake_read)
        os.close(self._wake_write)

    # -- sending from other threads

    def _send(self, parts: Parts) -> None:
        if threading.get_ident() == self._wire_thread:
            self._send_now(parts)
            return
        self._outgoing.append(parts)
        if self._asleep:  # otherwise the wire thread looks before it sleeps
            self._wake()

    def _wake(self) -> None:
        self._asleep = False
        try:
            os.write(self._wake_write, b".")
        except (BlockingIOError, OSError):
            pass  # it has been woken often enough already, or it is gone

    # -- the wire thread

    def _run(self) -> None:
        self._wire_thread = threading.get_ident()
        waiter = self._waiter
        self._readers[self._router] = self._receive
        self._readers[self._wake_read] = lambda: os.read(self._wake_read, 4096)
        for each in self._readers:
            waiter.register(each)
        while not self._stop:
            self._asleep = True
            waiter.note_use()  # answers are sent by it whenever they are there
            ready = waiter.wait(self._timeout_ms())
            self._asleep = False
            for which, _ in ready:
                try:
                    self._readers[which]()
                except Exception:
                    log.exception("the wire thread goes on after a mistake")
            if (self._router, zmq.POLLIN) not in ready:
                self._let_go()
            self._flush()
        self._let_go()
        self._flush()
        self._wire_thread = 0

    def _timeout_ms(self) -> int:
        if self._outgoing or self._stop:
            return 0
        return -1 if self._kept_for is None else KEPT_MS

    def _let_go(self) -> None:
        """Have the broadcasts leave that were kept back, if any."""
        if self._kept_for is not None:
            assert self._broadcaster is not None
            self._kept_for = None
            self._broadcaster.let_go()

    def _flush(self) -> None:
        while self._outgoing:
            self._send_now(self._outgoing.popleft())

    def _send_now(self, parts: Parts) -> None:
        self._outbox.send(parts)

    def _receive(self) -> None:
        """Take what has arrived, at most a burst; one only, after sleep: the waiter looks for more."""
        router = self._router
        for count in range(1 if self._waiter.has_slept else BURST):
            if count and not is_readable(router):
                return
            try:
                parts = receive_from_any(router)
            except zmq.Again:
                return
            self._take(parts)

    def _take(self, parts: list[bytes]) -> None:
        route, frames = parts[0], self._unpack(parts)
        if self._kept_for is not None and not (frames and frames.type == SET and route == self._kept_for):
            self._let_go()
        if frames is None:
            return
        if self._broadcaster is not None:
            self._broadcaster.expect_subscribers()
        if frames.type == SET:
            self._take_set(frames, route)
        elif not self._answer_known(frames, route):
            self._answer_at_length(frames, route)

    def _unpack(self, parts: list[bytes]) -> Frames | None:
        """The request in *parts*; None when it is none, and has been refused."""
        route = parts[0]
        try:
            frames = unpack(parts[1:])
        except FrameError as error:
            self._reject(route, error.id, 0, error)
            return None
        if len(frames.payload) > self._most_bytes:  # it is read here, while everybody waits
            self._reject(route, frames.id, frames.flags, self._too_large(len(frames.payload)))
            return None
        if frames.type not in (GET, SET):
            self._reject(route, frames.id, frames.flags, MktlError(f"no such request: {frames.type[:20]!r}"))
            return None
        return frames

    def _take_set(self, frames: Frames, route: bytes) -> None:
        """A SET: who waits for the answer has it before anybody has what is published."""
        broadcaster = self._broadcaster
        if broadcaster is None:
            self._answer_at_length(frames, route)
            return
        broadcaster.hold()
        if not self._carry_out(frames, route):
            self._answer_at_length(frames, route)
        if self._pace.may_wait(route, time.monotonic()) and broadcaster.holds:
            self._kept_for = route
        else:
            self._kept_for = None
            broadcaster.let_go()

    # The short ways, for most requests: no objects, no queue. What raises here raises at length too.

    def _answer_known(self, frames: Frames, route: bytes) -> bool:
        """Answer a GET of what is known; False: it has not been answered."""
        if self._known is None or frames.payload or frames.flags or frames.bulk:
            return False
        try:
            known = self._known(frames.target, frames.version)
        except Exception:
            return False
        if known is None:
            return False
        self._send_now([route, *pack_reply(frames.id, *known, frames.version)])
        return True

    def _carry_out(self, frames: Frames, route: bytes) -> bool:
        """Carry out a SET with nothing but a value behind its item; False: it has not been answered."""
        if self._put is None or frames.flags or frames.bulk is not None:
            return False
        try:
            done = self._put(frames.target, frames.version, frames.payload)
        except Exception:
            return False
        if done is None:
            return False
        self._send_now([route, *pack_reply(frames.id, *done, frames.version)])
        return True

    def _answer_at_length(self, frames: Frames, route: bytes) -> None:
        try:
            request = Incoming(frames, route, self._send)
        except MktlError as error:
            self._reject(route, frames.id, frames.flags, error)
        else:
            self._deal_with(request)

    def _deal_with(self, request: Incoming) -> None:
        try:
            answered = self._answer(request)
        except Exception as error:
            request.refuse(error)
            return
        if not answered:
            request.acknowledge()

    def _too_large(self, count: int) -> MktlError:
        return MktlError(
            f"a payload of {count} bytes is not read, {self._most_bytes} at the most; "
            f"send arrays as bulk data; {raised_by('payload_mb')}"
        )

    def _reject(self, route: bytes, id: bytes, flags: int, error: MktlError) -> None:
        if not id or flags & NO_REP:
            self.dropped += 1
            return
        self._send_now([route, *pack_reply(id, error_payload(error).encode())])
