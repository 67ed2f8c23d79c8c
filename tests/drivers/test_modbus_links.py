"""Modbus links on real lines: TCP, RTU on a pseudo terminal, and RTU behind a TCP port."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from mktl_simulators.modbus import Bank

import mktl
from mktl.errors import DeviceRefusedError, ItemValueError, LimitError
from tests.drivers.modbus_bench import KINDS, Device, device_on, read_all, serve_file

# 25.0 as IEEE 754 single, the low word first; "PLC" and a blank; 1234 in BCD.
HOLDING = {0: 0, 1: 245, 2: 200, 3: 0b1000, 4: 0x0000, 5: 0x41C8, 6: 0x504C, 7: 0x4320, 8: 0x1234, 9: 0xFFFF}


def item(key: str, register: str, *words: str, link: str = "plc", type: str = "numeric") -> str:
    head = [f"[items.{key}]", f'type = "{type}"', f'link = "{link}"', f'register = "{register}"']
    return "\n".join([*head, *words, ""])


@pytest.fixture
def bank() -> Bank:
    return Bank(holding=HOLDING, input={0: 7}, coils={0: 1, 1: 0, 2: 1}, discrete={0: 1})


@pytest.fixture(params=KINDS)
def device(request, bank, tmp_path: Path) -> Iterator[Device]:
    with device_on(request.param, {1: bank}, tmp_path / "port") as device:
        yield device


@pytest.fixture
def tcp(bank, tmp_path: Path) -> Iterator[Device]:
    with device_on("tcp", {1: bank}, tmp_path / "port") as device:
        yield device


@pytest.fixture
def serve(tmp_path: Path) -> Iterator:
    daemons: list[mktl.Daemon] = []

    def start(text: str, *, wait: bool = True) -> dict[str, mktl.Item]:
        daemons.append(serve_file(tmp_path / "plc.toml", text))
        return read_all(daemons[-1]) if wait else dict(daemons[-1].items)

    yield start
    for daemon in daemons:
        daemon.close()


EVERYTHING = "".join(
    [
        item("pv", "holding 1", 'as = "int16"', "scale = 0.1", 'units = "degC"', "poll_s = 0.02"),
        item("sp", "40003", "scale = 0.1", "range = [0, 100]", "settable = true", "poll_s = 0.02"),
        item("run", "holding 3", "bit = 4", "settable = true", type="boolean"),
        item("flow", "holding 4", 'as = "float32"', 'order = "CDAB"', "settable = true"),
        item("name", "holding 6", 'as = "string"', "length = 4", type="string"),
        item("count", "holding 8", 'as = "bcd16"'),
        item("level", "input 0", 'sentinels = { "7" = "not fitted" }'),
        item("valves", "coil 0", "count = 3", "settable = true", type="numeric array"),
        item("door", "discrete 0", type="boolean"),
    ]
)

#: Nobody but the test asks.
ON_DEMAND = EVERYTHING.replace("poll_s = 0.02", "")


def test_every_kind_of_register_on_every_kind_of_line(device, bank, serve) -> None:
    items = serve(device.link() + EVERYTHING)
    shown = {key: item.value for key, item in items.items() if item.status == "ok"}
    assert shown == {
        "pv": 24.5, "sp": 20.0, "run": 0, "flow": 25.0, "name": "PLC", "count": 1234,
        "valves": [1, 0, 1], "door": 1,
    }  # fmt: skip
    assert (items["level"].status, items["level"].reason) == ("range", "not fitted")
    items["sp"].set(21.5)
    items["run"].set(True)
    items["flow"].set(-2.0)
    items["valves"].set([0, 1, 1])
    with device.server.hold():
        assert bank.tables["holding"] | {} == HOLDING | {2: 215, 3: 0b11000, 4: 0, 5: 0xC000}
        assert bank.tables["coils"] == {0: 0, 1: 1, 2: 1}
    assert (items["sp"].value, items["run"].value, items["flow"].value) == (21.5, 1, -2.0)


def test_items_that_lie_together_are_one_exchange_with_one_time(tcp, serve) -> None:
    items = serve(tcp.link() + "".join(item(f"r{at}", f"holding {at}", "poll_s = 60") for at in range(10)))
    link = items["r0"].link
    assert link.exchanges == 1
    assert len({item.time for item in items.values()}) == 1
    items["r3"].get(refresh=True)
    assert link.exchanges == 2


def test_one_register_that_is_not_there_does_not_take_its_neighbours_with_it(device, serve, caplog) -> None:
    text = device.link("largest_gap = 2") + "".join(
        item(f"r{at}", f"holding {at}", "poll_s = 60.0") for at in (6, 7, 8, 9, 10)
    )
    items = serve(text)
    assert {key: item.status for key, item in items.items()} == {
        "r6": "ok", "r7": "ok", "r8": "ok", "r9": "ok", "r10": "invalid",
    }  # fmt: skip
    assert "function 3 of holding 10 with exception 2, illegal data address" in items["r10"].reason
    # It is known by now, and not asked for again: the halves of what is there are left.
    link = items["r6"].link
    before = link.exchanges
    items["r6"].get(refresh=True)
    assert link.exchanges - before <= 3
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_value_depends_on_other_registers_of_the_device_wherever_they_stand(tcp, bank, serve) -> None:
    items = serve(
        tcp.link()
        + item("pv", "holding 1", "good_when = { broken = 0 }", "disabled_when = { off = 1 }")
        + item("broken", "holding 3", "bit = 3", type="boolean")
        + item("off", "coil 1", type="boolean")
    )
    assert (items["pv"].status, items["pv"].reason) == ("range", "broken is 1")
    with tcp.server.hold():
        bank.tables["holding"][3] = 0
    items["pv"].get(refresh=True)
    assert (items["pv"].status, items["pv"].value) == ("ok", 245)
    with tcp.server.hold():
        bank.tables["coils"][1] = 1
    items["pv"].get(refresh=True)
    assert (items["pv"].status, items["pv"].reason) == ("disabled", "off is 1")


BESIDE = """
import mktl_drivers

