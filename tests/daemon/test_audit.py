"""A line for every SET: who claims to have sent it, and what came of it."""

from __future__ import annotations

import logging

import pytest

import mktl
from tests.trust.rawwire import raw_wire


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.set_level(logging.INFO, "mktl.audit")

    class Lines(list[str]):
        def __iter__(self):
            return iter([one.getMessage() for one in caplog.records if one.name == "mktl.audit"])

    return Lines()


def test_who_says_nothing_of_himself_is_a_connection(make_daemon, lines) -> None:
    daemon = make_daemon()
    with raw_wire(daemon.rep) as wire:
        wire.ask("SET", "lab.target", value=5)
    (line,) = lines
    assert line.startswith("lab.target None -> 5 by connection 00")
    assert ": done in " in line


def test_nobody_writes_a_second_line_into_the_audit(make_daemon, lines) -> None:
    daemon = make_daemon()
    with raw_wire(daemon.rep) as wire:
        forged = "x\n2026-01-01 lab.target 1 -> 2 by root"
        wire.ask(
            "SET", "lab.name", value=forged, _user=forged, _hostname="h\x1b[2J", _pid=forged, _argv=[forged]
        )
    (line,) = lines
    assert line.isprintable()
    assert "by x?2026-01-01 lab.target 1 -> 2 by root@h?[2J pid " in line


def test_what_is_not_served_is_noted_too(make_daemon, lines) -> None:
    daemon = make_daemon()
    with raw_wire(daemon.rep) as wire:
        wire.ask("SET", "lab.nosuch", value=5)
        wire.ask("GET", "lab.nosuch")
    (line,) = lines
    assert line.startswith("lab.nosuch None -> 5 by connection")
    assert "UnknownItemError: " in line


class Rounding(mktl.Item):
    def req_set(self, request):
        self.publish(round(request.payload.value))


class WithRounding(mktl.Daemon):
    def setup(self):
        self.add_item(Rounding, "target")


def test_what_the_daemon_made_of_the_value_is_noted(make_daemon, lines) -> None:
    daemon = make_daemon(daemon_class=WithRounding)
    with raw_wire(daemon.rep) as wire:
        wire.ask("SET", "lab.target", value=5.4)
    (line,) = lines
    assert "None -> 5.4 by " in line
    assert ": done, now 5 in " in line


def test_an_array_is_noted_by_its_kind(make_daemon, lines) -> None:
    import numpy as np

    make_daemon()
    store = mktl.get("lab")
    client = mktl.Store("lab")
    client.add_block(next(iter(store.blocks.values())))
    client["image"].set(np.zeros((2, 3), dtype=np.int16))
    (line,) = lines
    assert line.startswith("lab.image None -> <int16 [2, 3]> by ")
