"""Values that outlive their daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import mktl
from mktl.config.local import store_directory
from mktl.item.reading import Reading
from mktl.persist import Persistence
from tests.conftest import wait_until_serving

ITEMS = {
    "KEPT": {"type": "numeric", "persist": True, "initial": 1},
    "LOST": {"type": "numeric", "initial": 1},
    "ARRAY": {"type": "bulk", "persist": True},
}
MARKD = str(Path(sys.executable).parent / "markd")


def test_a_persistent_value_and_its_time_survive_a_restart(make_daemon) -> None:
    first = make_daemon(items=ITEMS)
    assert mktl.get("lab.kept").value == 1
    mktl.get("lab.kept").set(5)
    mktl.get("lab.lost").set(5)
    assumed = mktl.get("lab.kept").time
    first.close()
    mktl.close()
    make_daemon(items=ITEMS)
    assert (mktl.get("lab.kept").value, mktl.get("lab.kept").time) == (5, assumed)
    assert mktl.get("lab.lost").value == 1


def test_an_array_survives(make_daemon) -> None:
    import numpy as np

    first = make_daemon(items=ITEMS)
    mktl.get("lab.array").set(np.arange(4, dtype=">i2"))
    first.close()
    mktl.close()
    make_daemon(items=ITEMS)
    assert mktl.get("lab.array").value.tolist() == [0, 1, 2, 3]


def test_a_set_that_was_answered_survives_kill_9(home, tmp_path, remote_client) -> None:
    path = tmp_path / "items.json"
    path.write_text('{"KEPT": {"type": "numeric", "persist": true}}')
    for value in (3, 4):
        process = subprocess.Popen([MARKD, "lab", "one", "-c", str(path)], stderr=subprocess.PIPE, text=True)
        try:
            wait_until_serving(process)
            client = remote_client()
            if value == 4:
                assert client.ask(do="get", key="lab.kept")["value"] == 3
            assert client.ask(do="set", key="lab.kept", value=value)["value"] == value
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(5)
            process.stderr.close()


@pytest.mark.parametrize("damage", [b"", b"not a database at all, but long enough to be read as one" * 40])
def test_a_damaged_file_is_set_aside_and_the_daemon_starts(make_daemon, damage, caplog) -> None:
    directory = store_directory("lab")
    directory.mkdir(parents=True)
    (directory / "one.sqlite").write_bytes(damage)
    make_daemon(items=ITEMS)
    assert mktl.get("lab.kept").value == 1
    mktl.get("lab.kept").set(2)
    assert list(directory.glob("*.damaged-*"))


def test_a_disk_that_cannot_be_written_fails_the_set_and_is_tried_again(home, monkeypatch) -> None:
    persistence = Persistence("lab", "one")
    path = store_directory("lab") / "one.sqlite"
    path.parent.mkdir(parents=True)
    path.mkdir()  # where the file should be
    with pytest.raises(mktl.errors.MktlError, match="kept: set, but not stored"):
        persistence.save("kept", Reading(1, 1.0, status="ok")).result(5)
    path.rmdir()
    persistence.save("kept", Reading(2, 2.0, status="ok")).result(5)
    persistence.close()
    assert Persistence("lab", "one").load().readings["kept"].value == 2
