"""mktl's side: a daemon and a client, each for a process of its own, by the public interface alone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import mktl

STORE = "bench"
#: What a subscription may take to reach the daemon, over its first broadcast.
SETTLE_S = 0.1
#: A message that has not come by now never will.
LOST_S = 3.0
#: Seldom enough that looking costs nothing, with fifty who look.
LOOK_S = 0.05

Items = Mapping[str, Mapping[str, Any]]


def item_of(key: str, *, subscribe: bool = True) -> mktl.Item:
    """The item as a client has it."""
    item = mktl.get(STORE, key, subscribe=subscribe)
    assert isinstance(item, mktl.Item)
    return item


class _Described(mktl.Daemon):
    def describe_items(self) -> Items:
        items: Items = self.options
        return items


class OurDaemon:
    """A daemon of plain items."""

    def __init__(self, items: Items, store: str = STORE, alias: str = "one") -> None:
        self.daemon = _Described(store, alias, items)
        self._numbers = itertools.count()

    def addresses(self) -> tuple[str, str]:
        """Where it takes requests, and where it broadcasts."""
        return f"tcp://127.0.0.1:{self.daemon.rep}", f"tcp://127.0.0.1:{self.daemon.pub}"

    def publish(self, key: str, count: int, period_s: float = 0.0) -> list[float]:
        """Publish *count* new values, as fast as may be or one each *period_s*; when each went out."""
        item = self.daemon.items[key]
        sent = []
        for number in itertools.islice(self._numbers, count):
            if period_s:
                time.sleep(period_s)
            sent.append(time.monotonic())
            item.publish(float(number))
        return sent

    def close(self) -> None:
        self.daemon.close()


class OurClient:
    """A client with one item; it is subscribed to only for callbacks."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.heard: list[tuple[Any, float]] = []

    def close(self) -> None:
        mktl.close()

    # -- broadcasts

    def register(self) -> None:
        item_of(self.key).register(self._called_back)
        time.sleep(SETTLE_S)

    def _called_back(self, item: mktl.Item, value: Any, timestamp: float) -> None:
        self.heard.append((value, time.monotonic()))

    def forget(self) -> None:
        self.heard.clear()

    def wait_for(self, count: int) -> list[tuple[Any, float]]:
        """What callbacks were called with, and when, once there were *count* or nothing comes any more."""
        heard = wait_for(self.heard, count)
        for (before, _), (after, _) in pairwise(heard):
            if after <= before:
                raise AssertionError(f"{after} was heard after {before}")
        return heard


def wait_for(heard: list[Any], count: int) -> list[Any]:
    """*heard*, once it has *count* elements or has not grown for long."""
    wait_until(lambda: len(heard), count)
    return list(heard)


def wait_until(heard: Callable[[], int], count: int) -> int:
    """How many were heard, once there are *count* or there have been no more for long."""
    before, since_s = -1, time.monotonic()
    while (now := heard()) < count:
        if now != before:
            before, since_s = now, time.monotonic()
        elif time.monotonic() - since_s > LOST_S:
            break
        time.sleep(LOOK_S)
    return now
