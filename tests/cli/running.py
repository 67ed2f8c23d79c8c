"""A ``mark`` or ``markd`` process, watched line by line."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
DEADLINE_S = 15.0
#: Part of the line with which markd says that it serves.
SERVING = "requests on port"


@contextlib.contextmanager
def _hangup_heard() -> Iterator[None]:
    """Children started in the block hear SIGHUP, although the tests themselves may run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


class Running:
    """A child process whose stdout and stderr are read line by line as they come."""

    def __init__(self, *argv: object, close_stdin: bool = False, **options: Any) -> None:
        command = [str(word) for word in argv]
        if close_stdin:
            command = ["sh", "-c", 'exec "$0" "$@" <&-', *command]
        options.setdefault("stdin", subprocess.DEVNULL)
        with _hangup_heard():
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
                **options,
            )
        self.out: queue.Queue[str] = queue.Queue()
        self.err: queue.Queue[str] = queue.Queue()
        self.said: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(stream, lines))
            for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Any, lines: queue.Queue[str]) -> None:
        with stream:
            for line in stream:
                self.said.append(line)
                lines.put(line.rstrip("\n"))

    def wait_for(self, text: str, lines: queue.Queue[str] | None = None) -> str:
        """The first line, of stderr unless told otherwise, with *text* in it."""
        lines = self.err if lines is None else lines
        end_s = time.monotonic() + DEADLINE_S
        while True:
            try:
                line = lines.get(timeout=max(0, end_s - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {text!r}; it said:\n{''.join(self.said)}") from None
            if text in line:
                return line

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Its exit code, once everything it said has been read."""
        code = self.process.wait(DEADLINE_S)
        for reader in self._readers:
            reader.join(DEADLINE_S)
        return code

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal: the exit code, and the seconds until the process was gone."""
        begun_s = time.monotonic()
        self.send(number)
        code = self.process.wait(DEADLINE_S)
        return code, time.monotonic() - begun_s

    @property
    def has_left_children(self) -> bool:
        """True while any process of its session is alive."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def close(self) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.wait()
