"""What a daemon keeps on disk: its uuid, its ports, and the lock that makes it the only one of its name.

``daemon/store/<store>/<alias>.uuid`` and ``daemon/port/<store>/<uuid>.{req,pub}``, as the reference has
them, and ``daemon/store/<store>/<alias>.lock``, ours.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import uuid as uuid_module
from pathlib import Path
from typing import NamedTuple

from ..errors import ConflictError, MktlError
from ..protocol.host import own_hostname
from .home import home, set_aside, write_atomically
from .names import check_alias, check_store, is_uuid

log = logging.getLogger(__name__)


class Ports(NamedTuple):
    """The two ports of a daemon; None where none is known."""

    rep: int | None
    pub: int | None


class LocalDaemon(NamedTuple):
    """A daemon of this host that is running or has run."""

    store: str
    uuid: str
    ports: Ports


def store_directory(store: str) -> Path:
    """Where the daemons of *store* keep their configuration."""
    return home() / "daemon" / "store" / check_store(store)


def daemon_uuid(store: str, alias: str) -> str:
    """The uuid of this daemon: made the first time, and kept for ever where that can be written."""
    known = daemon_uuid_known(store, alias)
    if known is not None:
        return known
    made = str(uuid_module.uuid4())
    path = _uuid_file(store, alias)
    try:
        write_atomically(path, made + "\n", clears_the_way=True)
    except OSError as error:
        log.warning("%s: %s; the next start of this daemon has another uuid", path, error.strerror)
    return made


def daemon_uuid_known(store: str, alias: str) -> str | None:
    """The uuid that this daemon has had before; None where there is none."""
    try:
        known = _uuid_file(store, alias).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return known if is_uuid(known) else None


def _uuid_file(store: str, alias: str) -> Path:
    return store_directory(store) / f"{check_alias(alias)}.uuid"


def _port_file(store: str, uuid: str, kind: str) -> Path:
    return home() / "daemon" / "port" / check_store(store) / f"{uuid}.{kind}"


def _read_port(path: Path) -> int | None:
    try:
        port = int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None
    return port if 0 < port < 65536 else None


def load_ports(store: str, uuid: str) -> Ports:
    """The ports this daemon had last."""
    return Ports(_read_port(_port_file(store, uuid, "req")), _read_port(_port_file(store, uuid, "pub")))


def save_ports(store: str, uuid: str, rep: int, pub: int) -> None:
    """Keep the ports, for this daemon's next start and for clients of this host.

    Raises:
        OSError: They cannot be written.
    """
    write_atomically(_port_file(store, uuid, "req"), f"{rep}\n", clears_the_way=True)
    write_atomically(_port_file(store, uuid, "pub"), f"{pub}\n", clears_the_way=True)


def known_daemons(store: str | None = None) -> list[LocalDaemon]:
    """The daemons of this host that have left their ports here, running or not."""
    found = []
    root = home() / "daemon" / "port"
    for path in sorted(root.glob(f"{store or '*'}/*.req")):
        if is_uuid(path.stem):
            name = path.parent.name
            found.append(LocalDaemon(name, path.stem, load_ports(name, path.stem)))
    return found


def ports_of_others(uuid: str) -> set[int]:
    """Ports that other daemons of this host have used: not to be taken while there are others."""
    return {
        port for daemon in known_daemons() if daemon.uuid != uuid for port in daemon.ports if port is not None
    }


class DaemonLock:
    """Held while a daemon runs: the kernel frees it however the daemon ends.

    Raises:
        ConflictError: Another process holds it, with its pid.
        MktlError: The file cannot be written.
    """

    def __init__(self, store: str, alias: str) -> None:
        self._path = store_directory(store) / f"{check_alias(alias)}.lock"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.is_dir():
                set_aside(self._path)
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise MktlError(
                f"{self._path}: {error.strerror}; set MKTL_HOME to a directory that can be written"
            ) from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._fd, 200).decode("utf-8", "replace").strip()
            os.close(self._fd)
            raise ConflictError(
                f"{store} {alias} runs already: {holder or 'another process holds its lock'}"
            ) from None
        self.sign(f"pid {os.getpid()} on {own_hostname()}, which is starting")

    def sign(self, text: str) -> None:
        """Leave word for whoever finds the lock taken."""
        with contextlib.suppress(OSError):  # a full disk keeps nobody from starting
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, text.encode(), 0)

    def release(self) -> None:
        """Let the next one start."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
