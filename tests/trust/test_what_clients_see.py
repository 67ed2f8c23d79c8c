"""The page on what clients see: its rows are what happens, and the tests that it names are there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mktl_drivers import TextItem

import mktl
from mktl.devicefile import Alarms, Sentinel
from mktl.item.reading import Reading
from mktl.protocol.client import client
from mktl.protocol.message import Request
from tests.conftest import wait_for
from tests.drivers.fakes import FakePort, fake_link

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanations/what-clients-see.md").read_text()
#: What happens, and the status, severity and reason that it has, of the first table.
ROWS = {
    cells[0]: cells[1:4]
    for line in PAGE.partition("## Between a client")[0].splitlines()
    if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 6
    and cells[0] not in ("what happens", "---")
}


class Oven:
    """Says what it is told to say; *now_s* later than asked, when that is not 0."""

    def __init__(self) -> None:
        self.port = FakePort(self.answer)
        self.name = "OVEN,1"
        self.temperatures = ["20.0"]
        self.is_mute = False
        self.late_s = 0.0

    def answer(self, command: bytes):
        if self.is_mute:
            return b""
        if command == b"*IDN?\n":
            return f"{self.name}\r\n".encode()
        says = self.temperatures.pop(0) if len(self.temperatures) > 1 else self.temperatures[0]
        late_s, self.late_s = self.late_s, 0.0
        return [(late_s, f"{says}\r\n".encode())] if says else b""


class Seen:
    """The item as a client sees it, and the oven."""

    def __init__(self, daemon: mktl.Daemon, oven: Oven) -> None:
        self.oven = oven
        self.item = daemon.items["temp"]
        self._address = f"tcp://127.0.0.1:{daemon.rep}"

    def now(self, *, refresh: bool = False) -> Reading:
        payload = {"refresh": True} if refresh else {}
        request = Request("GET", "lab.temp")
        request.payload.update(payload)
        return Reading.from_payload(client().request(self._address, request, 5))

    def refresh(self) -> None:
        """Have the oven asked, and whatever comes of that be seen in the item only."""
        try:
            self.now(refresh=True)
        except mktl.errors.MktlError:
            pass


def pull_the_cable(seen: Seen) -> Callable[[], None]:
    seen.oven.port.unplug()
    return seen.oven.port.plug


def lose_a_reply(seen: Seen) -> Callable[[], None]:
    seen.oven.temperatures = ["", "20.5"]
    return seen.refresh


def answer_late(seen: Seen) -> Callable[[], None]:
    seen.oven.temperatures, seen.oven.late_s = ["99.9", "20.5"], 1.5
    return seen.refresh


def be_mute(seen: Seen) -> Callable[[], None]:
    seen.oven.is_mute = True

    def speak() -> None:
        seen.oven.is_mute = False

    return speak


def say(text: str) -> Callable[[Seen], Callable[[], None]]:
    def begin(seen: Seen) -> Callable[[], None]:
        seen.oven.temperatures = [text]

        def end() -> None:
            seen.oven.temperatures = ["20.5"]
            seen.refresh()

        return end

    return begin


def plug_in_another(seen: Seen) -> Callable[[], None]:
    seen.oven.name = "PUMP,7"
    seen.oven.port.unplug()
    seen.refresh()
    seen.oven.port.plug()

    def plug_in_the_right_one() -> None:
        seen.oven.name = "OVEN,1"

    return plug_in_the_right_one


#: What happens → how to have it happen; what that returns puts it right again.
FAULTS = {
    "the cable is pulled": pull_the_cable,
    "one reply is lost": lose_a_reply,
    "a reply comes late": answer_late,
    "the device is mute": be_mute,
    "a reply is garbled": say("#?!"),
    "the reading is over range": say("9.9E37"),
    "the value is beyond a limit": say("400.0"),
    "another device is plugged in": plug_in_another,
    "the device restarts": be_mute,
}


@pytest.fixture
def seen(make_daemon) -> Seen:
    oven = Oven()
    link = fake_link(oven.port, identity=("*IDN?", "OVEN,{_:d}"))

    class Bench(mktl.Daemon):
        def setup(self) -> None:
            self.add_link(link)
            self.add_item(
                TextItem, "temp", link=link, get="T?", reply="{:g}",
                sentinels={"9.9E37": Sentinel("over range", "range")},
                alarms=Alarms(major=(None, 300.0)),
            )  # fmt: skip

    daemon = make_daemon(items={"temp": {"type": "numeric", "units": "K"}}, daemon_class=Bench)
    seen = Seen(daemon, oven)
    wait_for(lambda: seen.now().value == 20.0)
    return seen


@pytest.mark.parametrize("what", ROWS)
def test_each_row_of_the_page_is_what_a_client_sees(seen, what) -> None:
    status, severity, says = ROWS[what]
    before = seen.item.reading
    put_right = FAULTS[what](seen)

    def told() -> Any:
        seen.refresh()
        now = seen.now()  # it may have gone through another state first: unplugged, before it is another
        return now if now.status == status and says in now.reason else None

    during = wait_for(told, f"{what}: {status}, {says}, not {seen.now()}")
    assert during.severity == severity
    if severity == "invalid":
        assert (during.value, during.time, during.sampled) == (20.0, before.time, before.sampled)
    put_right()
    wait_for(lambda: seen.refresh() or seen.now().status == "ok")
    assert seen.now().value in (20.0, 20.5)


def test_every_fault_is_on_the_page() -> None:
    assert ROWS.keys() == FAULTS.keys()


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 8
    known = {
        name
        for path in ROOT.glob("tests/**/test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert named <= known, named - known
