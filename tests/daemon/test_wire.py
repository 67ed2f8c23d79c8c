"""A daemon as raw frames see it."""

from __future__ import annotations

import json
import random
import socket
import time

import pytest
import zmq

import mktl
from mktl.config import local
from tests.conftest import free_port, wait_for


class Raw:
    """A DEALER with nothing of ours in between."""

    def __init__(self, daemon: mktl.Daemon) -> None:
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.rcvtimeo = 5000
        self.socket.connect(f"tcp://127.0.0.1:{daemon.rep}")

    def send(self, *parts: bytes) -> None:
        self.socket.send_multipart(parts)

    def receive(self) -> list[bytes]:
        return self.socket.recv_multipart()

    def ask(self, *parts: bytes) -> list[bytes]:
        self.send(*parts)
        return self.receive()

    def silent(self, milliseconds: int = 150) -> bool:
        return not self.socket.poll(milliseconds)

    def close(self) -> None:
        self.socket.close()
        self.context.term()


@pytest.fixture
def daemon(make_daemon):
    return make_daemon()


@pytest.fixture
def raw(daemon):
    raw = Raw(daemon)
    yield raw
    raw.close()


def get(target: str, id: bytes = b"00000001", payload: bytes = b"") -> list[bytes]:
    return [b"a", id, b"GET", target.encode(), b"", payload]


def put(target: str, value: object, id: bytes = b"00000002", flags: bytes = b"") -> list[bytes]:
    return [b"a", id, b"SET", target.encode(), flags, json.dumps({"value": value}).encode()]


def test_a_cached_get_is_one_rep_with_value_and_time(raw) -> None:
    version, id, kind, target, flags, payload = raw.ask(*get("lab.temp"))
    assert (version, id, kind, target, flags) == (b"a", b"00000001", b"REP", b"", b"")
    fields = json.loads(payload)
    assert set(fields) == {"value", "time"}  # nothing of ours while all is well
    assert fields["value"] == 4.2
    assert abs(fields["time"] - time.time()) < 60


def test_an_item_that_was_never_set_says_so(raw) -> None:
    fields = json.loads(raw.ask(*get("lab.target"))[5])
    assert fields["value"] is None
    assert fields["status"] == "unset"


def test_a_set_is_answered_with_true(raw) -> None:
    assert raw.ask(*put("lab.target", 5))[5] == b'{"value": true}'
    assert json.loads(raw.ask(*get("lab.target"))[5])["value"] == 5


def test_a_target_is_found_in_any_case(raw) -> None:
    assert json.loads(raw.ask(*get("LAB.Temp"))[5])["value"] == 4.2


def test_no_rep_is_sent_when_none_is_wanted(raw) -> None:
    raw.send(*put("lab.target", 7, flags=b"\x03"))
    assert json.loads(raw.ask(*get("lab.target"))[5])["value"] == 7
    assert raw.silent()


def test_an_ack_comes_at_once_when_the_answer_takes_time(make_daemon) -> None:
    import threading

    release = threading.Event()

    class Slow(mktl.Item):
        def req_set(self, request):
            release.wait(10)

    class Only(mktl.Daemon):
        def setup(self) -> None:
            self.add_item(Slow, "slow")

    raw = Raw(make_daemon("lab", "two", {"slow": {}, "plain": {}}, Only))
    try:
        assert raw.ask(*put("lab.slow", 1, id=b"s")) == [b"a", b"s", b"ACK", b"", b"", b""]
        raw.send(*put("lab.slow", 1, id=b"t", flags=b"\x01"))  # NO_ACK
        assert raw.ask(*get("lab.plain", id=b"g"))[1:3] == [b"g", b"REP"]  # overtakes both
        release.set()
        assert [raw.receive()[1:3], raw.receive()[1:3]] == [[b"s", b"REP"], [b"t", b"REP"]]
    finally:
        release.set()
        raw.close()


@pytest.mark.parametrize(
    ("parts", "type", "text"),
    [
        (get("lab.tmep"), "UnknownItemError", "did you mean temp"),
        (get("nosuch.temp"), "UnknownItemError", "this daemon serves store 'lab'"),
        (get(""), "UnknownItemError", "this daemon serves store 'lab'"),
        (get("../../etc/passwd"), "UnknownItemError", "serves store"),
        (get("lab.secret"), "NotGettableError", "can be set but not read"),
        (put("lab.serial", "X"), "NotSettableError", "lab.serial is read only"),
        (put("lab._catalog", "X"), "NotSettableError", "read only"),
        (put("lab.target", 301), "LimitError", "301 mm is above the maximum 300 mm"),
        (get("lab.temp", payload=b"{"), "WireError", "not JSON"),
        (get("lab.temp", payload=b"[]"), "WireError", "payload must be an object, got list"),
        ([b"z", b"00000001", b"GET", b"lab.temp", b"", b""], "FrameError", "version b'z'"),
        ([b"a", b"00000001", b"GET", b"lab.temp", b""], "FrameError", "expected 6 or 7 frames, got 5"),
        ([b"a", b"00000001", b"PUT", b"lab.temp", b"", b""], "MktlError", "no such request: b'PUT'"),
        ([b"a", b"00000001", b"GET", b"\xff\xfe", b"", b""], "MktlError", "not UTF-8"),
    ],
)
def test_a_malformed_or_refused_request_gets_an_error_rep(raw, parts, type, text) -> None:
    answer = raw.ask(*parts)
    assert answer[1:3] == [parts[1], b"REP"]
    error = json.loads(answer[5])["error"]
    assert error["type"] == type
    assert text in error["text"]


