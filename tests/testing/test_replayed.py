"""A device recorded once and replayed in tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from mktl_simulators.replay import ReplayError

from mktl.errors import DeviceFileError, OutcomeUnknownError
from mktl.testing import serve
from tests.docs.pages import ROOT


@pytest.fixture
def recording(file: Path, tmp_path: Path) -> Path:
    """Everything read, then the target and the heater set."""
    path = tmp_path / "oven.rec"
    file.write_text(
        file.read_text().replace("[links.oven]", "[links.oven]\nidentity = { send = 'ID?', reply = 'X' }")
    )
    with serve(file, record=path) as oven:
        oven.wait_until_read()
        oven["target"].set(350)
        oven["heater"].set(1)
    return path


def test_what_was_recorded_is_replayed(mktl_device, file: Path, recording: Path) -> None:
    assert "oven > S 350.0\\n" in recording.read_text()
    oven = mktl_device(file, replay=recording)
    oven.wait_until_read()
    oven["target"].set(350)
    assert oven["target"].value == 350
    oven["heater"].set(1)
    oven.wait_until_replayed()


def play(file: Path, recording: Path, *, error: Exception | None = None, **values: float) -> None:
    """Set these items of a replayed oven, then raise *error* as a test would."""
    with serve(file, replay=recording) as oven:
        oven.wait_until_read()
        for key, value in values.items():
            oven[key].set(value)
        if error is not None:
            raise error


def test_another_command_fails_the_test_with_the_difference(file: Path, recording: Path) -> None:
    with pytest.raises(ReplayError) as caught:
        play(file, recording, target=351, heater=1)
    assert r"- S 350.0\n" in str(caught.value)
    assert r"+ S 351.0\n" in str(caught.value)


def test_a_reply_that_is_not_asked_for_fails_the_test(file: Path, recording: Path) -> None:
    with pytest.raises(ReplayError, match="never asked for"):
        play(file, recording, target=350)


def test_a_test_that_fails_anyway_has_the_difference_as_a_note(file: Path, recording: Path) -> None:
    with pytest.raises(OutcomeUnknownError) as caught:
        play(file, recording, target=350, error=OutcomeUnknownError("no answer"))
    assert "never asked for" in "".join(caught.value.__notes__)


def test_a_recording_that_is_none_leaves_nothing_running(file: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.rec").write_text("hello\n")
    with pytest.raises(DeviceFileError, match=r"wrong\.rec:1: expected SECONDS LINK"):
        play(file, tmp_path / "wrong.rec")


def test_a_wait_for_the_end_of_a_replay_fails_in_time(mktl_device, file: Path, recording: Path) -> None:
    oven = mktl_device(file, replay=recording)
    with pytest.raises(AssertionError, match=r"not within 0\.01 s"):
        oven.wait_until_replayed(timeout_s=0.01)
    oven["target"].set(350)
    oven["heater"].set(1)
    oven.wait_until_replayed()


MODBUS = """
[links.oven]
driver = "modbus"
url = "{url}"
[items.pv]
type = "numeric"
register = "holding 1"
as = "int16"
poll_s = 0.05
[items.sp]
type = "numeric"
register = "holding 2"
as = "int16"
settable = true
"""


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:1", "rtu+tcp://127.0.0.1:1"])
def test_registers_are_recorded_and_replayed(mktl_device, tmp_path: Path, url: str) -> None:
    file, recording = tmp_path / "oven.toml", tmp_path / "oven.rec"
    file.write_text(MODBUS.replace("{url}", url))
    with serve(file, record=recording) as oven:
        oven.wait_until_read()
        oven["sp"].set(20)
    again = mktl_device(file, replay=recording)
    again.wait_until_read()
    again["sp"].set(20)
    assert again["sp"].value == 20
    again.wait_until_replayed()


@pytest.mark.parametrize("name", ["pfeiffer-tpg262", "trinamic-tmcm1110"])
def test_a_shipped_file_replays_with_every_value_as_it_was(mktl_device, tmp_path: Path, name: str) -> None:
    """One talks in mnemonics and enquiries, all of which are alike; the other in bytes."""
    file, recording = ROOT / "configs" / f"{name}.toml", tmp_path / "x.rec"
    with serve(file, record=recording) as device:
        device.wait_until_read()
        recorded = values_of(device)
    again = mktl_device(file, replay=recording)
    again.wait_until_read()
    assert values_of(again) == recorded


def values_of(device) -> dict[str, object]:
    return {key: item.reading.value for key, item in device.daemon.items.items() if not key.startswith("_")}
