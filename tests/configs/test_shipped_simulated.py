"""Every file in ``configs/`` with no hardware, as ``markd --simulate`` serves it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import mktl
from mktl.daemon import configure
from tests.configs.serving import CONFIGS
from tests.conftest import wait_for

FILES = sorted(CONFIGS.glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_shipped_file_finds_its_device_in_its_simulator(path) -> None:
    configure.adopt("lab", "device", path)
    with mktl.Daemon("lab", "device", SimpleNamespace(simulate=True, speed=1.0)) as daemon:
        wait_for(lambda: all(link.state == "connected" for link in daemon.links.values()))
        wait_for(
            lambda: any(item.status == "ok" for item in daemon.items.values() if hasattr(item, "source"))
        )
