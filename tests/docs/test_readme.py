"""What the README shows is what happens."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import wait_until_serving

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BIN = Path(sys.executable).parent
BLOCK = re.compile(r"(?:<!-- file: (\S+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)


def files() -> dict[str, str]:
    return {name: text for name, _, text in BLOCK.findall(README) if name}


def blocks(language: str) -> list[str]:
    return [text for name, kind, text in BLOCK.findall(README) if kind == language and not name]


@pytest.fixture
def serving(tmp_path, monkeypatch):
    """Runs a `markd` command line in the directory of the README's files until the test is over."""
    monkeypatch.chdir(tmp_path)
    for name, text in files().items():
        Path(name).write_text(text)
    running = []

    def serve(command: str) -> None:
        program, *arguments = command.split()
        process = subprocess.Popen([BIN / program, *arguments], stderr=subprocess.PIPE, text=True)
        running.append(process)
        wait_until_serving(process)

    yield serve
    for process in running:
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        process.stderr.close()


def run(command: str) -> str:
    program, *arguments = command.split()
    done = subprocess.run([BIN / program, *arguments], capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr


def test_it_opens_with_the_two_commands() -> None:
    first = blocks("console")[0].splitlines()
    assert [line.split("#")[0].strip() for line in first] == ["$ make demo", "$ make test"]


def test_the_device_file_is_served_and_used_as_shown(serving) -> None:
    _, shown = blocks("console")
    steps = [step.split("\n", 1) for step in shown.split("$ ")[1:]]
    serving(steps[0][0].removesuffix(" &"))
    for command, expected in steps[1:]:
        assert run(command) == expected


def test_the_python_item_is_served_and_the_client_sets_it(serving, tmp_path) -> None:
    Path("stage.json").write_text('{"position": {"type": "numeric", "units": "mm"}}')
    serving("markd lab stage -m stage -c stage.json")
    [client] = blocks("python")
    environment = {**os.environ, "PYTHONPATH": ""}
    code = client + "\nprint(position.value)\nmktl.close()\n"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.endswith("12.5\n"), done.stderr


def test_what_the_demo_prints_is_what_the_readme_shows() -> None:
    program = (ROOT / "docs" / "examples" / "cooldown.py").read_text()
    [shown] = blocks("text")
    assert "Try from another terminal, in this directory:" in program
    for command in re.findall(r"mark (\w+) cryo", shown):
        assert f" {command} {{store}}" in program
