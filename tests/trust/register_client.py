"""A client process that sets and gets one item at random, and notes what it did when, line by line.

Each line has an operation before it is begun, or its end; a killed client leaves the last one open.
"""

from __future__ import annotations

import json
import random
import sys
import time

import mktl
from mktl.errors import OutcomeUnknownError


def main(key: str, number: int, count: int) -> None:
    """Values are *number* times a million and counting, so that each is written once."""
    chance = random.Random(number)
    item = mktl.get(key, subscribe=False)
    for n in range(count):
        time.sleep(chance.choice((0.0, 0.0, 0.001, 0.005)))
        if chance.random() < 0.5:
            value = number * 1_000_000 + n
            note(kind="write", value=value)
            note(outcome=written(item, value))
        else:
            note(kind="read", value=None)
            note(outcome="done", value=item.get(refresh=chance.random() < 0.2))
    mktl.close()


def written(item: mktl.Item, value: int) -> str:
    try:
        item.set(value)
    except OutcomeUnknownError:
        return "unknown"
    except mktl.errors.MktlError:
        return "refused"
    return "done"


def note(**what: object) -> None:
    print(json.dumps({"at_s": time.monotonic(), **what}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
