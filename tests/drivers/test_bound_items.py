"""Items of a daemon bound to a device, as clients see them over the wire."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mktl_drivers import TextItem

import mktl
from mktl.errors import DeviceRefusedError, DeviceTimeoutError, LimitError, LinkDownError, UnknownWordError
from tests.conftest import wait_for
from tests.drivers.controller import Controller
from tests.drivers.lines import LineDevice, PtyDevice, TcpDevice

SOON_S = 0.02
#: What clients are told; where the values come from is said in Cryostat.setup.
ITEMS: dict[str, dict[str, Any]] = {
    "temp": {"type": "numeric", "units": "K", "settable": False},
    "status": {
        "type": "mask",
        "enumerators": {"none": "ok", "4": "below range", "5": "above range"},
        "settable": False,
    },
    "setpoint": {"type": "numeric", "units": "K", "range": [0, 600]},
    "heater": {"type": "enumerated", "enumerators": {"0": "off", "1": "low", "3": "high"}},
    "shutter": {"type": "boolean"},
    "position": {"type": "numeric", "units": "mm"},
    "name": {"type": "string"},
    "manual": {"type": "numeric"},
}
READING = {"get": "TEMP?", "reply": "{kelvin:f};{status:d}"}


class Bench(Controller):
    """A controller with a heater, a shutter and a stage that counts steps."""

    def __init__(self) -> None:
        super().__init__()
        self.registers = {"HEAT": "OFF", "SHUT": "0", "STEP": "8000", "NAME": "Stage"}
        for name in self.registers:
            self._queries[f"{name}?"] = lambda name=name: self.registers[name]

    def __call__(self, command: str) -> str | None:
        verb, _, rest = command.partition(" ")
        if verb in self.registers:
            self.registers[verb] = rest
            return None
        return super().__call__(command)


class Cryostat(mktl.Daemon):
    """What a person writes who has no device file."""

    def setup(self) -> None:
        line = self.add_link(self.arguments.link)

        def add(key: str, **keywords: Any) -> None:
            self.add_item(TextItem, key, link=line, **keywords)

        add(
            "temp",
            field="kelvin",
            poll_s=SOON_S,
            good_when={"status": 0},
            disabled_when={"status": (64, 65)},
            **READING,
        )
        add("status", field="status", poll_s=SOON_S, **READING)
        add("setpoint", get="SETP?", reply="{:f}", set="SETP {:.4f}")
        add("heater", get="HEAT?", reply="{:OFF=0|LO=1|HI=3}", set="HEAT {:OFF=0|LO=1|HI=3}", check=False)
        add("shutter", get="SHUT?", reply="{:d}", set="SHUT {:d}", check=False)
        add("position", get="STEP?", reply="{:d}", set="STEP {:d}", scale=0.00125, check=False)
        add("name", get="NAME?", reply="{:s}", set="NAME {:s}", check=False)
        add("manual", set="MOUT {:.1f}", check=False)


@pytest.fixture
def device(request, tmp_path: Path) -> Iterator[LineDevice]:
    """On a TCP port, but for tests that ask for both."""
    with getattr(request, "param", TcpDevice)(Bench(), tmp_path / "port") as device:
        yield device


on_both = pytest.mark.parametrize("device", [PtyDevice, TcpDevice], ids=["pty", "tcp"], indirect=True)


@pytest.fixture
def daemon(device, make_daemon) -> Iterator[mktl.Daemon]:
    """Closed before the device is: as in life, where the controller outlives its daemon."""
    link = device.link("cryo", reply_timeout_s=0.1, check_after_set=("*ESR?", "{:d}", 0))
    with make_daemon(items=ITEMS, daemon_class=Cryostat, arguments=SimpleNamespace(link=link)) as daemon:
        wait_for(lambda: all(daemon.items[key].status == "ok" for key in ITEMS if key != "manual"))
        yield daemon


@pytest.fixture
def lab(daemon) -> mktl.Store:
    """The store as another process has it: everything goes over the wire."""
    store = mktl.Store("lab")
    for block in daemon.store.blocks.values():
        store.add_block(block)
    for key in ITEMS:
        store[key].subscribe()
    return store


@pytest.fixture
def changes(daemon, lab) -> Callable[[str], list[tuple[str, str]]]:
    """Every update of an item, from now on, as ``(status, reason)``."""

    def watch(key: str) -> list[tuple[str, str]]:
        seen: list[tuple[str, str]] = []
        item = daemon.items[key]
        # Of the reading that is published, not of what the item holds when the callback comes to run.
        notify = item._callbacks.notify
        item._callbacks.notify = lambda reading: (
            seen.append((reading.status, reading.reason)),
            notify(reading),
        )
        return seen

    return watch


def good(item: mktl.Item) -> tuple[Any, Any, Any]:
    """What must not move while a value cannot be trusted."""
    return item.value, item.time, item.sampled


def stop_polls(daemon: mktl.Daemon) -> None:
    for key in ("temp", "status"):
        daemon.items[key].poll(None)
    daemon.items["heater"].get(refresh=True)  # after the last of them


# -- read


@on_both
def test_what_is_polled_arrives_at_clients_by_itself(device, lab) -> None:
    assert lab["temp"].value == 4.2
    device.answer.temperature = "77.35"
    wait_for(lambda: lab["temp"].value == 77.35)
    assert lab["temp"].status == "ok"
    assert lab["temp"].formatted == "77.35"


@on_both
def test_a_refresh_asks_the_device(device, lab) -> None:
    device.answer.setpoint = 20.5  # somebody turns a knob
    assert lab["setpoint"].get() == 0.0
    assert lab["setpoint"].get(refresh=True) == 20.5
    assert lab["setpoint"].value == 20.5


def test_a_reading_that_is_the_same_again_moves_nothing_but_sampled(daemon, lab, changes) -> None:
    temp, seen = daemon.items["temp"], changes("temp")
    value, time, sampled = good(temp)
    wait_for(lambda: temp.sampled > sampled)
    assert (temp.value, temp.time) == (value, time)
    assert seen == []


def test_words_steps_and_text_are_what_they_mean(lab) -> None:
    assert (lab["heater"].value, lab["heater"].formatted) == (0, "off")
    assert (lab["shutter"].value, lab["shutter"].formatted) == (0, "False")
    assert lab["position"].value == 10.0  # 8000 steps of 1.25 um
    assert lab["name"].value == "Stage"
    assert (lab["status"].value, lab["status"].formatted) == (0, "ok")


# -- set


@on_both
def test_a_set_is_done_and_seen_when_it_returns(device, lab) -> None:
    lab["setpoint"].set(20.5)
    assert (device.answer.setpoint, lab["setpoint"].value) == (20.5, 20.5)
    lab["heater"].set("high", formatted=True)
    assert (device.answer.registers["HEAT"], lab["heater"].value) == ("HI", 3)
    lab["shutter"].set(True)
    assert (device.answer.registers["SHUT"], lab["shutter"].value) == ("1", 1)
    lab["position"].set(12.5)
    assert (device.answer.registers["STEP"], lab["position"].value) == ("10000", 12.5)
    lab["name"].set("Cold finger")
    assert (device.answer.registers["NAME"], lab["name"].value) == ("Cold finger", "Cold finger")
    lab["manual"].set(5.0)
    assert lab["manual"].value == 5.0
    wait_for(lambda: "MOUT 5.0" in device.received)  # nothing tells when it has arrived


@on_both
def test_a_refusal_reaches_the_client_in_the_words_of_the_device(device, lab) -> None:
    with pytest.raises(
        DeviceRefusedError, match=r"lab\.setpoint: cryo refused 'SETP 500\.0000': \*ESR\? answered 16"
    ) as caught:
        lab["setpoint"].set(500.0)
    assert isinstance(caught.value, RuntimeError)
    assert (device.answer.setpoint, lab["setpoint"].value, lab["setpoint"].status) == (0.0, 0.0, "ok")


def test_what_the_item_does_not_accept_never_reaches_the_device(daemon, device, lab) -> None:
    stop_polls(daemon)
    device.received.clear()
    with pytest.raises(LimitError, match=r"lab\.setpoint: 601\.0 K is above the maximum 600 K"):
        lab["setpoint"].set(601.0)
    with pytest.raises(UnknownWordError):
        lab["heater"].set("hot")
    with pytest.raises(TypeError):
        lab["temp"].set(1.0)
    assert lab["heater"].get(refresh=True) == 0
    assert device.received == ["HEAT?"]


def test_starting_and_stopping_a_daemon_sends_reads_only(device, daemon) -> None:
    daemon.close()
    assert {command.removesuffix("?") for command in device.received} == {
        "*IDN", "TEMP", "SETP", "HEAT", "SHUT", "STEP", "NAME",
    }  # fmt: skip
    assert all(command.endswith("?") for command in device.received)
    assert daemon.items["temp"].link.state == "closed"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mktl-link")]


# -- trust


@on_both
def test_a_device_that_is_unplugged_shows_on_every_item_and_recovers(device, daemon, lab, changes) -> None:
    seen = {key: changes(key) for key in ITEMS}
    device.unplug()
    wait_for(lambda: all(lab[key].status == "disconnected" for key in ITEMS))
    kept = good(daemon.items["temp"])
    assert kept[0] == 4.2
    assert lab["temp"].severity == "invalid"
    assert lab["temp"].reason.startswith("cryo (")
    with pytest.raises(LinkDownError, match=r"^lab\.temp: cryo \(.*nothing was sent"):
        lab["temp"].get(refresh=True)
    with pytest.raises(LinkDownError, match="nothing was sent"):
        lab["manual"].set(1.0)
    assert good(daemon.items["temp"]) == kept
    device.plug()
    wait_for(lambda: all(lab[key].status in ("ok", "unset") for key in ITEMS))
    wait_for(lambda: all(updates[-1][0] != "disconnected" for updates in seen.values()))
    for key, updates in seen.items():
        # How it was lost, why it cannot be had back, and that it is back: each of them once.
        assert len(updates) == len(set(updates)) <= 3, updates
        assert [status for status, _ in updates[:-1]] == ["disconnected"] * (len(updates) - 1)
        assert updates[-1] == ("unset" if key == "manual" else "ok", "")
    assert daemon.items["temp"].sampled > kept[2]


@on_both
def test_a_mute_device_shows_with_a_reason_and_neither_time_moves(device, daemon, lab) -> None:
    temp = daemon.items["temp"]
    device.mute = True
    wait_for(lambda: lab["temp"].status == "timeout")
    kept = good(temp)
    assert "no reply to 'TEMP?' within 0.1 s" in lab["temp"].reason
    with pytest.raises((DeviceTimeoutError, LinkDownError)):
        lab["setpoint"].get(refresh=True)
    assert good(temp) == kept
    device.mute = False
    wait_for(lambda: lab["temp"].status == "ok")
    assert (lab["temp"].value, lab["temp"].reason) == (4.2, "")


def test_one_failure_is_one_update_whoever_asked(device, lab, changes) -> None:
    seen, answer = changes("name"), device.answer
    device.answer = lambda command: None if command == "NAME?" else answer(command)
    with pytest.raises(DeviceTimeoutError, match=r"^lab\.name: cryo .*: no reply to 'NAME\?' within 0\.1 s$"):
        lab["name"].get(refresh=True)
    device.answer = answer
    assert lab["name"].get(refresh=True) == "Stage"
    wait_for(lambda: len(seen) >= 2)
    assert [status for status, _ in seen] == ["timeout", "ok"]
    assert seen[0][1].startswith("cryo (")


def test_a_value_beside_a_bad_status_is_no_value(device, daemon, lab) -> None:
    kept = good(daemon.items["temp"])
    device.answer.status, device.answer.temperature = 32, "0.0000"
    wait_for(lambda: lab["temp"].status == "range")
    assert lab["temp"].value == 4.2
    assert lab["temp"].reason == "status is 32 (above range)"
    wait_for(lambda: (lab["status"].value, lab["status"].status) == (32, "ok"))
    assert daemon.items["temp"].time == kept[1]
    sampled = daemon.items["temp"].sampled
    assert lab["temp"].get(refresh=True) == 4.2
    assert (lab["temp"].status, daemon.items["temp"].sampled) == ("range", sampled)
    device.answer.temperature, device.answer.status = "4.3000", 0
    wait_for(lambda: lab["temp"].status == "ok")
    assert lab["temp"].value == 4.3


def test_a_channel_that_is_switched_off_is_disabled(device, lab) -> None:
    device.answer.status, device.answer.temperature = 64, "0.0000"
    wait_for(lambda: lab["temp"].status == "disabled")
    assert lab["temp"].value == 4.2
    assert lab["temp"].reason == "status is 64 (bit 6)"
    wait_for(lambda: lab["status"].value == 64)


def test_an_item_may_be_read_whenever_another_changes(device, daemon) -> None:
    daemon.items["status"].register(daemon.items["setpoint"].req_poll)
    device.answer.setpoint, device.answer.status = 30.0, 4
    wait_for(lambda: daemon.items["setpoint"].value == 30.0)
