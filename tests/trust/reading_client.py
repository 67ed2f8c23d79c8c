"""A client process that watches one item, and says what it has when it is asked."""

from __future__ import annotations

import json
import sys
import threading

import mktl

_counted = 0
_lock = threading.Lock()


def count(*_: object) -> None:
    global _counted
    with _lock:
        _counted += 1


def main(key: str) -> None:
    item = mktl.get(key)
    item.register(count)
    for _ in sys.stdin:
        print(json.dumps({"number": str(item.value)[:8], "count": _counted}), flush=True)
    mktl.close()


if __name__ == "__main__":
    main(sys.argv[1])
