"""A daemon on one of the files in ``configs/``, as a person starts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import mktl
from mktl.daemon import configure
from tests.conftest import wait_for

CONFIGS = Path(__file__).parents[2] / "configs"


@contextmanager
def serving(file: str | Path, parameters: Mapping[str, object]) -> Iterator[dict[str, mktl.Item]]:
    """The items of a file of this name, or of an edited one, once each that can be read has been."""
    path = CONFIGS / file
    configure.adopt("lab", "device", path, {name: str(value) for name, value in parameters.items()})
    with mktl.Daemon("lab", "device") as daemon:
        items = {key: item for key, item in daemon.items.items() if not key.startswith(("_", "link."))}
        unread = {key: item for key, item in items.items() if getattr(item, "source", None) is not None}
        wait_for(lambda: all(item.status != "unset" for item in unread.values()), "every item to be read")
        yield items


def edited(file: str, path: Path, changes: Mapping[str, str]) -> Path:
    """A copy of the file with some of its text replaced, as a person edits it."""
    text = (CONFIGS / file).read_text()
    for old, new in changes.items():
        assert text.count(old) == 1, f"{file} has {text.count(old)} of {old!r}"
        text = text.replace(old, new)
    path.write_text(text)
    return path
