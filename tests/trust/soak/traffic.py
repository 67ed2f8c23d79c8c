"""What a client of the soak does, and writes down: sets and gets of every sort, and what it is shown."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import mktl
from mktl.errors import MktlError, NoAnswerError, OutcomeUnknownError
from mktl.item.reading import SOUND, Reading
from mktl.protocol.client import client
from mktl.protocol.message import Payload, Request
from mktl.wire.codec import JSON, MSGPACK
from tests.trust.soak.devices import LINES
from tests.trust.soak.journal import Journal
from tests.trust.soak.served import KEPT

#: A client writes values from its number times this on: nobody else writes the same.
VALUES_EACH = 100_000
ARRAY_LENGTH = 512
TIMEOUT_S = 6.0
#: Every so often a number is sent that the device refuses, or its daemon.
REFUSED = 2_500_000_000


def registers(owner: str) -> list[str]:
    """The keys that can be set."""
    devices = [f"{kind}_{name}" for kind in LINES for name in ("r1", "r2")]
    return [f"{owner}.{key}" for key in (*devices, *KEPT)]


def clocks(owner: str) -> list[str]:
    """The keys whose value is the time at which it was read."""
    return [f"{owner}.{key}" for key in (*(f"{kind}_clock" for kind in LINES), "beat", "mirror", "frame")]


class Traffic:
    """Asks and sets, one after the other from one thread, with everything that happens in *journal*."""

    def __init__(self, journal: Journal, keys: list[str], values: Iterator[int], seed: int, who: str) -> None:
        self._journal = journal
        self._keys = keys
        self._values = values
        self._random = random.Random(seed)
        self._ids = (f"{who}:{threading.get_ident()}:{number}" for number in itertools.count())

    def act(self) -> None:
        """One request, of a sort that chance picks."""
        self._random.choice((self._set, self._set, self._refresh, self._ask, self._ask, self._refused))()

    def burst(self, many: int) -> None:
        """So many sets that nobody waits for, each of another item, and then all of their answers."""
        sent = []
        for key in self._random.sample(self._keys, many):
            value, id = next(self._values), next(self._ids)
            self._journal.note(op=id, do="write", key=key, value=value)
            try:
                sent.append((id, mktl.get(key).set(_to_wire(key, value), wait=False)))  # type: ignore[union-attr]
            except MktlError as error:
                self._failed(id, error)
        for id, request in sent:
            self._end(id, lambda request=request: _waited(request))

    def _set(self) -> None:
        key, value, id = self._random.choice(self._keys), next(self._values), next(self._ids)
        self._journal.note(op=id, do="write", key=key, value=value)
        self._end(id, lambda: _item(key).set(_to_wire(key, value)))

    def _refused(self) -> None:
        """A set that the device, or the daemon in its place, says no to."""
        if self._random.random() < 0.8:
            return self._ask()
        key = self._random.choice([key for key in self._keys if "_r" in key])
        value, id = REFUSED + next(self._values), next(self._ids)
        self._journal.note(op=id, do="write", key=key, value=value)
        self._end(id, lambda: _item(key).set(value))
        return None

    def _refresh(self) -> None:
        key, id = self._random.choice(self._keys), next(self._ids)
        self._journal.note(op=id, do="read", key=key)

        def read() -> Reading:
            item = _item(key)
            item.get(refresh=True)
            return item.reading

        self._end(id, read)

    def _ask(self) -> None:
        """A GET past the item's own memory, on either form of the wire."""
        key, id = self._random.choice(self._keys), next(self._ids)
        version = self._random.choice((JSON, MSGPACK))
        self._journal.note(op=id, do="read", key=key)

        def read() -> Reading:
            item = _item(key)
            if item.status == "stale":  # somebody else may have the port, and answer anything
                item.store.confirm(item.key)
            request = Request("GET", key, Payload(), version=version)
            return Reading.from_payload(client().request(item.store.address(item.key), request, TIMEOUT_S))

        self._end(id, read)

    def _end(self, id: str, do: Callable[[], Any]) -> None:
        try:
            result = do()
        except MktlError as error:
            self._failed(id, error)
            return
        if isinstance(result, Reading):
            self._journal.note(op=id, **seen(result))
        else:
            self._journal.note(op=id, **{"is": "done"})

    def _failed(self, id: str, error: MktlError) -> None:
        unsure = isinstance(error, NoAnswerError | OutcomeUnknownError)
        unknown = unsure and "nothing was sent" not in str(error)
        said = f"{type(error).__name__}: {error}"
        self._journal.note(op=id, **{"is": "unknown" if unknown else "refused"}, error=said)


