"""The processes of the soak: begun, stopped, continued, killed, and looked at."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[3]
#: How long a process may take to end when it is told to.
END_S = 30.0
_MARKD = "from mktl.cli.markd import main; main()"


class Child:
    """One Python process; *log* has what it says on stderr, over all its lives."""

    def __init__(self, directory: Path, name: str, *arguments: str) -> None:
        self.name = name
        self.log = directory / f"{name}.log"
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self) -> None:
        """Begin it, for the first time or anew."""
        paths = (ROOT, ROOT / "drivers", ROOT / "simulators")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
                cwd=ROOT,
            )

    def ask(self, **order: Any) -> Any:
        """Send a line, and return the line that comes back."""
        _file(self.process.stdin).write(json.dumps(order) + "\n")
        _file(self.process.stdin).flush()
        return self.hear()

    def hear(self) -> Any:
        """The next line that it writes."""
        line = _file(self.process.stdout).readline()
        assert line, f"{self.name} has ended: {self.log.read_text()[-2000:]}"
        return json.loads(line)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """As the kernel does it, without a word."""
        self.process.kill()
        self._bury()

    def end_input(self) -> int:
        """Close its input, which tells it to end; its exit code."""
        _file(self.process.stdin).close()
        return self._bury()

    def terminate(self) -> int:
        """SIGTERM; its exit code."""
        self.process.terminate()
        return self._bury()

    def _bury(self) -> int:
        try:
            code = self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = -signal.SIGKILL
        for file in (self.process.stdin, self.process.stdout):
            _file(file).close()
        return code

    def close(self) -> None:
        """Whatever it is doing, it ends now."""
        if self.process.poll() is None:
            self.process.kill()
        self._bury()


def _file(file: IO[str] | None) -> IO[str]:
    assert file is not None
    return file


def markd(directory: Path, store: str) -> Child:
    """The daemon of *store*, on the device file in *directory*."""
    served = ("-m", "tests.trust.soak.served", "-s", "SoakDaemon")
    file = str(directory / f"{store}.toml")
    return Child(directory, store, "-c", _MARKD, store, "soak", "-c", file, *served)


def client(directory: Path, number: int, role: str, stores: Sequence[str]) -> Child:
    """A client process of these stores."""
    return Child(
        directory,
        f"client{number}",
        "-m",
        "tests.trust.soak.client",
        str(directory),
        str(number),
        role,
        *stores,
    )


def devices(directory: Path, *owners: str) -> Child:
    """Every simulated device; the first line that it says has their addresses."""
    return Child(directory, "devices", "-m", "tests.trust.soak.devices", str(directory), *owners)
