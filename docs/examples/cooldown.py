"""The demo: a Lake Shore 336 with nothing but software behind it, served by markd, live in the terminal.

A simulator of the controller listens on a pseudo-terminal, as the real one would on its USB port. ``markd``
serves it from ``configs/lakeshore336.toml`` through pySerial, and ``mark watch`` shows its temperatures. The
cryostat starts warm and cools; a setpoint and a heater range, set from another terminal, turn it round.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
#: The simulated cryostat lives this much faster than a real one: a cool-down takes minutes, not hours.
SPEED = 20
WATCHED = ("tempA", "tempB", "setpoint1", "heater1", "power1", "ramping1")
READY_S = 15.0
STOP_S = 5.0


@contextlib.contextmanager
def running(*command: str | Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A child process that ends with the block; what it says goes to *log*."""
    with log.open("wb") as output:
        # In a session of its own: Ctrl-C ends the demo, and the demo ends its children in order.
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(what: str, process: subprocess.Popen[bytes], log: Path, sign: str) -> None:
    """Return when *sign* is in the log; end the demo with the log when the process ends before."""
    end_s = time.monotonic() + READY_S
    while sign not in log.read_text():
        if process.poll() is not None or time.monotonic() > end_s:
            sys.exit(f"{what} did not start:\n{log.read_text()}")
        time.sleep(0.02)


def introduce(store: str) -> None:
    """Say what runs and what to try."""
    home = f"MKTL_HOME={os.environ['MKTL_HOME']} "
    mark = f"{home}{os.path.relpath(BIN / 'mark')}"
    print(f"A simulated Lake Shore 336 on a pseudo-terminal, {SPEED} x real time, served as '{store}'.")
    print("Try from another terminal, in this directory:")
    print(f"  {mark} set {store}.setpoint1=150 {store}.heater1=high")
    print(f"  {mark} set {store}.rate1=30 {store}.ramp1=on {store}.setpoint1=77")
    print(f"  {mark} get {store}")
    print(f"  {mark} describe {store}.tempA")
    print("Ctrl-C ends it.\n", flush=True)


def watch(store: str, seconds: float | None) -> int:
    """Run ``mark watch`` in this terminal until it ends or Ctrl-C; its exit code."""
    keys = [f"{store}.{key}" for key in WATCHED]
    limit = ["--seconds", f"{seconds:g}"] if seconds is not None else []
    process = subprocess.Popen([BIN / "mark", "watch", *limit, *keys])
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # mark watch has got it too, and ends by itself


def main() -> int:
    """Run the demo; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, help="end after this long; until Ctrl-C when left out")
    parser.add_argument("--store", default="cryo", help="the name of the store")
    arguments = parser.parse_args()
    for signum in (signal.SIGTERM, signal.SIGHUP):  # the terminal is closed: end the children, too
        signal.signal(signum, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="mktl-demo-") as directory:
        work = Path(directory)
        os.environ["MKTL_HOME"] = directory
        port, simulator_log, markd_log = work / "ls336", work / "simulator.log", work / "markd.log"
        simulate = [sys.executable, "-m", "mktl_simulators", "lakeshore336"]
        simulate += ["--pty", str(port), "--speed", str(SPEED), "--start", "cooling"]
        serve = [str(BIN / "markd"), arguments.store, "ls336"]
        serve += ["-c", str(ROOT / "configs" / "lakeshore336.toml"), "-p", f"port={port}"]
        with running(*simulate, log=simulator_log) as simulator:
            wait_until_ready("the simulator", simulator, simulator_log, "listens on")
            with running(*serve, log=markd_log) as markd:
                wait_until_ready("markd", markd, markd_log, "requests on port")
                introduce(arguments.store)
                return watch(arguments.store, arguments.seconds)


if __name__ == "__main__":
    sys.exit(main())
