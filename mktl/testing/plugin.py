"""The pytest plugin: the fixture ``mktl_device``. Nothing but pytest is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .served import Served


@pytest.fixture
def mktl_device() -> Iterator[Callable[..., Served]]:
    """Serves device files, each with its simulators and a client.

    ``device = mktl_device("lab.toml", port=4001)``

    It takes what :func:`mktl.testing.serve` takes. Everything is closed at the end of the test, which fails
    when a thread or an open file is left.
    """
    from .served import serve

    with ExitStack() as endings:

        def start(path: Any, **options: Any) -> Served:
            return endings.enter_context(serve(path, **options))

        yield start