def test_random_frames_harm_nobody(raw, daemon) -> None:
    random_ = random.Random(336)
    for _ in range(2000):
        parts = [random_.randbytes(random_.choice((0, 1, 8, 30))) for _ in range(random_.randint(1, 9))]
        if random_.random() < 0.5:
            parts[0] = b"a"
        raw.send(*parts)
    raw.send(*get("lab.temp", id=b"after"))
    while (answer := raw.receive())[1] != b"after":
        assert answer[2] == b"REP"
        assert "error" in json.loads(answer[5])
    assert json.loads(answer[5])["value"] == 4.2


def test_hash_and_catalog_describe_the_daemon(raw, daemon) -> None:
    everything = json.loads(raw.ask(*get("_hash"))[5])["value"]
    store = json.loads(raw.ask(*get("lab._hash"))[5])["value"]
    catalog = json.loads(raw.ask(*get("lab._catalog"))[5])["value"]
    block = json.loads(raw.ask(*get("lab._onecat"))[5])["value"]
    assert everything == store == {"lab": {daemon.uuid: block["hash"]}}
    assert catalog == {daemon.uuid: block}
    assert block["hash"] > 2**64
    assert (block["store"], block["alias"], block["uuid"]) == ("lab", "one", daemon.uuid)
    [provenance] = block["provenance"]
    assert (provenance["stratum"], provenance["rep"], provenance["pub"]) == (0, daemon.rep, daemon.pub)
    assert block["items"]["heater"]["enumerators"] == {"0": "off", "1": "low", "3": "high"}
    assert block["items"]["shutter"]["enumerators"] == {"0": "False", "1": "True"}


def test_every_daemon_has_items_of_itself(raw, daemon) -> None:
    import os

    assert json.loads(raw.ask(*get("lab._onepid"))[5])["value"] == os.getpid()
    assert json.loads(raw.ask(*get("lab._oneuuid"))[5])["value"] == daemon.uuid
    assert raw.ask(*get("lab._oneclk", payload=b'{"refresh": true}'))[2] == b"ACK"
    assert json.loads(raw.receive()[5])["value"] >= 0


def test_broadcasts_carry_the_topic_with_its_dot(daemon) -> None:
    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.linger = 0
    socket.rcvtimeo = 50
    socket.connect(f"tcp://127.0.0.1:{daemon.pub}")
    socket.subscribe(b"lab.target.")
    parts = None
    try:
        for n in range(200):  # a PUB says nothing of when a subscription has arrived: repeat until it has
            daemon.items["target"].publish(n)
            daemon.items["temp"].publish(n)
            try:
                parts = socket.recv_multipart()
                break
            except zmq.Again:
                continue
    finally:
        socket.close()
        context.term()
    assert parts is not None
    assert parts[:2] == [b"lab.target.", b"a"]
    assert len(parts) == 3
    assert set(json.loads(parts[2])) == {"value", "time"}


def test_a_request_in_messagepack_is_answered_in_messagepack(raw) -> None:
    import math

    import msgpack

    target = b"lab.any"
    value = {"nan": math.nan, "bytes": b"\x00\xff", "big": 2**63}
    request = [b"m", b"1", b"SET", target, b"", msgpack.packb({"value": value})]
    assert raw.ask(*request)[0:3] == [b"m", b"1", b"REP"]
    answer = raw.ask(b"m", b"2", b"GET", target, b"", b"")
    again = msgpack.unpackb(answer[5])["value"]
    assert math.isnan(again["nan"])
    assert (again["bytes"], again["big"]) == (b"\x00\xff", 2**63)
    error = raw.ask(b"m", b"3", b"GET", b"lab.nothing", b"", b"")
    assert (error[0], msgpack.unpackb(error[5])["error"]["type"]) == (b"m", "UnknownItemError")
    # JSON cannot carry bytes: null for who asks in it, with the reason.
    fields = json.loads(raw.ask(b"a", b"4", b"GET", target, b"", b"")[5])
    assert (fields["value"], fields["severity"]) == (None, "invalid")
    assert "as JSON" in fields["reason"]


def test_a_daemon_says_which_versions_it_speaks(raw) -> None:
    block = json.loads(raw.ask(*get("lab._onecat"))[5])["value"]
    assert block["provenance"][0]["encodings"] == ["a", "m"]


def test_a_broadcast_is_encoded_only_as_somebody_wants_it(daemon) -> None:
    item = daemon.items["target"]

    def published_in() -> set[bytes]:
        item.publish((item.value or 0) + 1)
        return set(item._forms)

    assert published_in() == set()
    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.linger = 0
    socket.connect(f"tcp://127.0.0.1:{daemon.pub}")
    try:
        for prefix, versions in ((b"m:lab.target.", {b"m"}), (b"", {b"m", b"a"})):
            socket.subscribe(prefix)
            wait_for(lambda: published_in() == versions)  # noqa: B023 - called before the loop goes on
    finally:
        socket.close()
        context.term()


