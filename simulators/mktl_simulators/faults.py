"""What goes wrong between a device and its master, when told to, and the same way every time.

Faults stand between the model and the line: the device does its work and answers as ever, and the answer is
lost, late, cut or doubled on its way. Time is handed in. Orders may come from any thread.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["lose", "delay", "cut", "garble", "double", "split", "reset"]


class Piece(NamedTuple):
    """Bytes that go out in one write."""

    due_s: float
    data: bytes
    #: Whose command it answers, on lines where that makes a difference.
    whither: Hashable = None
    #: True when the reply ends with it, as the device ended it.
    is_end: bool = True


@dataclass(frozen=True, slots=True)
class Happened:
    """One reply that did not arrive as the device gave it: the *number* counts replies from 0."""

    number: int
    kind: Kind
    reply: bytes


@dataclass(frozen=True, slots=True)
class _Order:
    kind: Kind
    #: Seconds for a delay or a split, bytes to keep for a cut; None lets chance decide.
    amount: float | None = None


class Faults:
    """Orders for the replies to come; each takes one reply, in the order given.

    >>> faults = Faults()
    >>> faults.delay(2.0)
    >>> faults.pass_on(b"*IDN?", b"ACME,X100", now_s=10.0)
    >>> faults.due(now_s=11.9), faults.due(now_s=12.0)
    ([], [b'ACME,X100'])
    """

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._orders: deque[_Order] = deque()
        self._mute = False
        self._echo = False
        self._resets = 0
        self._impostor: tuple[bytes, bytes] | None = None
        self._rates: Mapping[Kind, float] = {}
        self._random_delay_s = 0.0
        self._pieces: deque[Piece] = deque()
        #: Every reply that was tampered with, mutes included.
        self.happened: list[Happened] = []
        #: Told what the device received and what it answered, before anything befalls that.
        self.witness: Callable[[bytes, bytes], object] | None = None
        #: How many replies the device gave in all.
        self.replies = 0

    # -- orders --------------------------------------------------------------------------------------

    def mute(self, replies: int | None = None) -> None:
        """Swallow so many replies, or all of them until :meth:`unmute`."""
        if replies is None:
            self._mute = True
        else:
            self._order(_Order("lose"), replies)

    def unmute(self) -> None:
        """Let replies through again."""
        self._mute = False

    def lose_next_reply(self) -> None:
        """Swallow one reply."""
        self._order(_Order("lose"))

    def delay(self, seconds: float, replies: int = 1) -> None:
        """Hold the next replies back; those after them wait, as a device does one thing at a time."""
        self._order(_Order("delay", seconds), replies)

    def cut(self, keep: int | None = None, replies: int = 1) -> None:
        """Send only the first *keep* bytes, or some of them."""
        self._order(_Order("cut", keep), replies)

    def garble(self, replies: int = 1) -> None:
        """Change one byte, any but the last two, which are often the end of the line."""
        self._order(_Order("garble"), replies)

    def double(self, replies: int = 1) -> None:
        """Send the reply twice."""
        self._order(_Order("double"), replies)

    def split(self, gap_s: float = 0.02, replies: int = 1) -> None:
        """Send the reply in two writes with a gap between them."""
        self._order(_Order("split", gap_s), replies)

    def reset(self, replies: int = 1) -> None:
        """Have the connection reset in the place of the reply; a serial port goes and comes back."""
        self._order(_Order("reset"), replies)

    def echo(self, on: bool = True) -> None:
        """Send back each byte that was received, before any reply to it."""
        self._echo = on

    def impersonate(self, query: bytes, reply: bytes) -> None:
        """Another device sits on the line: what is received with *query* in it gets *reply*, with its end."""
        self._impostor = query, reply

    def at_random(self, rates: Mapping[Kind, float], *, delay_s: float = 0.0) -> None:
        """Faults by chance, at most one a reply: the share of each kind, all together at most 1.

        A delay is *delay_s*, a split has a gap of a tenth of it.
        """
        if sum(rates.values()) > 1:
            raise ValueError(f"the shares add up to more than 1: {dict(rates)}")
        self._rates, self._random_delay_s = dict(rates), delay_s

    def seed(self, seed: int | str) -> None:
        """Let chance begin anew: the same replies suffer the same for the same *seed*."""
        with self._lock:
            self._random.seed(seed)

    def clear(self) -> None:
        """Take all orders back, also those of chance; what is on its way still comes."""
        with self._lock:
            self._orders.clear()
        self._mute, self._echo, self._impostor, self._rates = False, False, None, {}

    # -- the line ------------------------------------------------------------------------------------

    def pass_on(self, received: bytes, reply: bytes, now_s: float, whence: Hashable = None) -> None:
        """Take what the device received, what it answered, which may be nothing, and who asked."""
        if self.witness is not None:
            self.witness(received, reply)
        with self._lock:
            if self._echo:
                self._put(Piece(now_s, received, whence))
            if self._impostor and self._impostor[0] in received:
                reply = self._impostor[1]
            if reply:
                self._tamper(reply, now_s, whence)

    def due(self, now_s: float) -> list[bytes]:
        """What goes out by now, write by write."""
        return [piece.data for piece in self.due_pieces(now_s)]

    def due_pieces(self, now_s: float) -> list[Piece]:
        """The same, with what else is known of it."""
        with self._lock:
            out = []
            while self._pieces and self._pieces[0].due_s <= now_s:
                out.append(self._pieces.popleft())
            return out

    @property
    def next_due_s(self) -> float | None:
        """When the next bytes go out, None while there are none."""
        with self._lock:
            return self._pieces[0].due_s if self._pieces else None

    def take_reset(self) -> bool:
        """True once for each reply in the place of which the connection is to be reset."""
        with self._lock:
            wanted, self._resets = self._resets > 0, max(0, self._resets - 1)
        return wanted

    def drop_all(self) -> None:
        """The line went away, and with it what was on its way."""
        with self._lock:
            self._pieces.clear()

    def _order(self, order: _Order, times: int = 1) -> None:
        with self._lock:
            self._orders.extend([order] * times)

    def _tamper(self, reply: bytes, now_s: float, whence: Hashable) -> None:
        order = self._next_order()
        number, self.replies = self.replies, self.replies + 1
        if order is None:
            self._put(Piece(now_s, reply, whence))
            return
        self.happened.append(Happened(number, order.kind, reply))
        pieces = self._TAMPERING[order.kind](self, reply, order.amount)
        for left, (after_s, data) in zip(reversed(range(len(pieces))), pieces, strict=True):
            self._put(Piece(now_s + after_s, data, whence, not left and order.kind != "cut"))

    def _next_order(self) -> _Order | None:
        if self._mute:
            return _Order("lose")
        if self._orders:
            return self._orders.popleft()
        if self._rates:
            return self._by_chance()
        return None

    def _by_chance(self) -> _Order | None:
        drawn = self._random.random()
        for kind, share in self._rates.items():
            drawn -= share
            if drawn < 0:
                amount = {"delay": self._random_delay_s, "split": self._random_delay_s / 10}.get(kind)
                return _Order(kind, amount)
        return None

    def _put(self, piece: Piece) -> None:
        """Queue it; nothing overtakes what was queued before."""
        last_s = self._pieces[-1].due_s if self._pieces else piece.due_s
        self._pieces.append(piece._replace(due_s=max(piece.due_s, last_s)))

    # -- one method a kind: the pieces that come of a reply, with their delays --------------------------

    def _lose(self, _reply: bytes, _amount: float | None) -> list[tuple[float, bytes]]:
        return []

    def _delay(self, reply: bytes, seconds: float | None) -> list[tuple[float, bytes]]:
        return [(seconds or 0.0, reply)]

    def _cut(self, reply: bytes, keep: float | None) -> list[tuple[float, bytes]]:
        kept = self._random.randrange(1, max(len(reply), 2)) if keep is None else int(keep)
        return [(0.0, reply[:kept])] if kept else []

    def _garble(self, reply: bytes, _amount: float | None) -> list[tuple[float, bytes]]:
        at = self._random.randrange(max(len(reply) - 2, 1))
        # Any other byte that is no control character, as a parity error on one bit would leave it.
        other = self._random.choice([byte for byte in range(0x20, 0x7F) if byte != reply[at]])
        return [(0.0, reply[:at] + bytes([other]) + reply[at + 1 :])]

    def _double(self, reply: bytes, _amount: float | None) -> list[tuple[float, bytes]]:
        return [(0.0, reply + reply)]

    def _split(self, reply: bytes, gap_s: float | None) -> list[tuple[float, bytes]]:
        at = len(reply) // 2
        return [(0.0, reply[:at]), (gap_s or 0.0, reply[at:])] if at else [(0.0, reply)]

    def _reset(self, _reply: bytes, _amount: float | None) -> list[tuple[float, bytes]]:
        self._resets += 1
        return []

    _TAMPERING: Mapping[Kind, Callable[[Faults, bytes, float | None], list[tuple[float, bytes]]]] = {
        "lose": _lose,
        "delay": _delay,
        "cut": _cut,
        "garble": _garble,
        "double": _double,
        "split": _split,
        "reset": _reset,
    }
