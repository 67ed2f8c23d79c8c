"""What passes on a link, written down as it passes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from mktl.daemon.recording import Recorder
from mktl.devicefile import Device
from mktl.errors import MktlError


class Line:
    """A link whose taps are told by hand."""

    def __init__(self) -> None:
        self.all: list = []
        self.taps = SimpleNamespace(add=self.all.append)


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path / "lab.toml", {}, {}, {})


def record(path: Path, device: Device, *events: tuple[float, str, bytes]) -> list[str]:
    """The lines written for these events, the remark at the top aside."""
    now_s = [10.0]
    recorder, line = Recorder(path, device, lambda: now_s[0]), Line()
    assert recorder.follow("dev", line)
    [tap] = line.all
    for at_s, method, data in events:
        now_s[0] = 10.0 + at_s
        getattr(tap, method)(data)
    recorder.close()
    remark, *lines = path.read_text().splitlines()
    assert remark.startswith("# lab.toml, ")
    return lines


def test_a_reply_that_comes_in_pieces_is_one_line(tmp_path: Path, device: Device) -> None:
    assert record(
        tmp_path / "x.rec", device,
        (0.0, "sent", b"T?\n"), (0.1, "received", b"+4"), (0.11, "received", b".2\r\n"),
        (0.12, "replied", b""),
        (0.2, "sent", b"U?\n"),
    ) == [r"0.000 dev > T?\n", r"0.100 dev < +4.2\r\n", r"0.200 dev > U?\n"]  # fmt: skip


def test_what_comes_long_after_is_another_line(tmp_path: Path, device: Device) -> None:
    assert record(
        tmp_path / "x.rec", device, (0.0, "received", b"1\n"), (1.0, "received", b"2\n")
    ) == [r"0.000 dev < 1\n", r"1.000 dev < 2\n"]  # fmt: skip


def test_what_came_last_is_written_when_the_daemon_ends(tmp_path: Path, device: Device) -> None:
    assert record(tmp_path / "x.rec", device, (0.5, "received", b"1\n")) == [r"0.500 dev < 1\n"]


def test_a_driver_that_does_not_tell_is_known(tmp_path: Path, device: Device) -> None:
    recorder = Recorder(tmp_path / "x.rec", device)
    assert not recorder.follow("dev", object())
    recorder.close()


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, device: Device) -> None:
    with pytest.raises(MktlError, match="cannot be written: No such file or directory"):
        Recorder(tmp_path / "nowhere" / "x.rec", device)
