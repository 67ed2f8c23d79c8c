"""``markd --record`` and ``markd --replay``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from running import SERVING, Running

from mktl.cli import markd

FILE = r"""
[links.dev]
driver = "tcp"
host = "127.0.0.1"
port = 1
[items.level]
type = "numeric"
get = 'L?'
reply = '{:d}'
set = 'L {:d}'
[simulate.initial]
level = 7
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "dev.toml"
    path.write_text(FILE)
    return path


def test_a_session_is_recorded_and_replayed_strictly(
    run: Callable[..., Running], call: Callable[..., Result], file: Path, tmp_path: Path
) -> None:
    recording = tmp_path / "dev.rec"
    recorded = run("markd", "lab", "dev", "-c", file, "--simulate", "--record", recording)
    recorded.wait_for(SERVING)
    assert call("set", "lab.level=8").stdout == "lab.level: set 8, now 8\n"
    assert recorded.stop()[0] == 0
    said = [line.split(" ", 1)[1] for line in recording.read_text().splitlines()[1:]]
    assert said == [
        r"dev > L?\n", r"dev < 7\n", r"dev > L 8\n", r"dev > L?\n", r"dev < 8\n",
    ]  # fmt: skip

    again = run("markd", "lab", "dev", "-c", file, "--replay", recording)
    assert ", replayed; " in again.wait_for(SERVING)
    assert call("get", "lab.level", "--refresh").exit_code == 0  # once more than recorded
    assert again.stop()[0] == 1
    assert r"  - L 8\n" in "".join(again.said)


@pytest.mark.parametrize("more", [["--simulate"], ["--record", "x.rec"]])
def test_a_replay_has_no_device(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        markd.arguments_of(["lab", "dev", "-c", "dev.toml", "--replay", "x.rec", *more])
    assert "no device to simulate or to record" in capsys.readouterr().err


def test_a_recording_that_is_none_is_a_wrong_file(
    run: Callable[..., Running], file: Path, tmp_path: Path
) -> None:
    (tmp_path / "x.rec").write_text("hello\n")
    process = run("markd", "lab", "dev", "-c", file, "--replay", tmp_path / "x.rec")
    assert process.wait() == 2
    assert "x.rec:1: expected SECONDS LINK" in "".join(process.said)
