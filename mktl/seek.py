"""Looking for daemons that were lost: they may be back on other ports, or on another host."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from . import poll
from .errors import MktlError
from .protocol.client import client
from .store import Store

log = logging.getLogger(__name__)

#: How long after a loss, and after each attempt, the next attempt comes.
PERIOD_S = 1.0
#: How soon it is asked again where somebody listened and did not say who it is: one who is still starting,
#: mostly. To look for it elsewhere may take seconds.
AGAIN_S = 0.3


class Seeker:
    """Looks for the daemons of one store until every item has news again.

    Args:
        look: Brings the store's blocks up to date; may block, and raise when nobody is found.
    """

    def __init__(self, store: Store, look: Callable[[], object]) -> None:
        self._store = store
        self._look = look
        self._lock = threading.Lock()
        self._seeking = False
        self._asking_again = False

    def start(self, _store: Store) -> None:
        """Begin to look, or ask again where it should be when that is being done; returns at once."""
        with self._lock:
            if self._asking_again or self.is_closed:
                return
            self._asking_again = was_seeking = self._seeking
            self._seeking = True
        if was_seeking:
            poll.clock().once(AGAIN_S, lambda: self._submit(self._ask_again))
        else:
            self._soon()

    @property
    def is_closed(self) -> bool:
        """True once the client has been closed: to go on would open new connections."""
        return self._store.on_lost is None

    def _soon(self) -> None:
        if not self.is_closed:
            poll.clock().once(PERIOD_S, lambda: self._submit(self._attempt))

    def _submit(self, job: Callable[[], object]) -> None:
        if not self.is_closed:
            client().workers.lane().submit(job)

    def _ask_again(self) -> None:
        with self._lock:
            self._asking_again = False
        if not self.is_closed:
            self._store.follow()

    def _attempt(self) -> None:
        with self._lock:
            self._seeking = not self.is_closed and self._store.follow()
            if not self._seeking:
                return
        try:
            self._look()
        except MktlError as error:
            log.debug("%s: %s", self._store.name, error)
        if not self.is_closed:
            self._store.follow()
        self._soon()
