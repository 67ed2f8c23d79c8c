"""Models need no mKTL around them; lines leave no thread, descriptor or child."""

from __future__ import annotations

import gc
import os
import threading
from collections import Counter
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def home() -> None:
    """These tests have no daemon and no client, and so no ``MKTL_HOME``."""


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    # A full collection takes 60 ms, so it is made only where something seems to be left.
    before, descriptors = _threads(), _descriptors()
    yield
    if _threads() - before or _descriptors() > descriptors:
        gc.collect()
        assert not _threads() - before, "threads left behind"
        assert _descriptors() <= descriptors, "file descriptors left behind"


def _threads() -> Counter[str]:
    return Counter(thread.name for thread in threading.enumerate())


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
