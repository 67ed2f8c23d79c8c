"""The pytest plugin in a run of its own, as a CI has it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from mktl.cli.mark import mark
from tests.docs.pages import ROOT, Page

TESTS = """
import pytest

def test_that_passes(mktl_device):
    oven = mktl_device("oven.toml")
    oven.wait_for("temp == 300")

def test_that_fails(mktl_device):
    oven = mktl_device("oven.toml")
    oven.wait_until_read()
    assert oven["temp"].value == 301

def test_that_leaves_a_file_open(mktl_device):
    mktl_device("oven.toml")
    globals()["left"] = open("oven.toml")
"""


def run_pytest(directory: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """pytest with this plugin alone, whatever the installation announces."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "mktl.testing.plugin", "-p", "no:cacheprovider", *argv],
        cwd=directory,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_run_tells_what_passed_what_failed_and_what_leaked(file: Path, tmp_path: Path) -> None:
    file.rename(tmp_path / "oven.toml")
    (tmp_path / "test_oven.py").write_text(TESTS)
    run = run_pytest(tmp_path)
    assert "2 passed, 1 failed, 1 error" in _counts(run.stdout)
    assert "assert 300.0 == 301" in run.stdout
    assert "LeakError: 1 files or sockets left open" in run.stdout


def test_the_how_to_for_a_ci_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = Page("docs/how-to/test-in-ci.md")
    for file, _, text in page.blocks:
        if file:
            Path(file).write_text(text)
    [workflow] = page.of("yaml")
    commands = [line.strip() for line in workflow.splitlines() if line.strip().startswith("- run:")]
    assert commands[1:] == ["- run: mark check oven.toml", "- run: pytest"]
    assert CliRunner().invoke(mark, ["check", "oven.toml"]).exit_code == 0
    assert _counts(run_pytest(tmp_path).stdout) == "6 passed"
    [without_pytest] = page.of("python")
    exec(compile(without_pytest, "test-in-ci.md", "exec"), {})


def _counts(stdout: str) -> str:
    """The last line with its counts in one order."""
    last = stdout.strip().splitlines()[-1]
    words = dict(reversed(part.split()[:2]) for part in last.split(" in ")[0].split(", "))
    return ", ".join(f"{words[kind]} {kind}" for kind in ("passed", "failed", "error") if kind in words)


def test_the_installation_announces_the_plugin_and_it_imports_nothing_heavy() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"mktl": "mktl.testing.plugin"}
    probe = (
        "import sys, mktl.testing.plugin; print(sorted({'zmq', 'numpy', 'pydantic'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=30)
    assert done.stdout == "[]\n", done.stderr
