"""A client process for the tests: commands as JSON lines in, what happened as JSON lines out."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import mktl

_lock = threading.Lock()
#: Every item that was asked for.
_held: dict[str, mktl.Item] = {}


def say(**what: Any) -> None:
    with _lock:
        print(json.dumps(what), flush=True)


def called_back(item: mktl.Item, value: Any, timestamp: float) -> None:
    say(callback=item.full_key, value=value, at=time.time())


def obey(do: str, key: str, value: Any = None, refresh: bool = False) -> dict[str, Any]:
    item = _held.get(key) or _held.setdefault(key, mktl.get(key))
    if do == "get":
        return {"value": item.get(refresh=refresh), "status": item.status, "reason": item.reason}
    if do == "set":
        item.set(value)
        return {"value": item.value, "at": time.time()}
    if do == "show":
        return {"value": item.reading.value, "status": item.status, "reason": item.reason}
    if do == "describe":
        return {"description": dict(item.description)}
    if do == "register":
        item.register(called_back)
        return {"value": item.value}
    raise ValueError(do)


def main() -> None:
    for line in sys.stdin:
        try:
            say(**obey(**json.loads(line)))
        except Exception as error:
            bases = [base.__name__ for base in type(error).__mro__]
            say(error=str(error), bases=bases)
    mktl.close()


if __name__ == "__main__":
    main()
