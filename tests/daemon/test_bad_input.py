"""What somebody sends by mistake or on purpose: an error for the sender, nothing for anybody else."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest
import zmq

import mktl
from mktl.protocol.client import client
from mktl.protocol.message import Payload, Request
from tests.conftest import wait_for
from tests.daemon.test_wire import Raw, get, put

MEGABYTE = 2**20


@pytest.fixture
def daemon(make_daemon, monkeypatch):
    monkeypatch.setenv("MKTL_MAX_FRAME_MB", "1")
    monkeypatch.setenv("MKTL_MAX_PAYLOAD_MB", "0.25")
    return make_daemon()


@pytest.fixture
def raw(daemon):
    raw = Raw(daemon)
    yield raw
    raw.close()


@pytest.fixture
def somebody_else(daemon):
    other = Raw(daemon)
    yield other
    other.close()


def error_of(frames: list[bytes]) -> dict[str, str]:
    return json.loads(frames[5])["error"]


@pytest.mark.parametrize("at", range(7))
def test_an_enormous_frame_costs_its_sender_the_connection_and_nobody_else(raw, somebody_else, at) -> None:
    frames = [*put("lab.target", 5), b""]
    frames[at] = bytes(2 * MEGABYTE)
    raw.send(*frames)
    assert json.loads(somebody_else.ask(*get("lab.temp"))[5])["value"] == 4.2
    # ZeroMQ connects again by itself; what was under way when the connection went may be lost.
    wait_for(lambda: raw.send(*get("lab.temp", id=b"again")) or raw.socket.poll(50))
    assert raw.receive()[1] == b"again"


def test_an_array_just_below_the_limit_is_read_and_refused_when_it_is_not_as_described(raw) -> None:
    frames = [b"a", b"1", b"SET", b"lab.image", b"", b'{"shape": [3], "dtype": "int16"}', bytes(MEGABYTE)]
    assert raw.ask(*frames)[2] == b"ACK"
    assert error_of(raw.receive())["text"] == f"{MEGABYTE} bytes of bulk data are not [3] of int16"


def test_a_payload_that_would_hold_everybody_up_is_refused_unread(raw) -> None:
    error = error_of(raw.ask(*put("lab.name", "x" * (MEGABYTE // 2))))
    assert error["text"].endswith(
        "262144 at the most; send arrays as bulk data; MKTL_MAX_PAYLOAD_MB raises the limit"
    )
    assert json.loads(raw.ask(*get("lab.name"))[5])["value"] is None


def test_a_string_beyond_the_limit_is_refused_with_the_limit_and_what_raises_it(
    monkeypatch, make_daemon
) -> None:
    monkeypatch.setenv("MKTL_MAX_STRING_CHARS", "5")
    make_daemon()
    name = mktl.get("lab.name")
    name.set("short")
    with pytest.raises(
        RuntimeError, match=r"lab\.name: 6 characters, 5 at the most; MKTL_MAX_STRING_CHARS raises"
    ):
        name.set("longer")
    assert name.get() == "short"


def test_an_id_that_nobody_needs_is_not_echoed(raw, daemon) -> None:
    raw.send(*get("lab.temp", id=b"x" * 1000))
    assert raw.ask(*get("lab.temp"))[1] == b"00000001"
    assert daemon._server.dropped == 1


@pytest.mark.parametrize("megabytes", ["none", "0", "-1", "nan"])
def test_a_limit_that_is_none_is_refused_at_the_start(make_daemon, monkeypatch, megabytes) -> None:
    monkeypatch.setenv("MKTL_MAX_FRAME_MB", megabytes)
    with pytest.raises(mktl.errors.MktlError, match=f"MKTL_MAX_FRAME_MB: .*'{megabytes}'"):
        make_daemon()


def test_connections_that_break_off_in_the_middle_harm_nobody(raw, daemon) -> None:
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48)
    for sent in (b"", b"GET / HTTP/1.1\r\n\r\n", greeting[:10], greeting, greeting + b"\x04\xff"):
        with socket.create_connection(("127.0.0.1", daemon.rep), timeout=2) as broken:
            broken.sendall(sent)
    assert json.loads(raw.ask(*get("lab.temp"))[5])["value"] == 4.2


@pytest.mark.parametrize(
    ("request_", "type", "text"),
    [
        (put("lab.heater", "hihg"), "UnknownWordError", "did you mean 'high'?"),
        (put("lab.heater", 7), "ItemValueError", "7 is not one of 'off' (0)"),
        (put("lab.shutter", 2), "ItemTypeError", "2 is neither 0 nor 1"),
        (put("lab.alarms", 8), "ItemValueError", "bits set that mean nothing"),
        (put("lab.target", [1]), "ItemTypeError", "[1] is not a number"),
        (put("lab.name", {"a": 1}), "ItemTypeError", "is not text"),
        (put("lab.curve", "warm"), "ItemTypeError", "is not a sequence of numbers"),
        (put("lab.image", 5), "ItemTypeError", "5 is not an array"),
        (put("../x.temp", 5), "UnknownItemError", "this daemon serves store 'lab'"),
        (put("lab.../../x", 5), "UnknownItemError", "no such item"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_in_words(raw, request_, type, text) -> None:
    error = error_of(raw.ask(*request_))
    assert error["type"] == type
    assert text in error["text"]


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "a b", "x" * 300, "\0"])
def test_a_store_with_path_characters_is_refused_before_anything_is_touched(home, name) -> None:
    for make in (mktl.get, lambda name: mktl.Daemon(name, "one"), lambda name: mktl.Daemon("lab", name)):
        with pytest.raises(ValueError):
            make(name)
    assert not home.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"alias": None},
        {"alias": "../x"},
        {"store": "../x"},
        {"uuid": "../../x"},
        {"items": {"temp": 5}},
        {"items": []},
        {"provenance": [5]},
        {"provenance": [{"stratum": "0", "hostname": "x", "rep": 1, "pub": 2}]},
        {"provenance": None},
        {"hash": "missing"},
    ],
)
def test_a_registry_refuses_what_is_no_block_and_goes_on_answering(home, make_daemon, wrong) -> None:
    from mktl.daemon.registry import Registry

    with Registry() as registry:
        address = f"tcp://127.0.0.1:{registry.rep}"
        block = {
            "store": "den", "alias": "a", "uuid": 32 * "0", "time": 1.0, "hash": 1,
            "provenance": [{"stratum": 0, "hostname": "x", "rep": 1, "pub": 2}], "items": {}, **wrong,
        }  # fmt: skip
        if wrong.get("hash"):
            del block["hash"]
        with pytest.raises(RuntimeError):
            client().request(address, Request("SET", "_catalog", Payload(block)), 5.0)
        assert "den" not in client().request(address, Request("GET", "_hash"), 5.0).value


@pytest.mark.soak
def test_three_frames_of_200_mb_cost_the_daemon_little_memory(home, tmp_path) -> None:
    (tmp_path / "items.json").write_text('{"TEMP": {"initial": 4.2}}')
    command = "from mktl.cli.markd import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "lab", "one", "-c", str(tmp_path / "items.json")],
        stderr=subprocess.PIPE,
        text=True,
    )
    context = zmq.Context()
    try:
        from tests.conftest import wait_until_serving

        wait_until_serving(process)
        store = mktl.get("lab")
        before_kb = store["_onemem"].get(refresh=True)
        for _ in range(3):
            with context.socket(zmq.DEALER) as sender:
                sender.linger = 2000
                sender.connect(store.address("temp"))
                sender.send_multipart([b"a", b"1", b"SET", b"lab.temp", b"", bytes(200 * MEGABYTE)])
            assert store["temp"].get(refresh=True) == 4.2
        assert store["_onemem"].get(refresh=True) - before_kb < 80 * 1024
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close()
        context.destroy(0)
