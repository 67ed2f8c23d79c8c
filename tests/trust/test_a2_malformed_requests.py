"""A2: whoever can be answered is."""

from __future__ import annotations

import json
import time

import mktl
from tests.trust.conftest import get, put

IMAGE = [b"a", b"1", b"SET", b"lab.image", b""]
DEEP = b'{"value": ' + b"[" * 9999 + b"]" * 9999 + b"}"
WRONG = {
    "no frames behind the id": [b"a", b"1"],
    "three frames": [b"a", b"1", b"GET"],
    "five frames": [b"a", b"1", b"GET", b"lab.temp", b""],
    "eight frames": [b"a", b"1", b"GET", b"lab.temp", b"", b"", b"", b""],
    "another version": [b"q", b"1", b"GET", b"lab.temp", b"", b""],
    "no version": [b"", b"1", b"GET", b"lab.temp", b"", b""],
    "no JSON": [b"a", b"1", b"SET", b"lab.temp", b"", b"{"],
    "JSON that is no object": [b"a", b"1", b"SET", b"lab.temp", b"", b"[1]"],
    "JSON that is not UTF-8": [b"a", b"1", b"SET", b"lab.temp", b"", b'{"value": "\xff"}'],
    "no MessagePack": [b"m", b"1", b"SET", b"lab.temp", b"", b"\xc1"],
    "deep JSON": [b"a", b"1", b"SET", b"lab.temp", b"", b"[" * 100_000],
    "deep JSON with an end": [b"a", b"1", b"SET", b"lab.temp", b"", DEEP],
    "deep MessagePack": [b"m", b"1", b"SET", b"lab.temp", b"", b"\x81\xa5value" + b"\x91" * 9999 + b"\xc0"],
    "no type": [b"a", b"1", b"", b"lab.temp", b"", b""],
    "an unknown type": [b"a", b"1", b"PUT", b"lab.temp", b"", b""],
    "an answer for a request": [b"a", b"1", b"REP", b"lab.temp", b"", b""],
    "no target": [b"a", b"1", b"GET", b"", b"", b""],
    "a target that is not UTF-8": [b"a", b"1", b"GET", b"\xff\xfe", b"", b""],
    "an unknown item": get("lab.tmep"),
    "a path": get("../../etc/passwd"),
    "no payload in a SET": [b"a", b"1", b"SET", b"lab.temp", b"", b""],
    "no value in a SET": [b"a", b"1", b"SET", b"lab.temp", b"", b"{}"],
    "flags of nine bytes": [b"a", b"1", b"GET", b"lab.temp", b"\xff" * 9, b""],
    "a word for a number": put("lab.temp", "warm"),
    "an array of objects": [*IMAGE, b'{"shape": [1], "dtype": "O"}', b"12345678"],
    "an array of another size": [*IMAGE, b'{"shape": [9], "dtype": "f8"}', b"1"],
    "a negative array": [*IMAGE, b'{"shape": [-1], "dtype": "f8"}', b""],
}  # fmt: skip


def test_a2_each_malformed_request_with_an_id_gets_an_error_within_a_second(make_daemon, wire) -> None:
    make_daemon(items={"temp": {"type": "numeric", "initial": 4.2}, "image": {"type": "bulk"}})
    raw = wire(mktl.get("lab.temp").store.address("temp"))
    for name, parts in WRONG.items():
        began_s = time.monotonic()
        raw.send(*parts)
        answer = raw.receive(1.0)
        while answer[2] == b"ACK":
            answer = raw.receive(1.0)
        assert time.monotonic() - began_s < 1.0, name
        assert answer[1:3] == [parts[1], b"REP"], name
        error = json.loads(answer[5])["error"] if answer[0] == b"a" else {"text": "in MessagePack"}
        assert error["text"], name
    raw.send(*get("lab.temp", b"after"))
    answer = raw.receive()
    assert (answer[1], json.loads(answer[5])["value"]) == (b"after", 4.2)
