"""A daemon's item answers: from a request off the wire to its one REP."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from ..errors import MktlError, NotSettableError
from ..protocol.incoming import Incoming
from ..protocol.message import Request
from ..wire.codec import VERSIONS, around, decode, encode
from ..wire.payload import Bulk, Payload
from .daemon_side import DaemonSide
from .reading import Reading
from .setting import Setting

#: What an answer to a SET has before and after the reading that was made of its value.
_AROUND_CURRENT = {version: around({"value": True}, "current", version) for version in VERSIONS}
#: The hooks that a SET may call.
_BEHIND_A_SET = ("req_set", "perform_set", "validate", "req_refresh", "perform_get")


class _Task:
    """Work for requests that wait; it may be refused as long as it has not begun."""

    __slots__ = ("refuse", "work")

    def __init__(self, work: Callable[[], object], refuse: Callable[[BaseException], object]) -> None:
        self.work = work
        self.refuse = refuse

    def __call__(self) -> None:
        self.work()


class Answers(DaemonSide):
    """The part of an authoritative item that takes requests and answers them, by way of its hooks."""

    # -- requests, as the daemon hands them in on the wire thread

    def _take_get(self, request: Incoming) -> bool:
        """Answer a GET at once when nothing has to be asked; else queue it. True: answered."""
        if request.payload.get("prime") and self.config.get("type") != "bulk":
            self._primer.start()
        asks = bool(request.payload.refresh)
        if not asks and not self._overrides("req_get"):
            request.answer_raw(*self._encode(self._reading, request.version))
            return True
        if asks and not self._overrides("req_get"):
            self._join_refresh(request)
            return False
        self._submit(_Task(partial(self._answer, request, self._get_now), request.refuse))
        return False

    def known(self, version: bytes) -> tuple[bytes, Bulk] | None:
        """Payload and bulk of what is answered to a plain GET; None when a hook has a say in it."""
        if self.config.get("gettable") is False or self._overrides("req_get"):
            return None
        return self._encode(self._reading, version)

    def _carry_out(self, raw: bytes, version: bytes) -> tuple[bytes, Bulk] | None:
        """Carry out a SET; payload and bulk of its answer. None when a hook has a say in it.

        Raises:
            MktlError: The value is not one of the item's.
        """
        if self.config.get("settable") is False or not self._is_plain():
            return None
        asked = decode(raw, version)
        if "value" not in asked:
            return None
        self.check_here()
        self.publish(self._checked_value(asked["value"]))
        if not asked.get("current"):
            return encode({"value": True}, version), None
        current, bulk = self._encode(self._reading, version)  # as it is broadcast
        before, after = _AROUND_CURRENT[version]
        return before + current + after, bulk

    def _set_plain(self, payload: Payload) -> Payload:
        self.check_here()
        self.publish(self._checked(payload))
        return self._response_to(payload, None)

    def _join_refresh(self, request: Incoming) -> None:
        """One refresh serves everybody who asks before it ends."""
        with self._lock:
            if self._joinable is not None:
                self._joinable.append(request)
                return
            self._joinable = waiting = [request]
        self._submit(_Task(partial(self._refresh_for, waiting), partial(_refuse_all, waiting)))

    def _refresh_for(self, waiting: list[Incoming]) -> None:
        error: Exception | None = None
        try:
            self.check_here()
            self.req_get(waiting[0])
        except Exception as raised:
            error = raised
            self.refresh_failed(raised)
        with self._lock:
            if self._joinable is waiting:
                self._joinable = None
        for request in waiting:
            if error is not None:
                request.refuse(error)
            else:
                request.answer_raw(*self._encode(self._reading, request.version))

    def _take_set(self, request: Incoming) -> bool:
        """Check a SET and queue it; it is refused here when its value is not the item's."""
        if self.config.get("settable") is False:
            raise NotSettableError(f"{self.full_key} is read only")
        if request.payload.bulk is None:  # arrays later: the first one imports NumPy, for 0.1 s
            request.payload["value"] = self._checked(request.payload)
            request.checked = True
            if self._is_plain():
                request.answer(self._set_plain(request.payload))
                return True
        with self._lock:
            self._joinable = None  # a refresh that is asked for from now on comes after this set
        self._queue_set(request)
        return False

    def _is_plain(self) -> bool:
        """True when nothing but the cache is behind this item: no hook could block the wire."""
        is_cached = self.publish_on_set and self._persist is None
        return is_cached and not self._overrides(*_BEHIND_A_SET)

    def _answer(self, request: Incoming, work: Callable[[Request], Payload]) -> None:
        try:
            response = work(request)
        except Exception as error:
            request.refuse(error)
        else:
            request.answer(response)

    def _queue_set(self, request: Incoming) -> None:
        """Carry out a SET in its turn; the answer comes when its hook is done."""
        if self.pub is None:
            self.check_here()
        assert self.pub is not None
        waiting = self.pub.waiting
        waiting.enter(self.full_key)

        def then(response: Payload | None, error: BaseException | None) -> None:
            waiting.leave()
            self._respond(request, response, error)

        self._submit(_Task(Setting(self, request, then).run, partial(then, None)))

    def _respond(self, request: Incoming, response: Payload | None, error: BaseException | None) -> None:
        if response is None or error is not None:
            request.refuse(error or MktlError(f"{self.full_key}: no response"))
        else:
            request.answer(response)

    def retire(self, reason: str) -> None:
        """Be no item of this daemon any more: what waits is refused with *reason*, nothing is published.

        What is being done is done; nothing more is begun.
        """
        self._gone = reason
        self.poll(None)
        self._primer.stop()
        self.pub = self._persist = None
        for task in self._lane.take_out(_Task) if self._lane is not None else ():
            task.refuse(MktlError(f"{self.full_key}: {reason}"))

    def _get_now(self, request: Request) -> Payload:
        refreshed = self.req_get(request)
        if refreshed is None:
            return self._reading.to_payload()
        value, time = refreshed.get("value"), refreshed.get("time")
        return Reading(value, time, status="ok").to_payload()

    def _set_here(self, request: Request) -> Payload:
        """A SET by the daemon's own process, in its turn; what is returned outlives a power cut."""
        assert self._lane is not None
        outcome: Future[Payload] = Future()

        def then(response: Payload | None, error: BaseException | None) -> None:
            if error is not None:
                outcome.set_exception(error)
            else:
                outcome.set_result(response or Payload())

        setting = Setting(self, request, then)
        if self._lane.is_here():
            setting.run(is_awaited=True)
        else:
            self._lane.submit(setting.run)
        return self._lane.result_of(outcome)

    def _response_to(self, asked: Payload, returned: Any) -> Payload:
        """What a SET is answered: a hook's own words, or plain success; and what became of the value."""
        response = _response(returned)
        if asked.get("current"):
            response["current"] = current = self._reading.to_payload()
            response.bulk = current.bulk
        return response

    def _show_what_was_set(self, value: Any) -> None:
        if self._refreshes() and self._overrides("req_set"):
            try:
                self.req_poll()
            except Exception as error:  # the set is done; that it cannot be read back shows on the item
                self.refresh_failed(error)
        else:
            self.publish(value)


def _refuse_all(requests: list[Incoming], error: BaseException) -> None:
    for request in requests:
        request.refuse(error)


def _response(returned: Any) -> Payload:
    """The payload of a SET's REP: a hook's own words, or plain success."""
    if not isinstance(returned, Payload):
        return Payload(True if returned is None else returned)
    response = Payload(bulk=returned.bulk)
    response.update(returned)
    return response
