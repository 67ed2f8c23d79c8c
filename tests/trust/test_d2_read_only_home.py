"""D2, where no disk can be written at all: the daemon serves, and says what it does not keep."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

import mktl
from mktl.cli import markd
from mktl.config import fallback, home
from mktl.config.local import store_directory
from tests.trust.nursery import Nursery
from tests.trust.rawwire import raw_wire

HOME = import_module("mktl.config.home")
ITEMS = {"kept": {"type": "numeric", "persist": True, "initial": 1}}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    monkeypatch.setattr("tempfile.tempdir", None)
    return directory


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "items.json"
    path.write_text(json.dumps(ITEMS))
    return path


def test_d2_a_daemon_without_a_home_serves_and_says_where_it_keeps_its_values(
    temporary: Path, file: Path, nursery: Nursery
) -> None:
    nowhere = file / "home"  # beneath a file nothing can be made, by nobody
    for value in (1, 5):
        child = nursery.markd("lab", "one", "-c", file, "-o", home=nowhere)
        with raw_wire(child.ports[0]) as wire:
            assert wire.ask("GET", "lab.kept")["value"] == value
            assert wire.ask("SET", "lab.kept", value=5)["value"] is True
            twin = nursery.markd("lab", "one", "-o", home=nowhere)
            assert twin.wait() == 1
            assert f"runs already: pid {child.pid} on " in twin.said
        (warning,) = [line for line in child.said.splitlines() if " WARNING " in line]
        assert f"{nowhere} cannot be written: persistent values, the uuid and the ports of this" in warning
        assert f"are kept in {temporary}/mktl-" in warning
        assert warning.endswith("set MKTL_HOME to a directory that can be written")
        child.stop()
        assert child.code == 0


def test_d2_what_a_home_has_that_can_only_be_read_is_taken_along(
    temporary: Path, make_daemon: Callable[..., mktl.Daemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = make_daemon(items=ITEMS, override=True)
    daemon.items["kept"].set(7)
    daemon.close()
    there = home()
    monkeypatch.setattr(fallback, "can_write", lambda directory: False)
    monkeypatch.setattr(HOME, "_chosen", None)
    assert fallback.use_if_needed("lab", "one").startswith(f"{there} cannot be written")
    assert home().parent == temporary
    assert home().stat().st_mode & 0o777 == 0o700
    again = mktl.Daemon("lab", "one", override=True)
    assert (again.uuid, again.rep, again.items["kept"].value) == (daemon.uuid, daemon.rep, 7)
    again.items["kept"].set(8)
    again.close()
    # Another start from the same home goes on with what is newer.
    monkeypatch.setattr(HOME, "_chosen", None)
    fallback.use_if_needed("lab", "one")
    again = mktl.Daemon("lab", "one", override=True)
    assert again.items["kept"].value == 8
    again.close()


def test_d2_a_temporary_directory_that_is_somebody_elses_is_not_used(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setattr(HOME, "_chosen", None)
    first = fallback._directory(home)
    first.chmod(0o755)
    second = fallback._directory(home)
    assert second != first
    assert second.stat().st_mode & 0o777 == 0o700


def test_d2_whether_a_directory_that_is_not_there_can_be_made_is_found_out_without_making_it(
    tmp_path: Path,
) -> None:
    assert fallback.can_write(tmp_path / "a" / "b" / "c")
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").touch()
    assert not fallback.can_write(tmp_path / "file" / "b")
    if os.geteuid():
        tmp_path.chmod(0o500)
        assert not fallback.can_write(tmp_path / "a")


@pytest.mark.soak
def test_d2_a_home_on_a_disk_that_is_mounted_read_only(file: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs none "{disk}" && mkdir "{disk}/home" && mount -o remount,ro "{disk}"'
    script = f'{mount} && HOME="{disk}/home" exec env -u MKTL_HOME markd lab one -o -c "{file}"'
    process = subprocess.Popen(["unshare", "-rm", "sh", "-c", script], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "requests on port" in line:
                break
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close()
    if "cannot be written: persistent values" not in "".join(said):
        assert "mount" in "".join(said)
        pytest.skip("this user may mount nothing")
    assert "requests on port" in said[-1]


def test_d2_a_daemon_starts_on_a_full_disk(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for module in ("mktl.daemon.configure", "mktl.config.local"):
        monkeypatch.setattr(f"{module}.write_atomically", full)
    arguments = markd.arguments_of(["lab", "one", "-c", str(file), "-o"])
    daemon = markd.prepare(arguments)("lab", "one", arguments, override=True)
    try:
        assert daemon.items["kept"].value == 1
        assert store_directory("lab").is_dir()
    finally:
        daemon.close()
    assert f"No space left on device; the next start of lab one has to be given {file} again" in caplog.text
    assert "No space left on device; the next start of this daemon has another uuid" in caplog.text
