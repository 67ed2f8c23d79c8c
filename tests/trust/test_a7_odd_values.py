"""A7: values that some wire or some type cannot carry."""

from __future__ import annotations

import json
import math
import threading
from decimal import Decimal

import numpy as np
import pytest

import mktl
from mktl.protocol.client import client
from mktl.protocol.message import Request
from mktl.wire.bulk import array_payload, is_array
from mktl.wire.codec import JSON, MSGPACK
from mktl.wire.frames import unpack
from mktl.wire.payload import Payload
from tests.conftest import wait_for

ODD = {
    "NaN": math.nan, "inf": math.inf, "-inf": -math.inf, "10**30": 10**30, "-10**30": -(10**30),
    "2**63": 2**63, "surrogate": "\ud800", "NUL": "a\0b", "complex": 1j, "set": {1}, "bytes": b"\xff",
    "Decimal": Decimal("1.5"), "float32": np.float32(1.5), "int64": np.int64(7), "bool_": np.bool_(True),
    "0-d": np.array(2.5), "None": None,
    "a list in a list": [[1], [2]], "a dict with a number for a key": {1: 2}, "an object": object(),
}  # fmt: skip
TYPES = {
    "boolean": {"type": "boolean"},
    "enumerated": {"type": "enumerated", "enumerators": {"0": "off", "7": "on"}},
    "mask": {"type": "mask", "enumerators": {"0": "hot"}},
    "numeric": {"type": "numeric"},
    "array": {"type": "numeric array"},
    "string": {"type": "string"},
    "bulk": {"type": "bulk"},
    "any": {},
}


def strict(text: bytes) -> object:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in JSON")

    return json.loads(text, parse_constant=refuse)


def same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else one == other


@pytest.fixture
def served(make_daemon, wire):
    daemon = make_daemon(items=TYPES)
    raw = wire(f"tcp://127.0.0.1:{daemon.rep}")

    def ask(kind: str, version: bytes) -> Payload:
        raw.send(version, b"1", b"GET", f"lab.{kind}".encode(), b"", b"")
        frames = unpack(raw.receive())
        if version == JSON:
            strict(frames.payload)
        return Payload.decode(frames.payload, frames.bulk, frames.version)

    return daemon, ask


@pytest.mark.parametrize("encoding", ["a", "m"])
def test_a7_what_is_set_is_what_is_there_or_is_refused_in_words(served, encoding) -> None:
    daemon, ask = served
    version = encoding.encode()
    for kind in TYPES:
        for name, value in ODD.items():
            before = daemon.items[kind].value
            try:
                payload = array_payload(value) if is_array(value) else Payload(value)
                client().request(
                    f"tcp://127.0.0.1:{daemon.rep}",
                    Request("SET", f"lab.{kind}", payload, version=version),
                    5.0,
                )
            except RuntimeError as error:
                refused = str(error)
            else:
                refused = None
            if refused is not None:
                assert refused, (kind, name)
                assert same(daemon.items[kind].value, before), (kind, name)
                continue
            held = daemon.items[kind].value
            for read_as in (JSON, MSGPACK):
                got = ask(kind, read_as)
                if got.value is None and held is not None and got.bulk is None:
                    assert got["severity"] == "invalid", (
                        kind,
                        name,
                    )  # this wire cannot carry it, and says so
                    assert got["reason"], (kind, name)
    assert ask("any", JSON) is not None


def test_a7_what_a_daemon_publishes_never_is_bare_nan_and_stops_no_thread(served) -> None:
    daemon, ask = served
    item = mktl.get("lab.any")
    heard = []
    item.register(lambda item, value, timestamp: heard.append(value))
    threads = {thread.name for thread in threading.enumerate() if thread.name.startswith("mktl-")}
    for kind in TYPES:
        for name, value in ODD.items():
            try:
                daemon.items[kind].publish(value)
            except mktl.errors.MktlError:
                pass  # it stays what it was
            for version in (JSON, MSGPACK):
                answer = ask(kind, version)
                if answer.value is None and value is not None and answer.bulk is None:
                    assert answer["severity"] == "invalid", (kind, name, version)
    daemon.items["any"].publish("after")
    wait_for(lambda: "after" in heard)
    assert threads <= {thread.name for thread in threading.enumerate()}


def test_a7_numbers_that_are_none_in_json_are_understood_and_never_sent(served, wire) -> None:
    daemon, ask = served  # other makes write them
    raw = wire(f"tcp://127.0.0.1:{daemon.rep}")
    for text in (b"NaN", b"Infinity", b"-Infinity", b"1e999"):
        raw.send(b"a", b"1", b"SET", b"lab.numeric", b"", b'{"value": ' + text + b"}")
        assert strict(raw.receive()[5]) == {"value": True}, text
        answer = ask("numeric", JSON)
        assert (answer.value, answer["severity"]) == (None, "invalid"), text
        assert not math.isfinite(ask("numeric", MSGPACK).value), text
