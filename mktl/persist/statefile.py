"""The SQLite file of one daemon's values: opened, read whatever state it is in, set aside when damaged."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ..config.home import set_aside
from ..errors import WireError
from ..item.reading import Reading
from ..wire.codec import JSON, MSGPACK
from ..wire.payload import Payload

log = logging.getLogger(__name__)

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS item "
    "(key TEXT PRIMARY KEY, payload BLOB NOT NULL, bulk BLOB, crc INTEGER) WITHOUT ROWID"
)
_SAVE = "INSERT OR REPLACE INTO item (key, payload, bulk, crc) VALUES (?, ?, ?, ?)"
_LOAD = "SELECT key, payload, bulk, crc FROM item"
#: Files of the first versions have rows without a checksum.
_LOAD_WITHOUT = "SELECT key, payload, bulk, NULL FROM item"
_ADD_CRC = "ALTER TABLE item ADD COLUMN crc INTEGER"

#: What SQLite says of a disk or its rights, and not of what is in the file: primary result codes.
_SURROUNDINGS = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
#: The files of which a database consists.
_PARTS = ("", "-wal", "-shm")


class Row(NamedTuple):
    """A value as it is stored."""

    key: str
    payload: bytes
    bulk: bytes | None

    @classmethod
    def of(cls, key: str, reading: Reading) -> Row:
        """*reading* of the item *key*; in MessagePack what JSON cannot carry, such as NaN."""
        payload = reading.to_payload()
        try:
            raw = payload.encode(JSON)
        except WireError:
            raw = payload.encode(MSGPACK)
        return cls(key, raw, bytes(payload.bulk) if payload.bulk is not None else None)

    def reading(self) -> Reading:
        """What :meth:`of` was given.

        Raises:
            Exception: Of any kind, where the row was not made by it.
        """
        version = JSON if self.payload.startswith(b"{") else MSGPACK
        return Reading.from_payload(Payload.decode(self.payload, self.bulk, version))

    @property
    def crc(self) -> int:
        """Differs when a bit of the row does; SQLite itself has no checksums of what it stores."""
        return zlib.crc32(self.bulk or b"", zlib.crc32(self.payload, zlib.crc32(self.key.encode())))


@dataclass(slots=True)
class Loaded:
    """What a state file had to say."""

    readings: dict[str, Reading] = field(default_factory=dict)
    #: Why values may be missing that were stored once; empty when all is well.
    flaw: str = ""


def is_damage(error: Exception) -> bool:
    """Whether *error* is about what is in the file, which no waiting will mend."""
    if not isinstance(error, sqlite3.DatabaseError):
        return False
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) not in _SURROUNDINGS


class StateFile:
    """The file at *path*; nothing is created before the first :meth:`open`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> sqlite3.Connection:
        """A connection that commits to the disk (WAL, synchronous FULL), the tables made.

        Raises:
            sqlite3.Error, OSError: It cannot be written, or is damaged; see :func:`is_damage`.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = _open(self.path)
        try:
            connection.execute(_SCHEMA)
            if not _has_crc(connection):
                connection.execute(_ADD_CRC)
        except BaseException:
            connection.close()
            raise
        return connection

    def load(self) -> Loaded:
        """What is stored, as far as it can be read. A damaged file is set aside, for a new one to be made."""
        if not self.path.exists():
            return Loaded()
        try:
            if not self.path.is_file() or self._is_empty():
                raise sqlite3.DatabaseError("it is no file, or empty")
            try:
                rows = _rows(self.path)
            except (sqlite3.Error, OSError) as error:
                if is_damage(error):
                    raise
                rows = self._rows_of_copy()
        except (sqlite3.Error, OSError) as error:
            return Loaded(flaw=self.set_aside(error) if is_damage(error) else self._unreadable(error))
        return self._decoded(rows)

    def _is_empty(self) -> bool:
        """Whether nothing is in it; all that there is may be in the log that goes with it."""
        log_ahead = Path(f"{self.path}{_PARTS[1]}")
        return not (self.path.stat().st_size or (log_ahead.exists() and log_ahead.stat().st_size))

    def _rows_of_copy(self) -> list[tuple[Any, ...]]:
        """The rows where SQLite may not write beside the file, which it has to in order to read."""
        with tempfile.TemporaryDirectory(prefix="mktl-state-") as directory:
            copy = Path(directory, self.path.name)
            for suffix in _PARTS[:2]:
                part = Path(f"{self.path}{suffix}")
                if part.exists():
                    shutil.copyfile(part, f"{copy}{suffix}")
            return _rows(copy)

    def _decoded(self, rows: Iterable[tuple[Any, ...]]) -> Loaded:
        loaded = Loaded()
        for *columns, crc in rows:
            key = columns[0]
            try:
                row = Row(*columns)  # of any types, in a damaged file
                if crc is not None and crc != row.crc:
                    raise ValueError("its checksum is wrong")
                loaded.readings[row.key] = row.reading()
            except Exception as error:  # a row of any make must not keep a daemon from starting
                loaded.flaw = f"{self.path}: the stored value of {key!r:.60} cannot be read: {error}"
                log.error("%s", loaded.flaw)
        return loaded

    def _unreadable(self, error: Exception) -> str:
        flaw = f"{self.path} cannot be read: {error}"
        log.error("%s; stored values are not known", flaw)
        return flaw

    def set_aside(self, error: Exception) -> str:
        """Keep the damaged file under another name; what happened, in words."""
        flaw = f"{self.path} is damaged ({error})"
        try:
            aside = set_aside(*(Path(f"{self.path}{suffix}") for suffix in _PARTS))
        except OSError as refusal:
            log.error("%s and cannot be set aside: %s", flaw, refusal)
        else:
            log.error("%s; it is kept as %s, stored values are lost", flaw, aside)
        return flaw


def save(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Write *rows* in one commit, or nothing.

    Raises:
        sqlite3.Error: They could not be written.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany(_SAVE, [(*row, row.crc) for row in rows])
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _has_crc(connection: sqlite3.Connection) -> bool:
    return any(_text(column[1]) == "crc" for column in connection.execute("PRAGMA table_info(item)"))


def _rows(path: Path) -> list[tuple[Any, ...]]:
    connection = _open(path)
    try:
        connection.text_factory = bytes  # what is no text is for who looks at the row
        ((verdict, *_), *_) = connection.execute("PRAGMA quick_check(1)").fetchall()
        if verdict != b"ok":
            raise sqlite3.DatabaseError(bytes(verdict).decode("utf-8", "replace"))
        load = _LOAD if _has_crc(connection) else _LOAD_WITHOUT
        return [(_text(key), *rest) for key, *rest in connection.execute(load)]
    finally:
        connection.close()


def _text(key: object) -> object:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else key
