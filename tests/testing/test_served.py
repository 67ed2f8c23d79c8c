"""``mktl.testing``: a daemon, its simulators and a client in one object."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

import mktl
from mktl.errors import DeviceFileError, DeviceTimeoutError, LimitError, MktlError
from mktl.testing import LeakError, serve


def test_a_file_is_served_with_simulators_and_a_client(mktl_device, file: Path) -> None:
    oven = mktl_device(file)
    oven.wait_until_read()
    assert oven.daemon.name == "oven-1"
    assert (oven["temp"].value, oven["temp"].config["units"]) == (300, "K")
    assert not oven["temp"].authoritative  # over the wire, as any client


def test_a_parameter_of_the_file_is_a_keyword(mktl_device, file: Path) -> None:
    oven = mktl_device(file, warm=77, store="lab")
    oven.wait_for("temp == 77")
    assert oven["temp"].full_key == "lab.temp"


def test_a_set_reaches_the_simulated_device(mktl_device, file: Path) -> None:
    oven = mktl_device(file)
    oven["target"].set(350)
    assert b"S 350.0\n" in oven.received()
    assert oven["target"].value == 350


def test_a_refusal_is_the_clients_error_and_nothing_is_sent(mktl_device, file: Path) -> None:
    oven = mktl_device(file)
    oven.wait_until_read()
    with pytest.raises(LimitError, match=r"450 K is above the maximum 400 K"):
        oven["target"].set(450)
    assert b"S 450" not in oven.received("oven")


def test_a_lost_reply_is_seen_by_the_client_and_recovered_from(mktl_device, file: Path) -> None:
    oven = mktl_device(file)
    oven.wait_until_read()
    oven.faults["oven"].mute()
    oven.wait_for(lambda: oven["temp"].status == "timeout")
    with pytest.raises(DeviceTimeoutError):
        oven["heater"].get(refresh=True)
    oven.faults["oven"].unmute()
    oven.wait_for(lambda: oven["temp"].status == "ok")
    assert oven.links["oven"].timeouts > 0


def test_a_cable_can_be_pulled_and_put_back(mktl_device, file: Path) -> None:
    oven = mktl_device(file)
    oven.wait_until_read()
    oven.unplug()
    oven.wait_for(lambda: oven["temp"].status == "disconnected")
    oven.plug()
    oven.wait_for(lambda: oven["temp"].status == "ok")


def test_the_devices_time_moves_when_the_test_says_so(mktl_device, file: Path) -> None:
    parts = file.read_text().partition("[simulate.initial]")
    file.write_text(f'{parts[0]}[simulate]\nmodel = "tests.testing.hourglass:Hourglass"\n')
    oven = mktl_device(file, speed=0)
    oven.wait_for("temp == 0")
    oven.advance(100)
    oven.wait_for("temp == 100")


def test_a_condition_that_does_not_come_true_says_how_things_stand(mktl_device, file: Path) -> None:
    oven = mktl_device(file)
    oven.wait_until_read()
    how = r"not within 0\.01 s: heater == 'on' and temp < 5; oven-1\.heater = off"
    with pytest.raises(AssertionError, match=how):
        oven.wait_for("heater == 'on' and temp < 5", timeout_s=0.01)


def test_a_wrong_file_says_all_that_is_wrong_and_leaves_nothing(mktl_device, file: Path) -> None:
    file.write_text(file.read_text().replace("units", "unit"))
    with pytest.raises(DeviceFileError, match='did you mean "units"'):
        mktl_device(file)


def test_a_link_that_is_not_simulated_is_named(mktl_device, file: Path) -> None:
    with pytest.raises(MktlError, match="no simulated link 'over'; there are: oven"):
        mktl_device(file).unplug("over")


def test_home_and_environment_are_as_before(file: Path) -> None:
    before = dict(os.environ), mktl.home()
    with serve(file) as oven:
        assert mktl.home() != before[1]
        home = mktl.home()
        assert oven.daemon.uuid in "".join(path.name for path in home.rglob("*.req"))
    assert (dict(os.environ), mktl.home()) == before
    assert not home.exists()


def test_two_files_are_served_beside_each_other(mktl_device, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "cryo.toml"
    other.write_text(file.read_text())
    oven, cryo = mktl_device(file), mktl_device(other, warm=4)
    oven.wait_for("temp == 300")
    cryo.wait_for("temp == 4")


def test_a_thread_that_runs_on_is_a_leak(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mktl.testing.leaks.PATIENCE_S", 0.01)
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="forgotten")
    with pytest.raises(LeakError, match="threads left behind: forgotten"), serve(file):
        thread.start()
    end.set()
    thread.join()


def test_an_open_file_is_a_leak(file: Path) -> None:
    read, write = 0, 0
    with pytest.raises(LeakError, match="2 files or sockets left open"), serve(file):
        read, write = os.pipe()
    os.close(read)
    os.close(write)


def test_a_model_that_raises_fails_the_test(file: Path) -> None:
    with pytest.raises(MktlError, match="the simulated device of link oven failed: boom"):
        _serve_with_a_broken_model(file)


def _serve_with_a_broken_model(file: Path) -> None:
    with serve(file) as oven:
        oven.wait_until_read()
        with oven.simulators["oven"].server.hold() as model:
            model.receive = _explode
        oven.wait_for(lambda: oven["temp"].status == "disconnected")


def _explode(_: bytes) -> bytes:
    raise ValueError("boom")
