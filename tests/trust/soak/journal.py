"""Lines of JSON that survive their writer: what each process of the soak saw, in a file of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """Appends to one file; each line is with the kernel before the call returns, whatever kills us next."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)

    def note(self, **what: Any) -> float:
        """Write *what* down with the time, which all processes of this machine share; that time."""
        now_s = time.monotonic()
        os.write(self._fd, json.dumps({"t": round(now_s, 4), **what}).encode() + b"\n")
        return now_s

    def close(self) -> None:
        os.close(self._fd)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal; the last one may have been cut short by a kill."""
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield json.loads(line)