class Level(mktl_drivers.RegisterItem):
    def take(self, reading):
        super().take(reading)
        self.highest = max(self.value, getattr(self, "highest", 0))

class Doubled:
    def parse(self, raw): return 2 * raw
    def format(self, value): return value / 2
"""


def test_python_beside_the_file_is_an_item_of_the_block_or_a_conversion(tcp, bank, serve, tmp_path) -> None:
    (tmp_path / "beside.py").write_text(BESIDE)
    items = serve(
        tcp.link()
        + item("level", "holding 1", 'python = "beside:Level"')
        + item("double", "holding 2", 'python = "beside:Doubled"', "settable = true")
    )
    assert items["level"].source is items["double"].source
    assert (items["level"].highest, items["double"].value) == (245, 400)
    items["double"].set(50)
    assert bank.tables["holding"][2] == 25


def test_no_number_is_no_value(tcp, bank, serve) -> None:
    bank.tables["holding"] |= {4: 0x0000, 5: 0x7FC0}
    items = serve(tcp.link() + EVERYTHING)
    assert (items["flow"].status, items["flow"].reason) == ("range", "the device says nan")
    bank.tables["holding"][8] = 0x12FA
    items["count"].get(refresh=True)
    assert (items["count"].status, items["count"].reason) == ("invalid", "0x12fa is no number in bcd16")


def test_what_the_device_refuses_is_refused_in_its_words_and_shown_as_it_is(device, bank, serve) -> None:
    items = serve(device.link() + ON_DEMAND)
    device.line.refuse_next(3)
    with pytest.raises(DeviceRefusedError, match=r"lab\.sp: .* function 6 of holding 2 with exception 3"):
        items["sp"].set(30)
    assert items["sp"].value == 20.0
    with pytest.raises(LimitError):
        items["sp"].set(200)
    with pytest.raises(ItemValueError, match="beyond what float32 holds"):
        items["flow"].set(1e39)


def test_busy_means_later(device, serve) -> None:
    items = serve(device.link() + ON_DEMAND)
    device.line.refuse_next(6, 2)
    items["sp"].set(30)
    assert items["sp"].value == 30.0
