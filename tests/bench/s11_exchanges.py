"""S11: exchanges with a device through the whole stack, as a share of what its line allows."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import mktl
from tests.bench import device_files
from tests.bench.child import Child
from tests.bench.effort import Effort
from tests.bench.figures import percentile
from tests.bench.instruments import Instrument
from tests.bench.line_clients import BLOCKS, CHANNELS, BareLine
from tests.bench.ours import STORE, item_of
from tests.bench.row import AtLeast, AtMost, Row

STARTED_S = 20.0
SETTLE_S = 0.15
GET_PERIOD_S = 0.003


class Watcher:
    """A client that is called back with each reading; while it counts, polls run."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.calls = 0
        self._go = item_of("go")
        for key in keys:
            item_of(key).register(self._called_back)

    def _called_back(self, item: mktl.Item, value: Any, timestamp: float) -> None:
        self.calls += 1

    def go(self, on: bool) -> None:
        self._go.set(int(on))
        time.sleep(SETTLE_S)

    def exchanges(self, duration_s: float) -> float:
        """Callbacks per second, one for each exchange."""
        before, begun_s = self.calls, time.perf_counter()
        time.sleep(duration_s)
        return (self.calls - before) / (time.perf_counter() - begun_s)

    def close(self) -> None:
        mktl.close()


class Timer:
    """A client that gets what the daemon has, now and then, and takes the time."""

    def __init__(self, key: str) -> None:
        self._item = item_of(key, subscribe=False)

    def latencies_s(self, duration_s: float) -> list[float]:
        took_s, end_s = [], time.perf_counter() + duration_s
        while time.perf_counter() < end_s:
            begun_s = time.perf_counter()
            self._item.get()
            took_s.append(time.perf_counter() - begun_s)
            time.sleep(GET_PERIOD_S)
        return took_s

    def close(self) -> None:
        mktl.close()


def measure(effort: Effort) -> list[Row]:
    """Each kind of line against a bare client on a line of the same make."""
    text = [f"t{channel}" for channel in range(CHANNELS)]
    # One callback a block: the register that changes with each answer.
    registers = [f"m{block}" for block in BLOCKS]
    kinds = [
        ("text over a pty", "serial", "text", text, False),
        ("text over TCP", "tcp", "text", text, False),
        ("Modbus, blocks of 20", "modbus", "modbus", registers, False),
        ("text over a pty, beside a mute device", "serial", "text", text, True),
    ]
    rows = []
    for work, kind, speaks, keys, mute in kinds:
        rows += _compare(effort, work, kind, speaks, keys, mute)
    return rows


def _compare(effort: Effort, work: str, kind: str, speaks: str, keys: list[str], mute: bool) -> list[Row]:
    line, duration_s = "pty" if kind == "serial" else "tcp", effort.seconds(0.5)
    gets_ms: list[float] = []
    faults: list[str] = []
    with ExitStack() as stack:
        enter = stack.enter_context
        device, twin = enter(Child(Instrument, line, speaks)), enter(Child(Instrument, line, speaks))
        parts = [_part(kind, device.ask("where"))]
        if mute:
            silent = enter(Child(Instrument, "pty", "nothing"))
            parts.append(device_files.text("serial", silent.ask("where"), "u"))
        enter(markd(device_files.with_go(*parts)))
        watcher, timer = enter(Child(Watcher, keys)), enter(Child(Timer, keys[0]))
        bare = enter(Child(BareLine, kind, twin.ask("where")))

        def ours() -> float:
            unheard = device.ask("answered") - watcher.ask("calls")
            watcher.ask("go", True)
            timer.tell("latencies_s", duration_s)
            rate: float = watcher.ask("exchanges", duration_s)
            gets_ms.append(1000 * percentile(timer.hear(), 99))
            watcher.ask("go", False)
            if lost := device.ask("answered") - watcher.ask("calls") - unheard:
                faults.append(f"{lost} answers of the device reached no callback")
            return rate

        figures = effort.times(2).interleave(bare=lambda: bare.ask("exchanges", duration_s), ours=ours)
    return [
        Row("S11", work, "1/s", AtLeast(0.95), figures["ours"], figures["bare"], faults=faults),
        Row("S11", f"{work}: cached GET meanwhile, p99", "ms", AtMost(2), gets_ms, judged_by="ours"),
    ]


def _part(kind: str, where: str) -> str:
    return device_files.modbus(where) if kind == "modbus" else device_files.text(kind, where)


@contextmanager
def markd(file: str) -> Iterator[None]:
    """The daemon's command on a device file, from when it serves."""
    path = Path(mktl.home()) / "line.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file)
    command = [sys.executable, "-c", "import sys; from mktl.cli.markd import main; sys.exit(main())"]
    log = path.with_suffix(".log")
    with log.open("wb") as said:
        daemon = subprocess.Popen([*command, STORE, "line", "-c", str(path)], stderr=said)
    try:
        _wait_until_there(daemon, log)
        yield
    finally:
        daemon.terminate()
        daemon.wait()


def _wait_until_there(daemon: subprocess.Popen[bytes], log: Path) -> None:
    due_s = time.monotonic() + STARTED_S
    while b"requests on port" not in log.read_bytes():
        if daemon.poll() is not None or time.monotonic() > due_s:
            raise AssertionError(f"markd does not serve: {log.read_text()}")
        time.sleep(0.05)
