"""D2: a full disk and damaged files fail what they must, say so, and stop no daemon from starting."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import mktl
from mktl.config import home as home_directory
from mktl.config.local import store_directory
from mktl.item.reading import Reading
from mktl.persist import Persistence
from tests.conftest import wait_for
from tests.trust.nursery import Nursery
from tests.trust.rawwire import raw_wire

SOAK = [pytest.mark.soak, pytest.mark.timeout(1200)]
KEPT = {f"kept{number}": {"type": "numeric", "persist": True, "initial": -1} for number in range(8)}
ITEMS = {**KEPT, "plain": {"type": "numeric", "initial": 7}}
VALUES = {key: 10.5 + number for number, key in enumerate(KEPT)}


# -- a full disk


@contextmanager
def limited(nursery: Nursery, file: Path) -> Iterator[tuple[int, Callable[[], None], Callable[[], None]]]:
    """A daemon whose files cannot grow: the kernel refuses the bytes, as it does on a full disk."""
    child = nursery.markd("lab", "one", "-c", file, "-o")
    yield child.ports[0], lambda: child.limit_files(8192), lambda: child.limit_files(-1)


@contextmanager
def on_small_disk(
    nursery: Nursery, file: Path
) -> Iterator[tuple[int, Callable[[], None], Callable[[], None]]]:
    """A daemon with a disk of its own, of 1 MB, that is filled to the last byte."""
    disk = file.parent / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=1m none "{disk}"'
    script = f'{mount} && MKTL_HOME="{disk}/home" exec markd lab one -o -c "{file}"'
    process = subprocess.Popen(["unshare", "-rm", "sh", "-c", script], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = next((line for line in process.stderr if "requests on port" in line), None)
        if line is None:
            pytest.skip("this user may mount nothing")
        inside = Path(f"/proc/{process.pid}/root{disk}/filler")

        def fill() -> None:
            with inside.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(4096))

        yield int(line.split("requests on port ")[1].split(",")[0]), fill, inside.unlink
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close()


@pytest.mark.parametrize("disk", [limited, pytest.param(on_small_disk, marks=SOAK)])
def test_d2_a_set_that_cannot_be_stored_says_so_and_saving_resumes(
    disk: Callable[..., Iterator[None]], nursery: Nursery, tmp_path: Path
) -> None:
    file = tmp_path / "items.json"
    file.write_text(json.dumps(ITEMS))
    with disk(nursery, file) as (port, fill, free), raw_wire(port) as wire:
        assert wire.ask("SET", "lab.kept0", value=1)["value"] is True
        fill()
        errors = [wire.ask("SET", "lab.kept1", value=number).get("error") for number in range(100)]
        assert errors[-1] is not None
        assert errors[-1]["text"].startswith("kept1: set, but not stored: ")
        assert wire.ask("SET", "lab.plain", value=3)["value"] is True
        assert wire.ask("GET", "lab.kept1")["value"] == 99
        free()
        assert wire.ask("SET", "lab.kept2", value=2)["value"] is True


def test_d2_what_could_not_be_stored_is_stored_later_though_nobody_asks(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path = store_directory("lab") / "one.sqlite"
    persistence = Persistence("lab", "one", retry_s=0.01)
    path.parent.mkdir(parents=True)
    path.mkdir()  # where the file should be
    with pytest.raises(mktl.errors.MktlError, match="kept: set, but not stored"):
        persistence.save("kept", Reading(1, 1.0, status="ok")).result(5)
    path.rmdir()
    wait_for(lambda: "values are stored again after " in caplog.text)
    assert persistence.load().readings["kept"].value == 1
    persistence.close()


# -- damaged and foreign files


def emptied(content: bytes, dice: random.Random) -> bytes:
    return b""


def cut(content: bytes, dice: random.Random) -> bytes:
    return content[: dice.randrange(len(content) + 1)]


def zeroed(content: bytes, dice: random.Random) -> bytes:
    begin = dice.randrange(len(content) + 1)
    count = dice.randrange(1, 5000)
    return content[:begin] + bytes(len(content[begin : begin + count])) + content[begin + count :]


def with_bits_flipped(content: bytes, dice: random.Random) -> bytes:
    mutable = bytearray(content)
    for _ in range(dice.randrange(1, 9) if content else 0):
        mutable[dice.randrange(len(mutable))] ^= 1 << dice.randrange(8)
    return bytes(mutable)


def with_bytes_changed(content: bytes, dice: random.Random) -> bytes:
    begin = dice.randrange(len(content) + 1)
    return content[:begin] + dice.randbytes(dice.randrange(1, 200)) + content[begin:]


def garbage(content: bytes, dice: random.Random) -> bytes:
    return dice.randbytes(dice.randrange(1, 3 * len(content) + 10))


def foreign(content: bytes, dice: random.Random) -> bytes:
    return dice.choice(
        [b"[]", b"{}", b"null", b'{"items": 3}', b"99999999999999", b"-1\n", b"\xff\xfe{}", b"\0"]
    )


MUTATIONS = (emptied, cut, zeroed, with_bits_flipped, with_bytes_changed, garbage, foreign)


def another_database(path: Path) -> None:
    """One of SQLite, but not of ours."""
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE item (number INTEGER)")
    connection.commit()
    connection.close()


def damage(path: Path, dice: random.Random) -> None:
    """Spoil one file in a way that disks, crashes and people spoil files."""
    kind = dice.randrange(len(MUTATIONS) + 2)
    if kind == len(MUTATIONS):
        another_database(path)
    elif kind == len(MUTATIONS) + 1:
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(MUTATIONS[kind](path.read_bytes(), dice))


def is_true_or_flagged(value: object, status: str, reason: str, expected: float) -> bool:
    return (value == expected and status == "ok") or (status == "invalid" and bool(reason))


@pytest.fixture
def sound(make_daemon: Callable[..., mktl.Daemon], home: Path, tmp_path: Path) -> Path:
    """A copy of the home of a daemon that has run and stopped in good order."""
    daemon = make_daemon(items=ITEMS, override=True)
    for key, value in VALUES.items():
        daemon.items[key].set(value)
    daemon.close()
    return Path(shutil.copytree(home, tmp_path / "sound"))


def test_d2_of_500_damaged_state_files_no_value_is_believed_that_was_not_stored(sound: Path) -> None:
    dice = random.Random(2)
    path = store_directory("lab") / "one.sqlite"
    spoilt = 0
    for _ in range(500):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        shutil.copy(sound / "daemon" / "store" / "lab" / "one.sqlite", path)
        damage(path, dice)
        loaded = Persistence("lab", "one").load()
        for key, value in VALUES.items():
            reading = loaded.readings.get(key)
            assert loaded.flaw if reading is None else reading.value == value
        spoilt += bool(loaded.flaw)
    assert spoilt > 300


@pytest.mark.parametrize("starts", [40, pytest.param(500, marks=SOAK)])
def test_d2_a_daemon_starts_whatever_has_become_of_its_files(
    starts: int, sound: Path, make_daemon: Callable[..., mktl.Daemon]
) -> None:
    dice = random.Random(3)
    flagged = 0
    for _ in range(starts):
        shutil.rmtree(home_directory())
        shutil.copytree(sound, home_directory())
        files = sorted(path for path in home_directory().rglob("*") if path.is_file())
        for path in dice.sample(files, dice.randrange(1, 4)):
            damage(path, dice)
        daemon = make_daemon(items=ITEMS, override=True)
        for key, value in VALUES.items():
            item = daemon.items[key]
            assert is_true_or_flagged(item.value, item.status, item.reason, value), item
            flagged += item.status == "invalid"
        assert daemon.items["plain"].value == 7
        daemon.close()
    assert flagged


@pytest.mark.parametrize("content", ["", "\n", "0", "x", "99999", "-5"])
def test_d2_port_files_with_nothing_in_them_do_no_harm(
    content: str, sound: Path, make_daemon: Callable[..., mktl.Daemon]
) -> None:
    for path in (home_directory() / "daemon" / "port" / "lab").iterdir():
        path.write_text(content)
    daemon = make_daemon(items=ITEMS, override=True)
    assert mktl.get("lab.kept0").value == VALUES["kept0"]
    assert daemon.rep != daemon.pub


def test_d2_an_item_whose_stored_value_is_lost_says_so_until_it_is_set(
    sound: Path, make_daemon: Callable[..., mktl.Daemon]
) -> None:
    (store_directory("lab") / "one.sqlite").write_bytes(b"no database")
    for _ in range(2):  # the second start finds a file that is sound, and has nothing in it
        daemon = make_daemon(items=ITEMS, override=True)
        item = daemon.items["kept0"]
        assert (item.value, item.status, item.severity) == (-1, "invalid", "invalid")
        assert "one.sqlite is damaged (file is not a database)" in item.reason
        daemon.close()
    daemon = make_daemon(items=ITEMS, override=True)
    daemon.items["kept0"].set(3)
    assert (daemon.items["kept0"].value, daemon.items["kept0"].status) == (3, "ok")
    daemon.close()
    assert make_daemon(items=ITEMS, override=True).items["kept0"].status == "ok"


def test_d2_a_stored_value_that_is_none_of_its_item_any_more_is_not_taken(
    sound: Path, make_daemon: Callable[..., mktl.Daemon]
) -> None:
    words = {"type": "enumerated", "enumerators": {"0": "off"}, "persist": True, "initial": 0}
    item = make_daemon(items={**ITEMS, "kept0": words}, override=True).items["kept0"]
    assert (item.value, item.status) == (0, "invalid")
    assert "the stored value is none of this item any more: " in item.reason


def test_d2_a_file_without_checksums_as_the_first_versions_wrote_is_read(
    sound: Path, make_daemon: Callable[..., mktl.Daemon]
) -> None:
    path = store_directory("lab") / "one.sqlite"
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE item (key TEXT PRIMARY KEY, payload BLOB NOT NULL, bulk BLOB) WITHOUT ROWID"
    )
    connection.execute("INSERT INTO item VALUES ('kept0', '{\"value\": 4, \"time\": 1700000000.0}', NULL)")
    connection.commit()
    connection.close()
    daemon = make_daemon(items=ITEMS, override=True)
    assert (daemon.items["kept0"].value, daemon.items["kept0"].time) == (4, 1700000000.0)
    daemon.items["kept0"].set(5)
    daemon.close()
    assert make_daemon(items=ITEMS, override=True).items["kept0"].value == 5
