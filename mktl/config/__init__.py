"""What is kept on disk under ``$MKTL_HOME``, and the blocks that describe stores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .block import normalise
from .home import home, write_atomically
from .local import store_directory
from .names import check_alias

__all__ = ["authoritative", "directory"]

#: The published interface's name of :func:`mktl.home`.
directory = home


def authoritative(store: str, alias: str, items: Mapping[str, Mapping[str, Any]]) -> None:
    """Make *items*, ``{key: description}``, what the daemon *alias* of *store* serves from its next start on.

    For a program that makes its descriptions itself; :meth:`mktl.Daemon.describe_items` does the same.

    Raises:
        ItemValueError: A name that is none.
        OSError: They cannot be written.
    """
    path = store_directory(store) / f"{check_alias(alias)}.json"
    write_atomically(path, json.dumps(normalise(items), indent=1))