def test_a_request_of_the_older_dialect_harms_nobody(raw) -> None:
    old_get = [b"a", b"00000009", b"GET", b"lab.temp", b"", b""]
    assert json.loads(raw.ask(*old_get)[5])["value"] == 4.2
    old_set = [b"a", b"0000000a", b"SET", b"lab.target", b'{"value": 5, "time": 1.0}', b""]
    assert "flags of" in json.loads(raw.ask(*old_set)[5])["error"]["text"]
    old_hash = [b"a", b"0000000b", b"HASH", b"lab", b"", b""]
    assert "no such request" in json.loads(raw.ask(*old_hash)[5])["error"]["text"]
    assert json.loads(raw.ask(*get("lab.temp"))[5])["value"] == 4.2


def test_the_uuid_is_kept_over_a_restart_and_the_ports_are_stored(make_daemon) -> None:
    first = make_daemon()
    uuid = first.uuid
    assert local.load_ports("lab", uuid) == (first.rep, first.pub)
    first.close()
    mktl.close()
    assert make_daemon().uuid == uuid


def test_the_ports_of_the_last_run_are_taken_again_when_they_are_free(make_daemon) -> None:
    # Chosen here, outside the range that daemons beside these tests take theirs from.
    kept = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM)
    local.save_ports("lab", local.daemon_uuid("lab", "one"), *kept)
    daemon = make_daemon()
    assert (daemon.rep, daemon.pub) == kept


def test_ports_of_other_daemons_are_left_to_them(home, make_daemon) -> None:
    other = "00000000-0000-0000-0000-000000000001"
    first = make_daemon()
    next_ports = range(first.rep, first.rep + 40)
    for n, port in enumerate(next_ports):
        local.save_ports("den", f"{other[:-2]}{n:02d}", port, port)
    assert make_daemon("lab", "two", {"OTHER": {}}).rep not in next_ports


def test_a_second_daemon_with_another_home_is_told_where_the_first_runs(make_daemon, tmp_path) -> None:
    import os
    import subprocess
    import sys

    first = make_daemon()
    code = """
import mktl
from mktl.daemon import configure
class Twin(mktl.Daemon):
    def describe_items(self):
        return {}
try:
    Twin("lab", "one")
except mktl.errors.ConflictError as error:
    print(error)
mktl.close()
"""
    environment = {**os.environ, "MKTL_HOME": str(tmp_path / "elsewhere")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert "lab one runs already on" in done.stdout, done.stderr
    assert f":{first.rep}" in done.stdout


def test_a_second_daemon_of_the_name_is_told_where_the_first_runs(make_daemon) -> None:
    import os

    first = make_daemon()
    with pytest.raises(
        mktl.errors.MktlError, match=rf"lab one runs already: pid {os.getpid()} .*{first.rep}"
    ):
        make_daemon()
    assert mktl.get("lab.temp").value == 4.2


def test_a_daemon_leaves_its_block_where_clients_that_share_its_home_look_first(home, daemon) -> None:
    # The reference's client asks nobody while it finds a block of the store here.
    block = json.loads((home / "client" / "cache" / "lab" / f"{daemon.uuid}.json").read_text())
    assert block["provenance"][0]["rep"] == daemon.rep
    assert block["items"]["temp"]["units"] == "K"


def test_an_array_is_acknowledged_before_it_is_taken_apart(raw) -> None:
    # Taking the first one apart imports NumPy: longer than the 0.1 s that clients wait for an ACK.
    fields = b'{"shape": [2], "dtype": "int16"}'
    raw.send(b"a", b"1", b"SET", b"lab.image", b"", fields, b"\x01\x00\x02\x00")
    assert [raw.receive()[2], raw.receive()[2]] == [b"ACK", b"REP"]
    assert raw.ask(*get("lab.image"))[6] == b"\x01\x00\x02\x00"


def test_a_subscriber_that_asks_to_be_primed_hears_that_its_subscription_has_arrived(raw, daemon) -> None:
    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.linger = 0
    socket.rcvtimeo = 5000
    socket.connect(f"tcp://127.0.0.1:{daemon.pub}")
    try:
        socket.subscribe(b"prime:lab.temp.")
        assert json.loads(raw.ask(*get("lab.temp", payload=b'{"prime": true}'))[5])["value"] == 4.2
        for _ in range(2):  # nothing has changed: it is repeated
            topic, version, payload = socket.recv_multipart()
            assert (topic, version, json.loads(payload)["value"]) == (b"prime:lab.temp.", b"a", 4.2)
    finally:
        socket.close()
        context.term()


def test_priming_ends_by_itself() -> None:
    from mktl.item import primer

    told = []
    priming = primer.Primer(lambda: told.append(1))
    priming.start()
    wait_for(lambda: told)
    priming._ends_s = 0.0  # as if 5 s had passed
    wait_for(lambda: priming._timer is None)
