"""A `markd` in a process of its own, that can be measured, stopped, killed and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mktl.config import local
from tests.conftest import free_port, wait_for

MARKD = str(Path(sys.executable).parent / "markd")
#: The alias under which the registry runs in the place of a daemon.
REGISTRY = "registry"


class Served:
    """The daemon ``lab.one``; its ports are its own, so that nobody else takes those of a killed one.

    Args:
        directory: Where its files go.
        items: What it serves, by key.
        module: The text of a module with a ``Daemon`` class.
        file: A device file, in the place of *items*.
        options: More of markd's command line.
        environment: Variables besides those of this process.
    """

    def __init__(
        self,
        directory: Path,
        items: Mapping[str, Any] | None = None,
        *,
        module: str = "",
        file: Path | None = None,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        alias: str = "one",
    ) -> None:
        if file is None:
            file = directory / f"{alias}.json"
            file.write_text(json.dumps(items or {}))
        self.command = [MARKD, "lab", alias, "-c", str(file), *options]
        if module:
            (directory / f"{alias}_module.py").write_text(module)
            self.command += ["-m", f"{alias}_module"]
        if alias == REGISTRY:
            self.command = [MARKD.replace("markd", "markguided")]
        self.alias = alias
        self._directory = directory
        self._environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen[str] | None = None
        self.log = directory / f"{alias}.log"
        self.move()

    def move(self) -> None:
        """Have the next start take other ports."""
        uuid = local.daemon_uuid("lab", self.alias)
        local.save_ports("lab", uuid, free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM))

    def start(self) -> Served:
        """Start it, and wait until it serves; what it says goes to `log`, which never is full."""
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                self.command, stderr=log, text=True, cwd=self._directory, env=self._environment
            )
        wait_for(self._is_serving, "markd serves")
        return self

    def _is_serving(self) -> bool:
        assert self.process is not None
        said = self.log.read_text()
        assert self.process.poll() is None, f"markd did not start: {said}"
        return "requests on port" in said

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def end(self, number: int = signal.SIGKILL, within_s: float = 10.0) -> str:
        """Send it a signal, wait for its end, and return what it has said."""
        assert self.process is not None
        self.send_signal(number)
        self.process.wait(within_s)
        self.process = None
        return self.log.read_text()

    def close(self) -> None:
        if self.process is not None:
            self.send_signal(signal.SIGCONT)
            self.end()


def rss_mb(pid: int) -> float:
    """Megabytes (2**20 bytes) of memory that process *pid* holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def peak_mb(pid: int) -> float:
    """The most megabytes that process *pid* has held since its start."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def threads(pid: int) -> int:
    """How many threads process *pid* has."""
    return len(os.listdir(f"/proc/{pid}/task"))


def files(pid: int) -> int:
    """How many files and sockets process *pid* has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))
