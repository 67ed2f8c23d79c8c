"""A SET in its daemon, from the hook to the response: at once, or when a Future of the hook is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import BusyError, MktlError
from ..limits import raised_by
from ..protocol.message import Request
from ..wire.payload import Payload

if TYPE_CHECKING:
    from .answers import Answers

Then = Callable[[Payload | None, BaseException | None], object]


class Waiting:
    """Counts the SETs of a daemon that wait, and lets no more than *most* in."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._count = 0
        self._lock = threading.Lock()

    def enter(self, full_key: str) -> None:
        """Take one in.

        Raises:
            BusyError: There are too many; this one will not be carried out.
        """
        with self._lock:
            if self._count >= self.most:
                raise BusyError(
                    f"{full_key}: busy, {self.most} SETs of this daemon wait; nothing was done, try again; "
                    f"{raised_by('waiting_sets')}"
                )
            self._count += 1

    def leave(self) -> None:
        """One has been answered."""
        with self._lock:
            self._count -= 1

    def __len__(self) -> int:
        return self._count


class Setting:
    """One SET on its way through the hooks of *item*.

    Args:
        then: Called once with the response or with what went wrong, on whichever thread has it.
    """

    __slots__ = ("_item", "_published", "_request", "_then", "_value")

    def __init__(self, item: Answers, request: Request, then: Then) -> None:
        self._item = item
        self._request = request
        self._then = then

    def run(self, *, is_awaited: bool = False) -> None:
        """Call the hook, in the item's turn.

        While a Future that it returned is not done, the item's next turn does not come, unless its sets may
        overlap. With *is_awaited* this very turn waits for *then*, and nothing may wait for the next.
        """
        item = self._item
        try:
            item.check_here()
            self._value = item._validated(self._request)
            self._published = item._published
            returned = item.req_set(self._request)
        except Exception as error:
            self._then(None, error)
            return
        if not isinstance(returned, Future):
            self._conclude(returned)
            return
        lane = item._lane
        if is_awaited or item.sets_overlap or lane is None:
            returned.add_done_callback(self._conclude_future)
        else:
            lane.hold()
            # Whoever completes it may be in no mood to read back what was set; a turn of the item is.
            returned.add_done_callback(lambda done: lane.release(partial(self._conclude_future, done)))

    def _conclude_future(self, done: Future[Any]) -> None:
        try:
            returned = done.result()
        except CancelledError:
            full_key = self._item.full_key
            self._then(None, MktlError(f"{full_key}: cancelled; it may have been carried out in part"))
        except Exception as error:
            self._then(None, error)
        else:
            self._conclude(returned)

    def _conclude(self, returned: Any) -> None:
        """The hook has done its work: show it, and respond once the value is safe."""
        item = self._item
        try:
            if item.publish_on_set and item._published == self._published:
                item._show_what_was_set(self._value)
            saved, item._saved = item._saved, None
            response = item._response_to(self._request.payload, returned)
        except Exception as error:
            self._then(None, error)
            return
        if saved is None:
            self._then(response, None)
        else:  # what is answered with success outlives a power cut
            saved.add_done_callback(lambda done: self._then(response, done.exception()))
