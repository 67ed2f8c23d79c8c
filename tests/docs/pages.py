"""Runs a page of the documentation from top to bottom: its files, its commands, its Python."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from tests.conftest import wait_for, wait_until_serving

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
_BLOCK = re.compile(r"(?:<!-- file: (\S+) -->\n)?```(\w+)[^\n]*\n(.*?)```", re.DOTALL)


class Page:
    """A page and what it started; used in a directory of its own."""

    def __init__(self, path: str) -> None:
        self.text = (ROOT / path).read_text()
        self.blocks: list[tuple[str, str, str]] = _BLOCK.findall(self.text)
        self._serving: list[subprocess.Popen[str]] = []
        self._python = ""

    def of(self, language: str) -> list[str]:
        """The blocks of a language that are no files."""
        return [text for file, kind, text in self.blocks if kind == language and not file]

    def run(self) -> None:
        """Write each file, run each command and compare what it prints, run the Python at the end."""
        for file, kind, text in self.blocks:
            if file:
                Path(file).write_text(text)
            elif kind == "console":
                self._console(text)
            elif kind == "python":
                self._python += text
        if self._python:
            self._run_python()

    def _console(self, text: str) -> None:
        for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, expected = step.partition("\n")
            if command.split()[0] == "make":
                continue  # is run as a whole elsewhere
            if command.endswith(" &"):
                self._serve(command.removesuffix(" &"))
                continue
            program, *arguments = shlex.split(command)
            done = subprocess.run([BIN / program, *arguments], capture_output=True, text=True, timeout=30)
            assert done.stdout + done.stderr == expected, command

    def _serve(self, command: str) -> None:
        program, *arguments = shlex.split(command)
        process = subprocess.Popen([BIN / program, *arguments], stderr=subprocess.PIPE, text=True)
        self._serving.append(process)
        wait_until_serving(process)
        if any("driver =" in text for file, _, text in self.blocks if file):
            # A person types the next command later than the first readings come; a test must wait for them.
            wait_for(lambda: self._has_been_read(arguments[0]))

    def _has_been_read(self, store: str) -> bool:
        """Whether every item of the store has a reading."""
        got = subprocess.run([BIN / "mark", "get", store], capture_output=True, text=True, timeout=30)
        return not re.search(r"\((unset|disconnected)", got.stdout)

    def _run_python(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", self._python], capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stderr

    def close(self) -> None:
        """Stop what the page started."""
        for process in self._serving:
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 0
            assert process.stderr is not None
            process.stderr.close()
