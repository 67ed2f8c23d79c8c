"""The whole instrument is off when its daemons start."""

from __future__ import annotations

import os
from contextlib import ExitStack
from types import SimpleNamespace

import mktl
from mktl.daemon import configure, drivers
from tests.configs.serving import CONFIGS
from tests.conftest import wait_for

FILES = sorted(CONFIGS.glob("*.toml"))


def test_daemons_serve_while_every_device_is_off_and_each_comes_up_when_it_is_switched_on(
    monkeypatch,
) -> None:
    stand_ins = []
    make = drivers.make_stand_in

    def switched_off(*arguments, **more):
        stand_in = make(*arguments, **more)
        stand_in.server.unplug()
        stand_ins.append(stand_in)
        return stand_in

    monkeypatch.setattr(drivers, "make_stand_in", switched_off)
    with ExitStack() as running:
        daemons = []
        for path in FILES:
            configure.adopt(path.stem, "one", path)
            options = SimpleNamespace(simulate=True, speed=1.0)
            daemons.append(running.enter_context(mktl.Daemon(path.stem, "one", options)))
        bound = [
            [item for item in daemon.items.values() if getattr(item, "source", None)] for daemon in daemons
        ]
        wait_for(
            lambda: all(item.status == "disconnected" and item.reason for items in bound for item in items)
        )
        for path in FILES:  # a client is answered meanwhile
            assert mktl.get(f"{path.stem}._onepid").value == os.getpid()

        for stand_in in stand_ins:
            stand_in.server.plug()
        wait_for(
            lambda: all(link.state == "connected" for daemon in daemons for link in daemon.links.values())
        )
        # Some take seconds to be read whole: that they are read at all is enough here.
        wait_for(lambda: all(any(item.status == "ok" for item in items) for items in bound))
