"""E2: the cable comes out and goes in again, while everybody asks."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from mktl.errors import MktlError
from mktl.testing import serve
from tests.trust.files import KINDS, device_file

#: Two polls, a reply that is waited for, and what a busy machine takes.
NOTICED_S = 2 * 0.05 + 0.2 + 1.0
#: The longest pause between two attempts, an introduction, and the same.
BACK_S = 0.1 + 0.2 + 1.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("times", [3, pytest.param(50, marks=pytest.mark.soak)])
@pytest.mark.timeout(600)
def test_e2_each_time_it_is_unplugged_it_says_so_and_each_time_it_comes_back(
    tmp_path: Path, kind: str, times: int
) -> None:
    path = tmp_path / "box.toml"
    path.write_text(device_file(kind))
    with serve(path) as box:  # it looks for threads and files that are left, at its end
        box.wait_for("temp == temp", 10)
        stop = threading.Event()
        refused: list[str] = []

        def load() -> None:
            while not stop.is_set():
                try:
                    box["name"].get(refresh=True)
                except MktlError as error:
                    refused.append(str(error))
                stop.wait(0.005)

        loading = threading.Thread(target=load)
        loading.start()
        try:
            for _ in range(times):
                one_time(box)
        finally:
            stop.set()
            loading.join()
        assert box.links["box"].reconnects == times
        assert refused
        assert all("name" in text or "box" in text for text in refused)


def one_time(box) -> None:
    item = box.daemon.items["temp"]
    box.unplug()
    pulled_s = time.monotonic()
    box.wait_for(lambda: item.status == "disconnected", 10)
    assert time.monotonic() - pulled_s < NOTICED_S
    box.wait_for(lambda: box["temp"].status == "disconnected")
    kept = item.value, item.time, item.sampled
    for _ in range(20):
        assert (item.value, item.time, item.sampled) == kept
        time.sleep(0.005)
    box.plug()
    plugged_s = time.monotonic()
    box.wait_for(lambda: item.status in ("ok", "simulated"), 10)
    assert time.monotonic() - plugged_s < BACK_S
    box.wait_for(lambda: box["temp"].status in ("ok", "simulated"))
    box.wait_for(lambda: item.sampled > kept[2])
