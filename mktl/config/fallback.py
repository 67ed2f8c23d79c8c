"""Where a daemon keeps its files when ``$MKTL_HOME`` cannot be written: until the next reboot, mostly."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from ..errors import MktlError
from .home import home
from .local import daemon_uuid_known, store_directory
from .names import check_alias


def use_if_needed(store: str, alias: str) -> str:
    """Keep everything elsewhere from now on, if the home cannot be written; what that means, in words.

    The daemon's own files are copied, as far as they are newer there: it goes on as it was.

    Returns:
        A warning; empty when all is well.

    Raises:
        MktlError: Nothing can be written anywhere.
    """
    there = home()
    if can_write(store_directory(store)):
        return ""
    files = _files_of(store, check_alias(alias))
    here = _directory(there)
    for path in files:
        _copy_if_newer(path, here / path.relative_to(there))
    home(here)
    return (
        f"{there} cannot be written: persistent values, the uuid and the ports of this daemon are kept in "
        f"{here}, mostly until the next reboot; set MKTL_HOME to a directory that can be written"
    )


def can_write(directory: Path) -> bool:
    """Whether files can be made in *directory*, which is made itself where it is missing."""
    while not os.path.lexists(directory) and directory != directory.parent:
        directory = directory.parent
    return directory.is_dir() and os.access(directory, os.W_OK | os.X_OK)


def _files_of(store: str, alias: str) -> list[Path]:
    directory = store_directory(store)
    kinds = ("uuid", "json", "device", "sqlite", "sqlite-wal")
    files = [directory / f"{alias}.{kind}" for kind in kinds]
    uuid = daemon_uuid_known(store, alias)
    if uuid is not None:
        files += [home() / "daemon" / "port" / directory.name / f"{uuid}.{kind}" for kind in ("req", "pub")]
    return [path for path in files if path.is_file() and os.access(path, os.R_OK)]


def _copy_if_newer(path: Path, copy: Path) -> None:
    if copy.exists() and copy.stat().st_mtime_ns >= path.stat().st_mtime_ns:
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, copy)


def _directory(there: Path) -> Path:
    """The same for every daemon of one user and one home; nobody else's, whoever made it."""
    try:
        name = hashlib.sha256(os.fsencode(there.absolute())).hexdigest()[:8]
        directory = Path(tempfile.gettempdir(), f"mktl-{os.getuid()}-{name}")
        directory.mkdir(mode=0o700, exist_ok=True)
        facts = directory.lstat()
        if stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o077:
            return directory
        return Path(tempfile.mkdtemp(prefix=f"mktl-{os.getuid()}-"))
    except OSError as error:
        raise MktlError(
            f"neither {there} nor a temporary directory can be written ({error.strerror}); set MKTL_HOME to "
            "a directory that can be"
        ) from None
