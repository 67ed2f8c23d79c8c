"""B3: whatever clients do at the same time, one item behaves as one register."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mktl
from tests.trust.history import Operation, violations

SOAK = [pytest.mark.soak, pytest.mark.timeout(600)]
CLIENT = Path(__file__).parent / "register_client.py"
INITIAL = 0


class Register(mktl.Item):
    """Takes its time over SETs and refreshes, refuses some, and holds its value in the place of a device."""

    def __init__(self, *args, **kwargs) -> None:
        self._held = INITIAL
        self._chance = random.Random(3)
        super().__init__(*args, **kwargs)

    def req_refresh(self):
        time.sleep(self._chance.choice((0.0, 0.001, 0.003)))
        return {"value": self._held}

    def req_set(self, request):
        time.sleep(self._chance.choice((0.0, 0.001, 0.003)))
        if self._chance.random() < 0.1:
            raise ValueError("not now")
        self._held = int(request.payload.value)


class Bench(mktl.Daemon):
    def setup(self) -> None:
        self.add_item(Register, "register")


@pytest.mark.parametrize(
    ("clients", "operations", "killed"), [(4, 60, 1), pytest.param(8, 300, 3, marks=SOAK)]
)
def test_b3_what_clients_read_of_one_item_is_explained_by_one_order_of_all_that_was_done(
    make_daemon, tmp_path, clients, operations, killed
) -> None:
    make_daemon(items={"register": {"type": "numeric", "initial": INITIAL}}, daemon_class=Bench)
    journals = [tmp_path / f"client{number}.json" for number in range(clients)]
    processes = [start(journal, number + 1, operations) for number, journal in enumerate(journals)]
    try:
        for process, journal in list(zip(processes, journals, strict=True))[:killed]:
            while journal.read_text().count("\n") < operations // 2:
                assert process.poll() is None
                time.sleep(0.002)
            process.kill()
        codes = [process.wait(60) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert codes == [-9] * killed + [0] * (clients - killed)
    history = [operation for journal in journals for operation in read(journal)]
    assert len(history) > clients * operations / 2
    assert {one.outcome for one in history} >= {"done", "refused"}
    assert violations(history, INITIAL) == []


def start(journal: Path, number: int, operations: int) -> subprocess.Popen[bytes]:
    with journal.open("w") as output:
        command = [sys.executable, str(CLIENT), "lab.register", str(number), str(operations)]
        return subprocess.Popen(command, stdout=output)


def read(journal: Path) -> list[Operation]:
    """What a client did; of what it was killed in nothing is known but that it was begun."""
    lines = [json.loads(line) for line in journal.read_text().splitlines() if line.endswith("}")]
    operations = []
    for begun, ended in zip(lines[::2], [*lines[1::2], None], strict=False):
        value = begun["value"]
        if ended is None:
            end_s, outcome = math.inf, "unknown"
        else:
            end_s, outcome, value = ended["at_s"], ended["outcome"], ended.get("value", value)
        if begun["kind"] == "write" or ended is not None:
            one = Operation(begun["kind"], value, begun["at_s"], end_s, outcome, journal.stem)
            operations.append(one)
    return operations
