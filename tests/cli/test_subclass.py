from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mktl
from mktl.cli.subclass import SubclassError, find

MODULE = """
from mktl import Daemon

class LabDaemon(Daemon):
    pass

class Other(dict):
    pass

def function():
    pass
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current directory with modules, all of it forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    (tmp_path / "cli_lab.py").write_text(MODULE)
    (tmp_path / "cli_broken.py").write_text("x = 1\ny = x / 0\n")
    (tmp_path / "cli_wrong.py").write_text("def x(:\n")
    (tmp_path / "cli_needy.py").write_text("import no_such_library_at_all\n")
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("cli_"):
            del sys.modules[name]


def test_a_subclass_is_found_in_a_module_of_the_current_directory() -> None:
    found = find("cli_lab", "LabDaemon")
    assert found.__name__ == "LabDaemon"
    assert issubclass(found, mktl.Daemon)
    assert find(None, "Daemon") is mktl.Daemon


@pytest.mark.parametrize(
    ("module", "name", "message"),
    [
        ("cli_lab", "Lab", r"module 'cli_lab' has no 'Lab'; name its subclass with -s: LabDaemon"),
        (
            "cli_lab",
            "Other",
            r"cli_lab\.Other is a class of dict, not a subclass of mktl\.Daemon; .*LabDaemon",
        ),
        ("cli_lab", "function", r"cli_lab\.function is a function, not a subclass"),
        # It would serve the items, and nothing of what LabDaemon does.
        (
            "cli_lab",
            "Daemon",
            r"cli_lab\.Daemon is mktl\.Daemon itself; name its subclass with -s: LabDaemon",
        ),
        ("json", "Daemon", r"module 'json' has no 'Daemon'; it defines no subclass"),
        ("cli_nowhere", "Daemon", r"no module 'cli_nowhere', neither in /"),
        ("cli_lab.inner", "Daemon", r"no module 'cli_lab\.inner'"),
        (
            "cli_broken",
            "Daemon",
            r"cannot be imported: ZeroDivisionError: division by zero \(.*cli_broken\.py:2\)",
        ),
        ("cli_wrong", "Daemon", r"cannot be imported: SyntaxError: .* \(.*cli_wrong\.py:1\)"),
        ("cli_needy", "Daemon", r"cannot be imported: ModuleNotFoundError: .*no_such_library_at_all"),
        ("cli_lab.py", "Daemon", r"'cli_lab\.py' is a file; name the module, such as 'cli_lab'"),
        ("./sub/lab.py", "Daemon", r"such as 'sub\.lab'"),
    ],
)
def test_what_is_no_subclass_is_named_with_what_would_be(module: str, name: str, message: str) -> None:
    with pytest.raises(SubclassError, match=message):
        find(module, name)
