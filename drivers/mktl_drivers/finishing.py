"""A set that takes its time: when is it done? No thread waits for that."""

from __future__ import annotations

from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any

import mktl
from mktl.devicefile import Done
from mktl.errors import DeviceError, DeviceTimeoutError, SupersededError

from .conditions import Watched
from .roles import Readable, Written


class Finish:
    """Completes *outcome* when the condition of *done* holds, reading its items meanwhile.

    The clock says when to look, the link's thread reads, and whoever has read last judges.

    Args:
        item: Whose command has just been carried out by its device.
        done: Has a condition.
        outcome: Gets None, or what has kept the set from being seen as done.

    Raises:
        ConditionError: A word in the condition that is no value of its item.
    """

    def __init__(self, item: Written, done: Done, outcome: Future[None]) -> None:
        assert done.when is not None
        self._item = item
        self._done = done
        self._outcome = outcome
        self._watched = Watched(done.when, item.store)
        sources = {getattr(one, "source", None) for one in self._watched.items.values()} - {None}
        #: What comes unasked comes by itself.
        self._sources = [source for source in sources if source and not source.query.unsolicited]
        self._clock = item.link.line.clock
        self._begun_s = self._clock()
        mktl.poll.clock().once(done.after_s, self._look)

    def supersede(self, value: object) -> None:
        """A newer set, of *value*, has been carried out by the device."""
        self._fail(SupersededError(f"sent, but a set of {value!r} took over before it was done"))

    def abandon(self) -> None:
        """The link is being closed."""
        if not self._outcome.done():
            told = self._watched.told()
            self._fail(DeviceTimeoutError(f"sent, but the link was closed before it was done: {told}"))

    # -- by the clock's thread and the links' threads

    def _look(self) -> None:
        """Read what the condition is on; by the clock, so nothing here waits."""
        self._read(list(self._sources), "")

    def _read(self, left: list[Readable], trouble: str) -> None:
        """Have the first of *left* read, then the others, and judge."""
        if self._outcome.done():
            return
        if not left:
            self._judge(trouble)
            return
        source, *others = left

        def then(done: Future[Any]) -> None:
            error = done.exception()
            self._read(others, trouble if error is None else f"; {error}")

        try:
            source.refreshing().add_done_callback(then)
        except DeviceError as error:
            self._read(others, f"; {error}")

    def _judge(self, trouble: str) -> None:
        """Whether it is done, or never will be, or is to be looked at again."""
        try:
            holds = not trouble and self._watched.judge().holds
        except Exception as error:  # nobody is there to raise it to
            self._fail(error)
            return
        done = self._done
        if holds:
            self._read_once_more()
        elif self._clock() - self._begun_s >= done.timeout_s:
            told = f"{self._watched.text}; {self._watched.told()}{trouble}"
            self._fail(DeviceTimeoutError(f"sent, but not done within {done.timeout_s:g} s: {told}"))
        elif self._item.link.closing.is_set():
            self.abandon()
        else:
            mktl.poll.clock().once(done.poll_s, self._look)

    def _read_once_more(self) -> None:
        """What the item holds in the end may not be what it held right after the command."""
        source = self._item.source
        is_read = source is None or source in self._sources or source.query.unsolicited
        if source is None or is_read or not self._item.spec.read_back:
            self._succeed()
            return
        try:
            source.refreshing().add_done_callback(self._read_in_the_end)
        except DeviceError as error:
            self._fail(error)

    def _read_in_the_end(self, done: Future[Any]) -> None:
        error = done.exception()
        if error is None:
            self._succeed()
        else:
            self._fail(error)

    def _succeed(self) -> None:
        with suppress(InvalidStateError):  # superseded or abandoned in this very moment
            self._outcome.set_result(None)

    def _fail(self, error: BaseException) -> None:
        with suppress(InvalidStateError):
            self._outcome.set_exception(error)