class Watcher:
    """Looks at what the items of this client say by themselves."""

    #: How often registers are looked at, and how often clocks.
    REGISTERS_S, CLOCKS_S = 1.0, 0.2
    #: An age above this is written down, if the value claims to be good.
    WORTH_NOTING_S = 1.2

    def __init__(self, journal: Journal, registers: list[str], clocks: list[str]) -> None:
        self._journal = journal
        self._registers = [_item(key) for key in registers]
        self._clocks = [_item(key) for key in clocks]
        self._stalled_until_s = 0.0
        self._looked_s = time.monotonic()
        self._next_registers_s = 0.0
        self.called_back = 0
        for item in (*self._registers, *self._clocks):
            item.register(self._called_back)

    def _called_back(self, item: mktl.Item, value: Any, timestamp: float) -> None:
        self.called_back += 1

    def look(self) -> None:
        """Compare each clock with the time, and write down what each register shows."""
        now_s = time.monotonic()
        if now_s - self._looked_s > 1.0:  # this process itself stood still; it has a second to catch up
            self._stalled_until_s = now_s + 1.0
        self._looked_s = now_s
        if now_s < self._stalled_until_s:
            return
        for item in self._clocks:
            reading = item.reading
            age_s = time.monotonic() - told(reading.value) if reading.status == "ok" else 0.0
            if age_s > self.WORTH_NOTING_S:
                self._journal.note(old=item.full_key, age_s=age_s)
        if now_s >= self._next_registers_s:
            self._next_registers_s = now_s + self.REGISTERS_S
            for item in self._registers:
                self._journal.note(shown=item.full_key, **seen(item.reading))

    def final(self) -> dict[str, str]:
        """What each item says of itself."""
        everything = (*self._registers, *self._clocks)
        return {item.full_key: f"{item.reading.status} {item.reading.reason}" for item in everything}


def seen(reading: Reading) -> dict[str, Any]:
    """What a reading shows, as the journal has it."""
    if reading.status not in SOUND:
        return {"is": "flagged", "status": reading.status}
    return {"is": "done", "value": number(reading.value), "status": reading.status}


def number(value: Any) -> int | str | None:
    """The number that was written as this value; text when nobody can have written it."""
    if isinstance(value, np.ndarray):
        whole = value.shape == (ARRAY_LENGTH,) and np.array_equal(value, value[0] + np.arange(ARRAY_LENGTH))
        return int(value[0]) if whole else f"a torn array {value!r}"
    return None if value is None else int(value)


def told(value: Any) -> float:
    """The time that a clock shows."""
    return float(value.min()) if isinstance(value, np.ndarray) else float(value)


def _to_wire(key: str, value: int) -> Any:
    return np.arange(ARRAY_LENGTH) + value if key.endswith("array") else value


def _item(key: str) -> mktl.Item:
    found = mktl.get(key)
    assert isinstance(found, mktl.Item)
    found.timeout = TIMEOUT_S
    return found


def _waited(request: Request) -> None:
    if request.wait(TIMEOUT_S) is None:
        raise NoAnswerError(f"{request.target}: nothing within {TIMEOUT_S:g} s")
