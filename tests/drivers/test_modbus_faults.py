"""Answers that come late, cut, garbled, twice or never: none is taken for another, nothing is done twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from mktl_drivers.jobs import Priority
from mktl_drivers.modbus.pdu import read
from mktl_drivers.modbus.plan import Span
from mktl_simulators.faults import Faults
from mktl_simulators.modbus import Bank, RtuLine, Table, TcpPort
from mktl_simulators.serve import PtyServer, TcpServer

from mktl.errors import DeviceError, LinkDownError, OutcomeUnknownError
from tests.conftest import wait_for
from tests.drivers.modbus_bench import read_all, serve_file

TIMEOUT_S = 0.04
#: The shares of TARGETS E1, with the time that a late answer takes.
SHARES = {"delay": 0.05, "lose": 0.02, "cut": 0.02, "double": 0.01}
GARBLED = 0.01
LATE_S = (1.1 * TIMEOUT_S, 2.5 * TIMEOUT_S)
#: Slower than this it may not have been in time for whoever asked.
IN_TIME_S = 0.5 * TIMEOUT_S

FILE = """
[links.plc]
driver = "modbus"
url = "{url}"
reply_timeout_s = {timeout}
gap_timeout_s = 0.01
retry_s = 0.005
retry_max_s = 0.02

[items.go]
type = "numeric"
link = "plc"
register = "holding 0"
settable = true
read_back = false
[items.one]
type = "numeric"
link = "plc"
register = "holding 1"
"""


def mark_of(address: int) -> int:
    """What stands at an address, so that nobody takes one register for another."""
    return address * 40503 & 0xFFFF


class Marked(Bank):
    """Each register tells where it is; what is written to the first is counted."""

    def __init__(self) -> None:
        super().__init__(holding={at: mark_of(at) for at in range(12_000)})
        self.done: Counter[int] = Counter()

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        self.done.update(values)


class Uneven(Faults):
    """Lateness differs from one answer to the next; what was asked, and how late its answer was, is kept."""

    def __init__(self, seed: int, shares: dict) -> None:
        super().__init__(seed)
        self.at_random(shares, delay_s=1.0)
        #: The number in each request that was answered whole and in time.
        self.served: set[int] = set()
        self._hit = 0

    def _by_chance(self):
        order = super()._by_chance()
        if order is None or order.kind != "delay":
            return order
        return replace(order, amount=self._random.uniform(*LATE_S))

    def pass_on(self, received: bytes, reply: bytes, now_s: float, *whence) -> None:
        super().pass_on(received, reply, now_s, *whence)
        faults, self._hit = self.happened[self._hit :], len(self.happened)
        late_s = self._pieces[-1].due_s - now_s if self._pieces else 0.0
        if reply and late_s < IN_TIME_S and all(fault.kind == "double" for fault in faults):
            is_tcp = len(received) == 12
            self.served.add(number_of(received[7:] if is_tcp else received[1:-2]))


def number_of(pdu: bytes) -> int:
    """What is read or written: the address of a read, the value of a write; -1 of anything else."""
    return int.from_bytes(pdu[1:3] if pdu[0] == 3 else pdu[3:5], "big") if pdu[0] in (3, 6) else -1


class Garbled(TcpPort):
    """TCP has a checksum of its own: what a broken gateway changes is its header."""

    def __init__(self, units, seed: int) -> None:
        super().__init__(units)
        self._random = random.Random(seed)
        #: The numbers in the requests whose answers were changed.
        self.garbled: set[int] = set()

    def _frame(self, request, pdu):
        frame = bytearray(super()._frame(request, pdu))
        if self._random.random() < GARBLED:
            frame[self._random.randrange(8)] ^= 1 << self._random.randrange(8)
            self.garbled.add(number_of(request.pdu))
        return bytes(frame)


class Simple(RtuLine):
    """A device that is silent to a function that it does not know."""

    def _answer(self, request):
        return None if request.pdu[0] == 8 else super()._answer(request)


@contextmanager
def served(kind: str, seed: int, path: Path):
    """A marked device on a line with faults; where it is, and what it knows of itself."""
    bank = Marked()
    if kind == "tcp":
        faults = Uneven(seed, SHARES)
        line = Garbled({1: bank}, seed)
        with TcpServer(line, faults=faults) as server:
            yield server.url, bank, faults
        faults.served -= line.garbled
        return
    faults = Uneven(seed, {**SHARES, "garble": GARBLED})
    line = (Simple if kind == "rtu without function 8" else RtuLine)({1: bank}, silence_s=0.005)
    with PtyServer(line, faults=faults, link_path=path) as server:
        yield f"rtu://{server.url}?baudrate=115200", bank, faults


@dataclass
class Tally:
    """What became of each request."""

    answered: set[int] = field(default_factory=set)
    wrong: list[tuple[int, list[int]]] = field(default_factory=list)
    unknown: set[int] = field(default_factory=set)
    unsent: dict[int, str] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)


def exchange_all(items, count: int) -> Tally:
    """Every other request a write, every other a read, one after the other."""
    tally, go = Tally(), items["go"]
    link = go.link
    for number in range(2, count + 2):
        wait_for(lambda: link.state == "connected")
        try:
            if number % 2:
                go.set(number)
            else:
                ask = read(Span("holding", number, 1))
                words = link.jobs.submit(lambda ask=ask: link.ask(ask), Priority.REFRESH).result()
                if words != [mark_of(number)]:
                    tally.wrong.append((number, words))
            tally.answered.add(number)
        except OutcomeUnknownError:
            tally.unknown.add(number)
        except LinkDownError as error:
            tally.unsent[number] = str(error)
        except DeviceError as error:
            if number % 2 and "nothing was sent" in str(error):
                tally.unsent[number] = str(error)
            else:
                tally.failed.add(number)
    return tally


SOAK = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("tcp", 300),
        ("rtu", 150),
        pytest.param("tcp", 10_000, marks=SOAK),
        pytest.param("rtu", 10_000, marks=SOAK),
        pytest.param("rtu without function 8", 3_000, marks=SOAK),
    ],
)
def test_no_answer_is_taken_for_anothers_and_nothing_is_written_twice(kind, count, tmp_path: Path) -> None:
    with served(kind, count, tmp_path / "port") as (url, bank, faults):
        text = FILE.format(url=url, timeout=TIMEOUT_S)
        with serve_file(tmp_path / "plc.toml", text) as daemon:
            items = read_all(daemon)
            tally = exchange_all(items, count)
            counts = items["go"].link.line.counts
    assert tally.wrong == []
    whole = faults.served - {-1, 1}
    used = len(tally.answered & whole) / len(whole)
    print(f"{kind}: {len(whole)} answers whole and in time, {used:.4f} of them used; {counts}")
    assert used >= 0.98

    writes = set(range(3, count + 2, 2))
    assert max(bank.done.values()) == 1
    assert [number for number in writes & tally.answered if bank.done[number] != 1] == []
    assert [number for number in tally.unsent if bank.done[number]] == []
    assert writes - tally.answered == tally.unknown | (writes & tally.unsent.keys())
    assert tally.unknown
