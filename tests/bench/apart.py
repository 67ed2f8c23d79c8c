"""A place of its own for what is measured: no daemon of this machine is asked, none hears of it."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def apart() -> Iterator[str]:
    """Have children keep their files in a new directory and call nobody; the directory."""
    with tempfile.TemporaryDirectory(prefix="mktl-bench-") as directory:
        kept = dict(os.environ)
        os.environ["MKTL_HOME"] = directory
        os.environ["MKTL_CALL"] = "127.0.0.1"
        os.environ["MKTL_UDP_PORTS"] = ",".join(str(port) for port in _free_ports(2))
        try:
            yield directory
        finally:
            os.environ.clear()
            os.environ.update(kept)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
