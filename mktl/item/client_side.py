"""What anybody can do with an item: get, set, subscribe, be called back."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any, Literal

from ..errors import MktlError, NoAnswerError, NotGettableError
from ..protocol.client import client
from ..protocol.message import NO_ACK_OR_REP, Request, error_payload, raise_error
from ..protocol.origin import origin
from ..wire.bulk import array_payload, is_array, to_plain
from ..wire.frames import topic
from ..wire.payload import Bulk, Payload
from . import formats
from .callbacks import Callback, Callbacks
from .known import Known
from .owner import Owner
from .quantity import from_quantity, to_quantity
from .reading import Reading, same_value

#: A broadcast older than what is known by less than this is one that a reply has overtaken.
OVERTAKEN_S = 1.0
#: How long a blocking set waits for callbacks of the new value; they may well be slower than that.
CALLED_BACK_S = 0.05


class ClientSide(Known):
    """The half of :class:`mktl.Item` that clients use, of their own items and of anybody's."""

    store: Owner
    key: str
    full_key: str
    authoritative: bool
    #: Seconds until a request that was acknowledged is given up.
    timeout: float

    _lock: threading.Lock
    _callbacks: Callbacks
    _subscribed_to: tuple[str, bytes]
    #: True from when the daemon was lost until it is known to be the same that is back.
    _suspended: bool
    #: False while it is subscribed and there is no connection by which it would hear of a change.
    _hears: bool
    #: Sent meanwhile by those who do not wait: they leave once the daemon has said who it is.
    _held: tuple[Request, ...] = ()

    # -- get

    def get(
        self,
        refresh: bool = False,
        formatted: bool = False,
        quantity: bool = False,
        *,
        stale: Literal["return", "raise"] = "return",
    ) -> Any:
        """The current value: what is known already when the item is subscribed, else the daemon's.

        Args:
            refresh: Have the daemon ask the hardware first.
            formatted: Return text as a person reads it.
            quantity: Return a ``pint.Quantity``; with *formatted* in the unit of the formatted form.
            stale: ``"raise"`` to have no value rather than one that cannot be trusted.

        Raises:
            StaleError: The value cannot be trusted, and *stale* is ``"raise"``; it says why, and since when.
            NoAnswerError: No daemon answers.
            RemoteError: The daemon refused, or the hardware failed; it says why.
        """
        if not isinstance(refresh, bool):
            raise TypeError(f"refresh is True or False, got {refresh!r}")
        if stale not in ("return", "raise"):
            raise ValueError(f"stale is 'return' or 'raise', got {stale!r}")
        answered = None
        if refresh or not self._subscribed or self._reading.status == "unset":
            answered = self._fetch(refresh)
        reading = self._reading
        if answered is not None and reading.status == "stale":
            reading = answered  # good as of now, whether or not the next change will be heard of
        if stale == "raise":
            reading.must_be_good(self.full_key)
        value = reading.value
        if quantity:
            return to_quantity(self.full_key, self.config, value, formatted)
        return formats.to_text(self.full_key, self.config, value) if formatted else value

    def _fetch(self, refresh: bool) -> Reading:
        payload = Payload(refresh=True) if refresh else Payload()
        known = self._reading
        return self._learn(self._ask(Request("GET", self.full_key, payload)), known)

    def _ask(self, request: Request) -> Payload:
        """The daemon's response to *request*; an authoritative item has its own way."""
        if self.config.get("gettable") is False and request.type == "GET":
            raise NotGettableError(f"{self.full_key} can be set but not read")
        if self._suspended:
            self.store.confirm(self.key)
            self._resume()
        route = self.store.route(self.key)
        request.version = route.version
        return client().request(route.rep, request, self.timeout)

    # -- set

    def set(
        self,
        new_value: Any,
        wait: bool = True,
        reply: bool = True,
        formatted: bool = False,
        quantity: bool = False,
    ) -> Any:
        """Set a new value; once this returns, :attr:`value` shows what the daemon made of it.

        Callbacks of this item have been called by then too, unless they take longer than 50 ms.

        Args:
            wait: False returns at once with a request that has ``wait(timeout)`` and ``poll()``.
            reply: False sends it off without asking for any answer; nothing is known of its fate.
            formatted: *new_value* is text as a person writes it.
            quantity: *new_value* is a ``pint.Quantity`` of any unit that fits.

        Raises:
            RemoteError: The daemon or the device refused, in its words.
            NoAnswerError: No daemon answers.
        """
        if quantity:
            new_value = from_quantity(self.full_key, self.config, new_value)
        elif formatted:
            new_value = self.from_format(new_value)
        payload = array_payload(new_value) if is_array(new_value) else Payload(to_plain(new_value))
        if not reply:
            request = Request("SET", self.full_key, payload, flags=NO_ACK_OR_REP)
            self._send(request)
            return request
        payload.update(origin(), current=True)
        request = Request("SET", self.full_key, payload)
        if not wait:
            self._send(request)
            return request
        response = self._ask(request)
        self._learn_current(response)
        self._callbacks.settle(CALLED_BACK_S)
        return None

    def _send(self, request: Request) -> None:
        """Send without waiting; after a loss not before it is known who is there now."""
        route = self.store.route(self.key)
        request.version = route.version
        with self._lock:
            if not self._suspended:
                client().send(route.rep, request)
                return
            if request.reply:
                request.expect()
            self._held = (*self._held, request)
            if len(self._held) > 1:
                return
        self.store.identify(self.key, self._send_held)

    def _send_held(self, is_same: bool) -> None:
        if is_same:
            self._resume()
            return
        with self._lock:
            held, self._held = self._held, ()
        address = self.store.route(self.key).rep
        text = f"{self.full_key}: its daemon does not answer at {address}; nothing was sent"
        for request in held:
            request.complete(error_payload(NoAnswerError(text)))

    def _resume(self) -> None:
        """The daemon is the one that was lost: what was held goes out, before anything newer."""
        address = self.store.route(self.key).rep
        with self._lock:
            for request in self._held:
                client().send(address, request)
            self._held, self._suspended = (), False

    def _learn_current(self, response: Payload) -> None:
        current = response.get("current")
        if isinstance(current, dict):
            self._learn_reading(Reading.from_fields(current, response.bulk))
        elif not self.authoritative and self.config.get("gettable") is not False:
            # A daemon of another make does not say what it made of the value: ask.
            self._fetch(False)

    # -- updates

    def register(self, callback: Callback, prime: bool = False) -> None:
        """Call ``callback(item, value, time)`` with each new value, in order, on another thread.

        A bound method is held weakly: it goes when its object does. With *prime* the callback is called
        once before this returns, if there is a value.

        Raises:
            TypeError: *callback* cannot be called.
        """
        self._callbacks.add(callback)
        self.subscribe()
        reading = self._reading
        if prime and reading.value is not None:
            self._callbacks.call(callback, reading)

    def subscribe(self, prime: bool = True) -> None:
        """Have updates arrive by themselves; done already for every item of :func:`mktl.get`.

        With *prime* the present value is fetched; a daemon that does not answer is no error here.
        """
        with self._lock:
            if self._subscribed:
                return
            self._subscribed, self._hears = True, self.authoritative
        if self.authoritative:
            return
        self._subscribed_to = self.store.route(self.key).pub, self._wanted()
        client().subscribe(*self._subscribed_to, self)
        self.store.watch(self.key)
        if prime and self.config.get("gettable") is not False:
            try:
                self._fetch(False)
            except MktlError as error:
                self._learn(Payload(None, status="stale", severity="invalid", reason=str(error)))

    def _wanted(self) -> bytes:
        return topic(self.full_key, self.store.route(self.key).version)

    def follow(self) -> None:
        """Subscribe anew if the daemon of this item is elsewhere by now."""
        here = self.store.route(self.key).pub, self._wanted()
        if self._subscribed and not self.authoritative and here != self._subscribed_to:
            client().unsubscribe(*self._subscribed_to, self)
            self._subscribed_to, self._hears = here, False
            client().subscribe(*here, self, wait_s=0.0)
            self.store.watch(self.key)
        elif self._suspended or self._hears:
            self._read_again()

    def _heard(self, fields: dict[str, Any], bulk: Bulk) -> None:
        """A broadcast: the newest there is, unless a reply has overtaken it, or somebody else sent it."""
        if self._suspended:
            return
        reading = Reading.from_fields(fields, bulk)
        with self._lock:
            known = self._reading
            time, known_time = reading.time, known.time
            if time == known_time:
                if self._callbacks and _is_repeat(reading, known):
                    return
            elif time is not None and known_time is not None and 0 < known_time - time < OVERTAKEN_S:
                return
            self._reading = reading
        self._callbacks.notify(reading)

    def _lost(self, reason: str) -> None:
        """The daemon is gone: say so, and keep what it said last."""
        with self._lock:
            known = self._reading
            self._suspended, self._hears = True, False
            if known.status == "stale":
                return
            self._reading = reading = known.flagged("stale", "invalid", reason)
        self._callbacks.notify(reading)
        self.store.seek()

    def _found(self) -> None:
        """Somebody listens there, for the first time or again."""
        self._hears = True
        self._read_again()

    def _read_again(self) -> None:
        """Who listens there? If it is the daemon of this item, what does it say now?"""
        if self._reading.status == "stale" and self.config.get("gettable") is not False:
            self.store.identify(self.key, self._identified)

    def _identified(self, is_same: bool) -> None:
        """The daemon is back, if it is: what it says now takes the place of what was stale."""
        if not is_same:
            self.store.seek()
            return
        self._resume()
        request = Request("GET", self.full_key, version=self.store.route(self.key).version)
        request.then = partial(self._learn_again, self._reading)
        client().send(self.store.route(self.key).rep, request)

    def _learn_again(self, asked_at: Reading, payload: Payload) -> None:
        """The first reply after a loss: it replaces *asked_at*, but not what has been heard since."""
        try:
            raise_error(payload)
            reading = Reading.from_payload(payload)
        except NoAnswerError:
            with self._lock:  # unless the answer to another question, or a broadcast, has come since
                if self._reading.status == "stale":
                    self._suspended = True  # it is asked again by who looks for lost daemons
            return
        except MktlError:
            return  # it is asked again when it is found again
        with self._lock:
            known = self._reading
            if known is not asked_at and known.status != "stale" and not _is_newer(reading, known):
                return
            if self._suspended or not self._hears:
                reading = self._as_trusted(reading)
            self._reading = reading
        self._callbacks.notify(reading)

    def _learn(self, payload: Payload, asked_at: Reading | None = None) -> Reading:
        """A reply; see :meth:`_learn_reading`."""
        raise_error(payload)
        return self._learn_reading(Reading.from_payload(payload), asked_at)

    def _learn_reading(self, answered: Reading, asked_at: Reading | None = None) -> Reading:
        """What was current when it was answered, so that a broadcast that came meanwhile wins.

        A change of status alone leaves the time as it was; then it counts whether anything has come since
        the question, when *asked_at* was known.
        """
        with self._lock:
            known, reading = self._reading, answered
            if self._suspended or not self._hears:
                reading = self._as_trusted(answered)
            if self._callbacks and _is_repeat(reading, known):
                return answered
            if reading.time is not None and _is_newer(known, reading):
                return answered
            if asked_at is not None and known is not asked_at and not _is_newer(reading, known):
                return answered
            self._reading = reading
        if reading.status != "unset":
            self._callbacks.notify(reading)
        return answered

    def _as_trusted(self, answered: Reading) -> Reading:
        """A reply, stale if nobody would say that it holds no more; with the lock held."""
        if answered.status == "stale":
            return answered
        known = self._reading
        reason = (
            known.reason if known.status == "stale" else "no connection by which it would hear of a change"
        )
        return answered.flagged("stale", "invalid", reason)

    # -- as people write it

    def to_format(self, value: Any) -> str:
        """*value* as text."""
        return formats.to_text(self.full_key, self.config, value)

    def to_quantity(self, value: Any, units: Any = None) -> Any:
        """*value*, in the item's unit, as a ``pint.Quantity``, or in *units*."""
        quantity = to_quantity(self.full_key, self.config, value)
        return quantity if units is None else quantity.to(units)

    def from_quantity(self, quantity: Any) -> Any:
        """The number that *quantity* is in the item's unit."""
        return from_quantity(self.full_key, self.config, quantity)

    def from_format(self, text: Any) -> Any:
        """The value that *text* stands for.

        Raises:
            KeyError: No such enumerator.
            TypeError: No number, where the item is one.
        """
        return formats.from_text(self.full_key, self.config, text)


def _is_newer(reading: Reading, known: Reading) -> bool:
    """True when *reading* was assumed after *known*; what has no time was so before anything else."""
    return reading.time is not None and (known.time is None or reading.time > known.time)


def _is_repeat(reading: Reading, known: Reading) -> bool:
    """True when nobody need be called with *reading*; an array may take milliseconds to compare."""
    return reading.time == known.time and reading.same_trust(known) and same_value(reading.value, known.value)
