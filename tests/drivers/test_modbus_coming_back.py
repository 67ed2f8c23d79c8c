"""Cables that are pulled, devices that are mute or half open, and several units on one line."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path

import pytest
from mktl_simulators.modbus import Bank

from mktl.errors import DeviceTimeoutError, LinkDownError, MktlError, OutcomeUnknownError
from tests.conftest import wait_for
from tests.drivers.modbus_bench import KINDS, LINK, device_on, read_all, serve_file

ITEM = """
[items.{key}]
type = "numeric"
link = "{link}"
register = "holding {address}"
settable = true
poll_s = 0.01
"""


def item(key: str, address: int, link: str = "plc") -> str:
    return ITEM.format(key=key, address=address, link=link)


def bank(first: int = 0) -> Bank:
    return Bank(holding={at: first + at for at in range(20)})


@pytest.mark.parametrize("kind", KINDS)
def test_pulled_and_plugged_ten_times_under_load(kind, tmp_path: Path) -> None:
    with device_on(kind, {1: bank()}, tmp_path / "port") as device:
        text = device.link() + item("near", 1) + item("far", 9)
        with serve_file(tmp_path / "plc.toml", text) as daemon:
            items = read_all(daemon)
            for turn in range(10):
                device.server.unplug()
                wait_for(lambda: all(one.status == "disconnected" for one in items.values()))
                sampled = items["near"].sampled
                with pytest.raises(LinkDownError, match="nothing was sent"):
                    items["near"].set(5)
                with device.server.hold() as line:
                    line.units[1].tables["holding"][1] = 100 + turn
                assert items["near"].sampled == sampled
                device.server.plug()
                wait_for(lambda: all(one.status == "ok" for one in items.values()))
                assert items["near"].value == 100 + turn
            assert items["near"].link.reconnects >= 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_mute_device_is_flagged_whole_logged_once_and_comes_back(kind, tmp_path, caplog) -> None:
    caplog.set_level(logging.INFO, "mktl.drivers.modbus")
    with device_on(kind, {1: bank()}, tmp_path / "port") as device:
        text = device.link().replace("reply_timeout_s = 0.1", "reply_timeout_s = 0.03")
        with serve_file(tmp_path / "plc.toml", text + item("near", 1) + item("far", 9)) as daemon:
            items = read_all(daemon)
            device.faults.mute()
            wait_for(lambda: all(one.status == "timeout" for one in items.values()))
            with pytest.raises(DeviceTimeoutError, match=r"no answer within 0\.03 s"):
                items["far"].get(refresh=True)
            device.faults.unmute()
            wait_for(lambda: all(one.status == "ok" for one in items.values()))
    said = [record.getMessage() for record in caplog.records if record.name.startswith("mktl.drivers.modbus")]
    assert sum("keep their last values" in text for text in said) == 1
    assert sum("answering again" in text for text in said) == 1


def test_what_is_not_read_while_the_line_falls_silent_says_so(tmp_path) -> None:
    with device_on("rtu", {1: bank()}, tmp_path / "port") as device:
        text = device.link() + item("near", 1).replace("poll_s = 0.01", "poll_s = 0.1")
        with serve_file(tmp_path / "plc.toml", text) as daemon:
            near, seen = read_all(daemon)["near"], []
            device.faults.delay(0.45)  # from now on 0.9 s of silence come after no answer
            wait_for(lambda: daemon.links["plc"].late_replies and near.status == "ok")
            near.register(lambda item, value, timestamp: seen.append(item.status))
            device.faults.impersonate(b"\x01\x06", b"")  # writes are not answered, polls are
            with pytest.raises(OutcomeUnknownError):
                near.set(5)
            wait_for(lambda: "timeout" in seen)
            wait_for(lambda: near.status == "ok")
    assert near.value == 5


def test_a_connection_whose_far_side_is_gone_is_made_anew(tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []
        acceptor = threading.Thread(target=lambda: taken.extend(listener.accept()[0] for _ in range(2)))
        acceptor.start()
        url = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        with serve_file(tmp_path / "plc.toml", LINK.format(url=url, more="") + item("near", 1)):
            acceptor.join(10)  # a second connection comes by itself
        assert len(taken) == 2
        for one in taken:
            one.close()


# -- several units

TWO = """
[links.two]
on = "plc"
unit = 2
[links.three]
on = "plc"
unit = 3
"""


def test_each_unit_on_a_line_answers_for_itself(tmp_path) -> None:
    with device_on("rtu", {unit: bank(100 * unit) for unit in (1, 2, 3)}, tmp_path / "port") as device:
        text = device.link() + TWO + item("a", 1) + item("b", 1, "two") + item("c", 1, "three")
        with serve_file(tmp_path / "plc.toml", text) as daemon:
            items = read_all(daemon)
            assert [items[key].value for key in "abc"] == [101, 201, 301]
            items["b"].set(7)
            assert device.line.units[2].tables["holding"][1] == 7
            assert (device.line.units[1].tables["holding"][1], items["b"].value) == (101, 7)


@pytest.mark.parametrize("kind", ["tcp", "rtu"])
def test_a_unit_without_power_is_left_alone_and_the_others_go_on(kind, tmp_path) -> None:
    units = {unit: bank(100 * unit) for unit in (1, 2, 3)}
    with device_on(kind, units, tmp_path / "port") as device:
        text = device.link() + TWO + item("a", 1) + item("b", 1, "two") + item("c", 1, "three")
        with serve_file(tmp_path / "plc.toml", text) as daemon:
            items = read_all(daemon)
            with device.server.hold() as line:
                away = line.units.pop(2)
            wait_for(lambda: items["b"].link.state == "disconnected")
            assert (items["b"].status, items["b"].value) == ("disconnected", 201)
            if kind == "tcp":
                assert "gateway target device failed to respond" in items["b"].reason
            with pytest.raises(LinkDownError, match="nothing was sent"):
                items["b"].set(1)
            sampled = items["a"].sampled
            items["a"].set(55)
            wait_for(lambda: items["a"].sampled > sampled and items["c"].status == "ok")
            with device.server.hold() as line:
                line.units[2] = away
            items["b"].link.call()  # the probe that comes by itself only later
            wait_for(lambda: items["b"].status == "ok")


def test_what_a_gateway_has_passed_on_may_have_been_done(tmp_path) -> None:
    with device_on("tcp", {1: bank()}, tmp_path / "port") as device:
        text = device.link() + item("a", 1).replace("poll_s = 0.01", "")
        with serve_file(tmp_path / "plc.toml", text) as daemon:
            items = read_all(daemon)
            device.line.refuse_next(0x0B)
            with pytest.raises(OutcomeUnknownError, match=r"holding 1 .* may have been carried out"):
                items["a"].set(5)
            device.line.refuse_next(0x0A)
            with pytest.raises(LinkDownError, match="gateway path unavailable; nothing was sent"):
                items["a"].set(5)


def test_two_links_cannot_be_the_same_unit(tmp_path) -> None:
    with device_on("tcp", {1: bank()}, tmp_path / "port") as device:
        text = device.link() + '[links.two]\non = "plc"\nunit = 1\n' + item("a", 1)
        with pytest.raises(MktlError, match="link two: unit 1 on this line is link plc already"):
            serve_file(tmp_path / "plc.toml", text)


def test_what_is_for_everybody_reaches_every_unit(tmp_path) -> None:
    units = {unit: bank(100 * unit) for unit in (1, 2)}
    with device_on("rtu", units, tmp_path / "port") as device:
        everybody = '[links.all]\non = "plc"\nunit = 0\n'
        go = item("go", 3, "all").replace("poll_s = 0.01", "gettable = false\nread_back = false")
        text = device.link() + everybody + item("a", 3) + go
        with serve_file(tmp_path / "plc.toml", text) as daemon:
            items = read_all(daemon)
            items["go"].set(77)
            wait_for(lambda: items["a"].value == 77)
            assert units[2].tables["holding"][3] == 77
            assert items["go"].value == 77
