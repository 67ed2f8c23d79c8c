"""Values that survive a restart: one SQLite file per daemon, ``daemon/store/<store>/<alias>.sqlite``.

A value is safe once its future is done: the commit is on the disk (WAL, synchronous FULL). Commits that come
together are written together, so that many sets at once cost one wait for the disk. What could not be
written is tried again until it can be.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import NamedTuple

from ..config.local import store_directory
from ..errors import MktlError
from ..item.reading import Reading
from .statefile import Loaded, Row, StateFile, is_damage, save

__all__ = ["Loaded", "Persistence"]

log = logging.getLogger(__name__)

#: How long after a failure what could not be written is tried again, unless something new comes before.
RETRY_S = 5.0

Saved = Future[None]


class _Waiting(NamedTuple):
    row: Row
    saved: Saved


class Persistence:
    """Saves and loads readings by key; the writing thread starts with the first save.

    Args:
        store: The daemon's store.
        alias: Its name there.
        everything: All readings to be kept, by key: a file that turns out to be damaged is written anew.
        retry_s: See :data:`RETRY_S`.
    """

    def __init__(
        self,
        store: str,
        alias: str,
        *,
        everything: Callable[[], Mapping[str, Reading]] = dict,
        retry_s: float = RETRY_S,
    ) -> None:
        self._file = StateFile(store_directory(store) / f"{alias}.sqlite")
        self._everything = everything
        self._retry_s = retry_s
        self._waiting: deque[_Waiting] = deque()
        #: What could not be written; by key, for only the newest counts.
        self._unsaved: dict[str, Row] = {}
        self._failing_from_s = 0.0
        #: Held while the file may be made: by half, it looks like a damaged one.
        self._opening = threading.Lock()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def load(self) -> Loaded:
        """What was saved; a file that cannot be read is set aside, and the daemon starts without."""
        with self._opening:
            return self._file.load()

    def save(self, key: str, reading: Reading) -> Saved:
        """Have *reading* written; the future is done when it is on the disk, or has the error.

        After an error it is tried again, for the next start, though nobody is told of that.
        """
        saved: Saved = Future()
        row = Row.of(key, reading)
        with self._changed:
            if self._closed:
                saved.set_exception(MktlError(f"{key}: not stored, the daemon is stopping"))
                return saved
            self._waiting.append(_Waiting(row, saved))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mktl-persist", daemon=True)
                self._thread.start()
            self._changed.notify()
        return saved

    # -- the writing thread

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while (batch := self._next_batch()) is not None:
            rows = {**self._unsaved, **{one.row.key: one.row for one in batch}}
            try:
                connection = self._write(connection, rows)
            except (sqlite3.Error, OSError) as error:
                connection = None  # opened anew for the next: the disk may be back
                self._failed(batch, rows, error)
            else:
                self._succeeded(batch)
        if self._unsaved:
            self._try_once_more()
        if connection is not None:
            connection.close()

    def _try_once_more(self) -> None:
        try:
            self._write(None, self._unsaved).close()
        except (sqlite3.Error, OSError) as error:
            names = ", ".join(self._unsaved)
            log.error("%s: the last values of %s are not stored: %s", self._file.path, names, error)

    def _next_batch(self) -> list[_Waiting] | None:
        """What is to be written now, nothing new when it is time to try again; None at the end."""
        with self._changed:
            while not self._waiting and not self._closed:
                if not self._changed.wait(self._retry_s if self._unsaved else None):
                    break
            batch = list(self._waiting)
            self._waiting.clear()
            return None if self._closed and not batch else batch

    def _write(self, connection: sqlite3.Connection | None, rows: Mapping[str, Row]) -> sqlite3.Connection:
        """Write *rows*; the connection, which is closed when that fails."""
        try:
            if connection is None:
                with self._opening:
                    connection = self._file.open()
            save(connection, rows.values())
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                connection.close()
            if not is_damage(error):
                raise
            return self._write_anew(rows, error)
        return connection

    def _write_anew(self, rows: Mapping[str, Row], error: Exception) -> sqlite3.Connection:
        """Make a new file in the place of a damaged one."""
        self._file.set_aside(error)
        everything = {key: Row.of(key, reading) for key, reading in self._everything().items()}
        connection = self._file.open()
        try:
            save(connection, {**everything, **rows}.values())
        except BaseException:
            connection.close()
            raise
        return connection

    def _failed(self, batch: list[_Waiting], rows: dict[str, Row], error: Exception) -> None:
        if not self._unsaved:
            self._failing_from_s = time.monotonic()
            log.error(
                "%s: values cannot be stored: %s; tried again every %g s",
                self._file.path, error, self._retry_s,
            )  # fmt: skip
        self._unsaved = rows
        for row, saved in batch:
            saved.set_exception(MktlError(f"{row.key}: set, but not stored: {error}"))

    def _succeeded(self, batch: list[_Waiting]) -> None:
        if self._unsaved:
            away_s = time.monotonic() - self._failing_from_s
            log.info("%s: values are stored again after %.1f s", self._file.path, away_s)
        self._unsaved = {}
        for _, saved in batch:
            saved.set_result(None)

    def close(self) -> None:
        """Write what waits and end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
