"""Values that survive a restart: one SQLite file per daemon, ``daemon/store/<store>/<alias>.sqlite``.

A value is safe once its future is done: the commit is on the disk (WAL, synchronous FULL). Commits that come
together are written together, so that many sets at once cost one wait for the disk.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from concurrent.futures import Future
from pathlib import Path

from .config.local import store_directory
from .errors import MktlError
from .item.reading import Reading
from .wire.payload import Payload

log = logging.getLogger(__name__)

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS item (key TEXT PRIMARY KEY, payload BLOB NOT NULL, bulk BLOB) WITHOUT ROWID"
)
_SAVE = "INSERT OR REPLACE INTO item VALUES (?, ?, ?)"

Saved = Future[None]


class Persistence:
    """Saves and loads readings by key; the writing thread starts with the first save."""

    def __init__(self, store: str, alias: str) -> None:
        self._path = store_directory(store) / f"{alias}.sqlite"
        self._waiting: deque[tuple[str, bytes, bytes | None, Saved]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._failing = False

    def load(self) -> dict[str, Reading]:
        """What was saved, by key; a file that cannot be read is set aside and the daemon starts without."""
        if not self._path.exists():
            return {}
        try:
            connection = self._open()
            try:
                rows = connection.execute("SELECT key, payload, bulk FROM item").fetchall()
            finally:
                connection.close()
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
            return {}
        readings = {}
        for key, raw, bulk in rows:
            try:
                readings[str(key)] = Reading.from_payload(Payload.decode(raw, bulk))
            except (MktlError, TypeError) as error:
                log.warning("%s: the stored value of %s was passed over: %s", self._path, key, error)
        return readings

    def _set_aside(self, error: Exception) -> None:
        aside = self._path.with_name(f"{self._path.name}.damaged-{int(time.time())}")
        log.error(
            "%s cannot be read (%s); it is kept as %s, stored values are lost", self._path, error, aside
        )
        for suffix in ("", "-wal", "-shm"):
            part = Path(f"{self._path}{suffix}")
            if part.exists():
                part.rename(f"{aside}{suffix}")

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=5.0)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection

    def save(self, key: str, reading: Reading) -> Saved:
        """Have *reading* written; the future is done when it is on the disk, or has the error."""
        saved: Saved = Future()
        payload = reading.to_payload()
        bulk = bytes(payload.bulk) if payload.bulk is not None else None
        with self._changed:
            if self._closed:
                saved.set_exception(MktlError(f"{key}: not stored, the daemon is stopping"))
                return saved
            self._waiting.append((key, payload.encode(), bulk, saved))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mktl-persist", daemon=True)
                self._thread.start()
            self._changed.notify()
        return saved

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while batch := self._next_batch():
            try:
                connection = connection or self._open()
                self._write(connection, batch)
            except (sqlite3.Error, OSError) as error:
                self._failed(batch, error)
                if connection is not None:
                    connection.close()
                connection = None  # opened anew for the next: the disk may be back
            else:
                self._succeeded(batch)
        if connection is not None:
            connection.close()

    def _next_batch(self) -> list[tuple[str, bytes, bytes | None, Saved]]:
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            batch = list(self._waiting)
            self._waiting.clear()
            return batch

    def _write(
        self, connection: sqlite3.Connection, batch: list[tuple[str, bytes, bytes | None, Saved]]
    ) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(_SAVE, [(key, raw, bulk) for key, raw, bulk, _ in batch])
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _failed(self, batch: list[tuple[str, bytes, bytes | None, Saved]], error: Exception) -> None:
        if not self._failing:
            log.error("%s: values cannot be stored: %s", self._path, error)
        self._failing = True
        for key, _, _, saved in batch:
            saved.set_exception(MktlError(f"{key}: set, but not stored: {error}"))

    def _succeeded(self, batch: list[tuple[str, bytes, bytes | None, Saved]]) -> None:
        if self._failing:
            log.info("%s: values are stored again", self._path)
        self._failing = False
        for _, _, _, saved in batch:
            saved.set_result(None)

    def close(self) -> None:
        """Write what waits and end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
