"""Where mktl keeps its files: ``$MKTL_HOME``, else ``~/.mKTL``."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_chosen: Path | None = None


def home(directory: str | os.PathLike[str] | None = None) -> Path:
    """The directory under which everything is kept; given one, use that from now on.

    The directory need not exist: it is made when something is first written.
    """
    global _chosen
    if directory is not None:
        _chosen = Path(directory).expanduser().absolute()
    if _chosen is not None:
        return _chosen
    from_environment = os.environ.get("MKTL_HOME")
    return Path(from_environment).expanduser() if from_environment else Path.home() / ".mKTL"


@contextlib.contextmanager
def elsewhere(directory: Path) -> Iterator[Path]:
    """Have everything kept under *directory* for a while, by child processes too."""
    global _chosen
    before, _chosen = _chosen, None
    inherited = os.environ.get("MKTL_HOME")
    os.environ["MKTL_HOME"] = str(directory)
    try:
        yield directory
    finally:
        _chosen = before
        if inherited is None:
            os.environ.pop("MKTL_HOME", None)
        else:
            os.environ["MKTL_HOME"] = inherited


def write_atomically(path: Path, content: str, *, clears_the_way: bool = False) -> None:
    """Replace *path* so that a reader, or a crash, sees the old content or the new and nothing between.

    Args:
        path: Of the file; its directory is made.
        content: Of the file.
        clears_the_way: A directory that is there is set aside.

    Raises:
        OSError: The directory cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if clears_the_way and path.is_dir():
        set_aside(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def set_aside(path: Path, *more: Path) -> Path:
    """Give what is at *path*, a damaged file or no file at all, a name beside it; that name.

    Args:
        path: It may be missing, when there are others.
        more: Files that belong to it, whose names begin with its.

    Raises:
        OSError: It cannot be renamed.
    """
    stem = f"{path.name}.damaged-{int(time.time())}"
    names = itertools.chain([stem], (f"{stem}-{count}" for count in itertools.count(1)))
    aside = next(free for name in names if not (free := path.with_name(name)).exists())
    for part in (path, *more):
        if part.exists():
            part.rename(f"{aside}{part.name.removeprefix(path.name)}")
    return aside
