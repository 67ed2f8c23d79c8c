"""``configs/lakeshore336.toml`` on a serial line that is pulled, at the pace that the manual asks for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from mktl_simulators.lakeshore336 import LakeShore336
from mktl_simulators.serve import PtyServer

import mktl
from mktl.daemon import configure
from tests.conftest import wait_for

ROOT = Path(__file__).parents[2]
FILE = ROOT / "configs" / "lakeshore336.toml"


def start(path: Path, port: object) -> mktl.Daemon:
    configure.adopt("cryo", "ls336", path, {"port": str(port)})
    return mktl.Daemon("cryo", "ls336", SimpleNamespace(simulate=False, speed=1.0))


def values_of(daemon: mktl.Daemon) -> dict[str, mktl.Item]:
    items = {key: item for key, item in daemon.items.items() if not key.startswith(("_", "link."))}
    wait_for(lambda: all(item.status != "unset" for key, item in items.items() if "manual" not in key))
    return items


def test_the_shipped_file_keeps_the_pace_and_survives_the_cable(tmp_path) -> None:
    model = LakeShore336.controlling(at_k=77)
    link = tmp_path / "ttyLS336"
    with PtyServer(model, link_path=link) as server, start(FILE, link) as daemon:
        items = values_of(daemon)
        assert items["tempa"].value == pytest.approx(77, abs=0.5)
        assert items["typed"].formatted == "off"
        assert items["tempd"].status == "disabled"
        items["namea"].set("Cold plate")
        assert items["namea"].value == "Cold plate"
        items["mode2"].set("open loop")
        items["manual2"].set(12.5)
        assert items["mode2"].formatted == "open loop"
        assert model.manners.too_fast == 0  # 50 ms between exchanges, as the manual asks
        server.unplug()
        wait_for(lambda: items["tempa"].status == "disconnected")
        assert items["tempa"].value == pytest.approx(77, abs=0.5)
        server.plug()
        wait_for(lambda: items["tempa"].status == "ok")
