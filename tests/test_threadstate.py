"""A thread that waits, and one that works."""

from __future__ import annotations

import sys
import threading

import pytest

from mktl.threadstate import is_at_work
from tests.conftest import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no other system tells")


def test_a_thread_that_waits_is_not_at_work_and_one_that_counts_is() -> None:
    stop, waits = threading.Event(), threading.Event()

    def count() -> None:
        while not stop.is_set():
            pass

    threads = [threading.Thread(target=waits.wait), threading.Thread(target=count)]
    for thread in threads:
        thread.start()
    waiter, counter = threads
    try:
        wait_for(lambda: not is_at_work(waiter.native_id))
        wait_for(lambda: is_at_work(counter.native_id))  # not while the other has the interpreter
    finally:
        stop.set()
        waits.set()
        for thread in threads:
            thread.join()


def test_a_thread_that_has_ended_is_not_at_work() -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    wait_for(lambda: not is_at_work(thread.native_id))  # the system takes its time
    assert not is_at_work(None)
