"""Memory that is free is given back while a daemon runs."""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import threading
import weakref

import pytest

from mktl.cli import memory
from mktl.cli.markd import Stop
from tests.conftest import wait_for
from tests.trust.served import rss_mb

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's memory")


@glibc
def test_what_is_free_between_what_is_used_is_given_back() -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    pieces = [(library.malloc(16_000), library.malloc(600)) for _ in range(2000)]
    for large, small in pieces:
        ctypes.memset(large, 1, 16_000)
        ctypes.memset(small, 1, 600)
    for large, _ in pieces:
        library.free(large)
    before_mb = rss_mb(os.getpid())
    memory.give_back_memory()
    assert rss_mb(os.getpid()) < before_mb - 15
    for _, small in pieces:
        library.free(small)


class Cycle:
    """Garbage that only a search finds, once nobody has it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def thawed():
    """Whatever is set aside meanwhile is not for ever."""
    yield
    gc.unfreeze()


def test_garbage_that_has_lived_for_long_goes_with_what_is_free(thawed) -> None:
    memory.set_aside()
    cycle = Cycle()
    for _ in range(3):
        gc.collect()  # it has been found alive so often that Python looks for it seldom
    gone = weakref.ref(cycle)
    del cycle
    gc.collect(1)
    assert gone() is not None
    memory.give_back_memory()
    assert gone() is None


def test_what_was_set_aside_and_is_garbage_after_a_change_goes_too(thawed) -> None:
    cycle = Cycle()
    memory.set_aside()
    gone = weakref.ref(cycle)
    del cycle
    memory.give_back_memory()
    assert gone() is not None
    memory.set_aside(changed=True)
    assert gone() is None
    assert gc.get_freeze_count() > 1000


def test_who_waits_for_a_signal_gives_it_back_again_and_again(monkeypatch) -> None:
    given: list[None] = []
    monkeypatch.setattr(memory, "GIVE_BACK_S", 0.001)
    monkeypatch.setattr(memory, "give_back_memory", lambda: given.append(None))
    stop = Stop()
    stop._read, stop._write = os.pipe()
    waiter = threading.Thread(target=stop._next)
    waiter.start()
    wait_for(lambda: len(given) >= 3)
    stop.request()
    waiter.join(5)
    assert not waiter.is_alive()
    os.close(stop._read)
    os.close(stop._write)


def test_a_library_without_such_functions_is_left_alone(monkeypatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    memory.share_memory()
    memory.give_back_memory()
