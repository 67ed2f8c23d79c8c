"""One thread that stands between a simulated device and a file descriptor.

It owns the line: every descriptor is opened, used and closed in it, so that pulling the cable from another
thread is an order and no race. It sleeps until bytes come, a delayed reply is due or the model's time has
stood still for a while.
"""

from __future__ import annotations

import logging
import os
import selectors
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, Self, TypeVar

from mktl.errors import MktlError

from .dialect import Punctual, SimulatedDevice, Talkative
from .faults import Faults, Piece

log = logging.getLogger(__name__)

DeviceT = TypeVar("DeviceT", bound=SimulatedDevice)

Clock = Callable[[], float]

#: How long the model's time stands still at most while nobody speaks to it: a model that has to make up for
#: hours at once would answer late.
TICK_S = 0.25

#: The same for a device that speaks by itself, so that its lines come one by one.
TALK_TICK_S = 0.05

#: What waits for a master that does not read, in bytes; more is lost, as on a real line.
MOST_WAITING = 1 << 20


class LineServer(ABC, Generic[DeviceT]):
    """A device on a line. It serves from construction to :meth:`close`.

    *speed* times as much passes in the model as by the *clock*; at 0 its time moves by :meth:`advance` only.
    *keep* is how many of the last bytes received are kept, None for all.
    """

    def __init__(
        self,
        device: DeviceT,
        *,
        speed: float = 1.0,
        clock: Clock = time.monotonic,
        faults: Faults | None = None,
        keep: int | None = None,
    ) -> None:
        #: Touch it only within :meth:`hold`: the line's thread works on it.
        self.device = device
        self.faults = faults or Faults()
        self.speed = speed
        self._clock, self._keep = clock, keep
        self._last_s = clock()
        self._lock = threading.RLock()
        self._received = bytearray()
        self._waiting = bytearray()
        self._fd: int | None = None
        #: Who spoke last, on lines where that makes a difference.
        self._whence: Hashable = None
        self._orders: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._closing = False
        #: Set before the last orders are refused, so that an order is carried out, refused or not accepted.
        self._over = False
        #: What the model raised: the end of the line.
        self.failure: Exception | None = None
        self._selector = selectors.DefaultSelector()
        self._wake_r, self._wake_w = os.pipe()
        os.set_blocking(self._wake_w, False)
        self._selector.register(self._wake_r, selectors.EVENT_READ, self._wakened)
        self._thread = threading.Thread(
            target=self._serve, name=f"simulator-{type(device).__name__}", daemon=True
        )

    # -- from any thread -----------------------------------------------------------------------------

    @property
    def received(self) -> bytes:
        """Every byte the device was sent, or the last *keep* of them."""
        with self._lock:
            return bytes(self._received)

    @contextmanager
    def hold(self) -> Iterator[DeviceT]:
        """The device, standing still while you look at it or turn its knobs."""
        with self._lock:
            yield self.device

    def advance(self, dt_s: float) -> None:
        """Let the device's time pass at once, on top of what the clock gives it.

        What it says by itself meanwhile goes out when the line looks next; :meth:`nudge` has it look.
        """
        with self._lock:
            self.device.advance(dt_s)

    def nudge(self) -> None:
        """Have the line look at its clock now; on return it has sent what was due. For clocks set by hand."""
        self._do(self._catch_up)

    def unplug(self) -> None:
        """Pull the cable: whoever has the line open loses it, and nobody can open it."""
        self._do(self._unplug)

    def plug(self) -> None:
        """Put the cable back."""
        self._do(self._plug)

    def close(self) -> None:
        """Stop serving; no thread, descriptor or file is left. A second call does nothing."""
        if self._closing:
            return
        self._closing = True
        self._wake()
        self._thread.join()
        self._selector.close()
        os.close(self._wake_r)
        os.close(self._wake_w)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()
        if self.failure and kind is None:
            raise self.failure

    def _start(self) -> None:
        """Begin to serve, or leave nothing behind."""
        self._thread.start()
        try:
            self.plug()
        except BaseException:
            self.close()
            raise

    def _do(self, work: Callable[[], None]) -> None:
        """Have the line's thread do something, and wait for it."""
        done: Future[None] = Future()
        self._orders.append((work, done))
        if not self._closing:
            self._wake()
        if self._over:
            raise self._closed()
        done.result()

    def _wake(self) -> None:
        try:
            os.write(self._wake_w, b"\0")
        except BlockingIOError:  # it is about to look anyway
            pass

    # -- in the line's thread ------------------------------------------------------------------------

    @property
    @abstractmethod
    def url(self) -> str:
        """What a program opens."""

    @abstractmethod
    def _plug(self) -> None:
        """Open the line, if it is not open."""

    @abstractmethod
    def _unplug(self) -> None:
        """Close the line, if it is open."""

    @abstractmethod
    def _lost(self) -> None:
        """The other end of the descriptor in use has gone."""

    def _reset(self) -> None:
        """End the connection; the next one may begin."""
        self._unplug()
        self._plug()

    def _look_after_line(self) -> None:
        """Once each turn, and after each read before its reply goes out."""

    def _attach(self, fd: int) -> None:
        """Speak through this descriptor from now on."""
        os.set_blocking(fd, False)
        self._fd = fd
        self._selector.register(fd, selectors.EVENT_READ, self._ready)

    def _detach(self) -> int | None:
        """Leave the descriptor in use, for the caller to close, with all that waits to go through it."""
        fd, self._fd = self._fd, None
        if fd is not None:
            self._selector.unregister(fd)
        self._waiting.clear()
        self.faults.drop_all()
        return fd

    def _serve(self) -> None:
        try:
            while not self._closing:
                for key, events in self._selector.select(self._pause_s()):
                    key.data(events)
                self._look_after_line()
                self._catch_up()
                self._obey()
        except Exception as error:
            log.exception("%s failed; its line is dead", type(self.device).__name__)
            self.failure = error
        finally:
            self._unplug()
            self._refuse_orders()

    def _pause_s(self) -> float:
        tick_s = self._tick_s()
        due_s = self.faults.next_due_s
        return tick_s if due_s is None else min(max(due_s - self._clock(), 0.0), tick_s)

    def _tick_s(self) -> float:
        """How long the line may sleep at most."""
        if not isinstance(self.device, Punctual):
            return TALK_TICK_S if isinstance(self.device, Talkative) else TICK_S
        with self._lock:
            due_s = self.device.due_in_s
        return TICK_S if due_s is None or not self.speed else min(due_s / self.speed, TICK_S)

    def _catch_up(self) -> None:
        """Send what is due by now, of replies and of what the device says by itself."""
        self._pass_time()
        self._send_due()

    def _pass_time(self) -> float:
        """Bring the model up to now, which is returned."""
        now_s = self._clock()
        passed_s, self._last_s = now_s - self._last_s, now_s
        with self._lock:
            if passed_s > 0:
                self.device.advance(passed_s * self.speed)
            said = self.device.unasked() if isinstance(self.device, Talkative) else b""
        # While earlier bytes wait nobody listens, and a device does not repeat itself later.
        if said and not self._waiting:
            self.faults.pass_on(b"", said, now_s, self._whence)
        return now_s

    def _ready(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._write()
        if events & selectors.EVENT_READ and self._fd is not None:
            self._read(self._fd)

    def _read(self, fd: int) -> bool:
        """Take what is there; False when nothing is."""
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._lost()
            return False
        self._hear(data)
        return True

    def _hear(self, data: bytes, whence: Hashable = None) -> None:
        """Hand *data* to the device, and to the faults what it answers to who sent it."""
        self._look_after_line()
        now_s = self._pass_time()
        self._whence = whence
        with self._lock:
            self._received += data
            if self._keep is not None:
                del self._received[: -self._keep or None]
            reply = self.device.receive(data)
        self.faults.pass_on(data, reply, now_s, whence)
        self._send_due()

    def _send_due(self) -> None:
        if self.faults.take_reset():
            self._reset()
        for piece in self.faults.due_pieces(self._clock()):
            self._put(piece)

    def _put(self, piece: Piece) -> None:
        """Let *piece* go out."""
        self._queue(piece.data)

    def _queue(self, data: bytes) -> None:
        """Send *data*, now or as soon as the line takes it."""
        if self._fd is not None and len(self._waiting) + len(data) <= MOST_WAITING:
            self._waiting += data
            self._write()

    def _write(self) -> None:
        """Send what waits, as far as the line takes it."""
        if self._fd is None:
            return
        try:
            del self._waiting[: os.write(self._fd, self._waiting)]
        except BlockingIOError:
            pass
        except OSError:
            self._lost()
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._waiting else 0)
        if self._selector.get_key(self._fd).events != events:
            self._selector.modify(self._fd, events, self._ready)

    def _wakened(self, _events: int) -> None:
        os.read(self._wake_r, 4096)

    def _obey(self) -> None:
        while self._orders:
            work, done = self._orders.popleft()
            try:
                work()
            except Exception as error:
                done.set_exception(error)
            else:
                done.set_result(None)

    def _refuse_orders(self) -> None:
        self._over = True
        while self._orders:
            self._orders.popleft()[1].set_exception(self._closed())

    def _closed(self) -> MktlError:
        error = MktlError(f"the line of {type(self.device).__name__} is closed")
        error.__cause__ = self.failure
        return error
