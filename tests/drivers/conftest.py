"""A daemon whose items are on one link, and a controller on a real line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mktl_drivers import TextItem, TextLink

import mktl
from tests.drivers.controller import Controller
from tests.drivers.lines import LineDevice, PtyDevice, TcpDevice, UdpDevice

#: Keys of an item's description; all others are keywords of TextItem.
DESCRIPTION = {"type", "units", "range", "enumerators", "settable"}


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """These daemons look for no twin and no registry: both would be waited for, 0.1 and 0.3 s."""
    for module in ("twin", "announce"):
        monkeypatch.setattr(f"mktl.daemon.{module}.CALL_S", 0.0)


@pytest.fixture(params=[PtyDevice, TcpDevice, UdpDevice], ids=["pty", "tcp", "udp"])
def device(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LineDevice]:
    """A small controller, on a pseudo terminal, a TCP port and a UDP port."""
    with request.param(Controller(), tmp_path / "port") as device:
        yield device


@pytest.fixture
def serve(make_daemon) -> Iterator[Callable[..., dict[str, mktl.Item]]]:
    """Serve items given as ``key={"type": ..., "get": ...}`` on a link; what is returned has them by key."""
    links: list[TextLink] = []

    def start(link: TextLink, *, is_open: bool = True, **items: dict[str, Any]) -> dict[str, mktl.Item]:
        class Bench(mktl.Daemon):
            def setup(self) -> None:
                for key, words in items.items():
                    keywords = {word: value for word, value in words.items() if word not in DESCRIPTION}
                    self.add_item(TextItem, key, **{"link": link, **keywords})

        links.append(link)
        descriptions = {
            key: {"type": "numeric"} | {word: value for word, value in words.items() if word in DESCRIPTION}
            for key, words in items.items()
        }
        daemon = make_daemon(items=descriptions, daemon_class=Bench)
        if is_open:
            link.open()
        return daemon.items

    yield start
    for link in links:
        link.close()
