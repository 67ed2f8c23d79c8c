"""``markd`` processes by the dozen: one process that has imported all of it forks them.

A child is what ``markd`` is after its imports: it runs ``mktl.cli.markd.run`` on a command line, with stdin
from /dev/null and what it says in a file. This saves most of the half second that a start takes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conftest import wait_for

DEADLINE_S = 15.0
_PORTS = re.compile(r"requests on port (\d+), broadcasts on (\d+)")


class Child:
    """One ``markd``, seen from the test."""

    def __init__(self, nursery: Nursery, pid: int, log: Path) -> None:
        self.pid = pid
        self.log = log
        self._nursery = nursery
        self._begun_s = time.monotonic()
        self.code: int | None = None

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    @property
    def ports(self) -> tuple[int, int]:
        """Of requests and broadcasts, once it serves."""

        def said() -> re.Match[str] | None:
            return _PORTS.search(self.said)

        found = wait_for(lambda: said() or self._ended(), "markd serves", DEADLINE_S)
        assert found is not True, f"markd did not start: {self.said}"
        return int(found[1]), int(found[2])

    def _ended(self) -> bool:
        with contextlib.suppress(ProcessLookupError):
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
            return state == "Z"
        return True

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send a signal; the seconds until the process was gone. Its exit code is in *code* then."""
        begun_s = time.monotonic()
        self.send(number)
        self.wait()
        return time.monotonic() - begun_s

    def wait(self) -> int:
        """Its exit code, negative when a signal has ended it."""
        self.code = self._nursery.wait(self.pid)
        return self.code

    @property
    def children(self) -> list[int]:
        """The processes that it has begun."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def limit_files(self, most_bytes: int) -> None:
        """Let no file that it writes grow beyond *most_bytes*; -1 for no limit."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (most_bytes, hard))


class Nursery:
    """Forks ``markd``s; kills those that are left at its end."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._children: dict[int, Child] = {}
        self._count = 0

    def markd(self, *argv: object, module: str = "", **environment: object) -> Child:
        """``markd`` with these arguments; *module* is the source of a module of the name ``own``.

        *home* and so on are ``MKTL_HOME`` and so on of the process.
        """
        self._count += 1
        log = self._directory / f"markd-{self._count}.log"
        log.touch()
        if module:
            (self._directory / "own.py").write_text(module)
        told = {f"MKTL_{name.upper()}": str(value) for name, value in environment.items()}
        words = [str(word) for word in argv]
        pid = self._ask(argv=words, log=str(log), cwd=str(self._directory), environment=told)
        child = self._children[pid] = Child(self, pid, log)
        return child

    def wait(self, pid: int) -> int:
        code: int = self._ask(wait=pid)
        self._children.pop(pid, None)
        return code

    def _ask(self, **what: Any) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        for child in list(self._children.values()):
            with contextlib.suppress(ProcessLookupError):
                child.send(signal.SIGKILL)
            child.wait()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        assert self._process.wait(DEADLINE_S) == 0
        self._process.stdout.close()


@contextlib.contextmanager
def nursery_in(directory: Path) -> Iterator[Nursery]:
    nursery = Nursery(directory)
    try:
        yield nursery
    finally:
        nursery.close()


def _main() -> None:
    """Fork and wait as told; the only thread of this process."""
    import encodings.idna  # noqa: F401 - what children need is here before they are

    from mktl import daemon  # noqa: F401
    from mktl.cli import markd, subclass  # noqa: F401

    for line in sys.stdin:
        told = json.loads(line)
        if "wait" in told:
            _, status = os.waitpid(told["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _be_markd(markd, **told)
        print(pid, flush=True)


def _be_markd(markd: Any, argv: list[str], log: str, cwd: str, environment: dict[str, str]) -> None:
    code = 99
    try:
        os.environ.update(environment)
        os.chdir(cwd)
        null, out = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT, 0o644)
        for descriptor, number in ((null, 0), (out, 1), (out, 2)):
            os.dup2(descriptor, number)
        os.close(null)
        os.close(out)
        code = markd.run(argv)
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _main()
