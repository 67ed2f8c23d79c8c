"""A client process of the soak: traffic, and a watcher, until its input ends or something kills it."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import mktl
from mktl.errors import MktlError, UnknownStoreError
from tests.trust.soak.journal import Journal
from tests.trust.soak.traffic import VALUES_EACH, Traffic, Watcher, clocks, registers

ACT_S, BURST_S, BURST = 0.1, 0.7, 4
#: How long everything may take to be well again at the end.
WELL_S = 20.0


def main(directory: Path, number: int, role: str, *stores: str) -> None:
    """Use *stores* as ``watcher``, which stays, or as ``nomad``, which begins anew all the time."""
    journal = Journal(directory / f"client{number}.journal")
    stop = threading.Event()
    threading.Thread(target=_await_end, args=(stop,), name="input", daemon=True).start()
    try:
        (_stay if role == "watcher" else _roam)(journal, number, stores, stop)
    finally:
        mktl.close()
        journal.close()


def _await_end(stop: threading.Event) -> None:
    sys.stdin.readline()
    stop.set()


def _stay(journal: Journal, number: int, stores: Sequence[str], stop: threading.Event) -> None:
    keys = [key for store in stores for key in registers(store)]
    watcher = _begin(lambda: Watcher(journal, keys, [key for store in stores for key in clocks(store)]), stop)
    if watcher is None:
        return
    print(json.dumps("begun"), flush=True)
    values = itertools.count(number * VALUES_EACH + 1)
    acting, bursting = (
        Traffic(journal, keys, values, number * 2 + at, f"client{number}{'ab'[at]}") for at in (0, 1)
    )
    work: list[tuple[Callable[[], None], float]] = [
        (acting.act, ACT_S),
        (lambda: bursting.burst(BURST), BURST_S),
    ]
    threads = [threading.Thread(target=_repeat, args=(*one, stop, journal)) for one in work]
    for thread in threads:
        thread.start()
    _repeat(watcher.look, watcher.CLOCKS_S, stop, journal)
    for thread in threads:
        thread.join()
    end_s = time.monotonic() + WELL_S
    while time.monotonic() < end_s and not all(said.startswith("ok") for said in watcher.final().values()):
        time.sleep(0.1)
    journal.note(final=watcher.final(), called_back=watcher.called_back)


def _roam(journal: Journal, number: int, stores: Sequence[str], stop: threading.Event) -> None:
    """What ``mark`` does, without a process for each: find the store, ask or set once, go."""
    keys = [key for store in stores for key in registers(store)]
    values = itertools.count(number * VALUES_EACH + 1)
    traffic = Traffic(journal, keys, values, number, f"nomad{number}")

    def visit() -> None:
        try:
            traffic.act()
        finally:
            mktl.close()

    _repeat(visit, 0.3, stop, journal)


def _begin(make: Callable[[], Watcher], stop: threading.Event) -> Watcher | None:
    """The watcher, as soon as both stores can be found."""
    while not stop.is_set():
        try:
            return make()
        except UnknownStoreError:
            stop.wait(0.3)
    return None


def _repeat(do: Callable[[], None], period_s: float, stop: threading.Event, journal: Journal) -> None:
    while not stop.wait(period_s):
        try:
            do()
        except UnknownStoreError:  # a daemon that is down has just taken its store from this client
            pass
        except MktlError as error:
            journal.note(strange=f"{type(error).__name__}: {error}")
        except Exception as error:  # anything but an error on purpose is a fault of ours
            journal.note(broken=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
