"""A place for a daemon that is nobody's: nothing of the user's is touched, nobody on the network called."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..config.home import elsewhere
from ..protocol.host import LOOPBACK

#: No call ever leaves: to port 0 nothing can be sent.
_NOBODY = {"MKTL_UDP_PORTS": "0,0", "MKTL_CALL": LOOPBACK}


@contextmanager
def apart() -> Iterator[Path]:
    """Have a temporary directory as ``MKTL_HOME``, and nobody to call, for as long as the block runs."""
    with ExitStack() as endings:
        directory = tempfile.mkdtemp(prefix="mktl-apart-")
        endings.callback(shutil.rmtree, directory, ignore_errors=True)
        endings.enter_context(elsewhere(Path(directory)))
        endings.enter_context(_environment(_NOBODY))
        yield Path(directory)


def store_of(path: Path) -> str:
    """What to call the store of a device file that nobody has given one.

    >>> store_of(Path("configs/Ctl 1.toml"))
    'ctl-1'
    """
    return re.sub(r"[^a-z0-9_-]", "-", path.stem.lower())


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
