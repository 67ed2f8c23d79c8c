"""The addresses that are called when nobody near serves a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from mktl.config import registries


def written(home: Path, name: str, content: bytes) -> Path:
    path = home / "client" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_there_need_be_no_files() -> None:
    assert registries.load() == []


def test_those_written_by_hand_come_first_and_each_once(home: Path) -> None:
    written(home, "registries", b"# the summit\nchonk.example.org  # first floor\n\n 10.0.0.1\n10.0.0.1\n")
    registries.save(["10.0.0.2", "10.0.0.1"])
    assert registries.load() == ["chonk.example.org", "10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xfe\x00\n",
        b"two words\n",
        b"a..b\n",
        b"-x\n",
        b"../../etc\n",
        b"x" * 300,
        b"tcp://x:1\n",
        b"\0\n",
    ],
)
def test_what_is_no_address_is_passed_over(home: Path, garbage: bytes) -> None:
    written(home, "registries.cache", garbage + b"\n10.0.0.1\n")
    assert registries.load() == ["10.0.0.1"]


def test_the_latest_comes_first_and_the_oldest_goes() -> None:
    for number in range(registries.MOST + 5):
        registries.save([f"host{number}"])
    kept = registries.remembered()
    assert (kept[0], len(kept)) == (f"host{registries.MOST + 4}", registries.MOST)
    registries.save(["host90", "no address"])
    assert registries.remembered()[:2] == ["host90", kept[0]]


def test_a_file_that_is_right_already_is_not_written_again(home: Path) -> None:
    registries.save(["10.0.0.1"])
    path = home / "client" / "registries.cache"
    before = path.stat().st_ino
    registries.save(["10.0.0.1"])
    assert path.stat().st_ino == before


def test_what_cannot_be_read_or_written_is_no_error(home: Path) -> None:
    (home / "client" / "registries").mkdir(parents=True)
    (home / "client" / "registries.cache").mkdir()
    registries.save(["10.0.0.1"])
    assert registries.load() == []
