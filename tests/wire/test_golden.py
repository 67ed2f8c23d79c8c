"""Our frames against ``tests/golden``, byte for byte, packed and unpacked."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import numpy as np
import pytest

from mktl.errors import LimitError
from mktl.item.reading import Reading
from mktl.protocol.message import NO_ACK_OR_REP, Request, error_payload
from mktl.wire.bulk import array_from, array_payload
from mktl.wire.frames import REP, Frames, pack, pack_ack, pack_broadcast, topic, unpack, unpack_broadcast
from mktl.wire.payload import Payload

GOLDEN = tomllib.loads((Path(__file__).parents[1] / "golden" / "frames.toml").read_text())


def golden(name: str) -> list[bytes]:
    return [ast.literal_eval(f"b'{frame}'") for frame in GOLDEN[name]["frames"]]


def response(id: bytes, payload: Payload) -> list[bytes]:
    return pack(Frames(id, REP, b"", 0, payload.encode(), payload.bulk))


TEMP = Reading(77.35, 1700000000.5, 1700000009.5, "ok")
IMAGE = np.array([[1, 2], [3, 4]], dtype="<i2")
REFUSED = LimitError("lab.target: 312.0 mm is above the maximum 300.0 mm")

OURS = {
    "get": lambda: Request("GET", "lab.temp", id=b"00000023").parts(),
    "get_refresh": lambda: Request("GET", "lab.temp", Payload(refresh=True), id=b"00000024").parts(),
    "set": lambda: Request("SET", "lab.target", Payload(12.5), id=b"00000025").parts(),
    "set_without_any_answer": lambda: Request(
        "SET", "lab.target", Payload(12.5), id=b"00000026", flags=NO_ACK_OR_REP
    ).parts(),
    "set_of_an_array": lambda: Request("SET", "lab.image", array_payload(IMAGE), id=b"00000027").parts(),
    "ack": lambda: pack_ack(b"00000023"),
    "rep": lambda: response(b"00000023", TEMP.to_payload()),
    "rep_to_a_set": lambda: response(b"00000025", Payload(True)),
    "rep_of_an_error": lambda: response(b"00000025", error_payload(REFUSED)),
    "broadcast": lambda: pack_broadcast(topic("lab.temp"), TEMP.to_payload().encode()),
    "broadcast_of_a_value_in_doubt": lambda: pack_broadcast(
        topic("lab.temp"), TEMP.flagged("timeout", "invalid", "no reply").to_payload().encode()
    ),
    "broadcast_in_messagepack": lambda: pack_broadcast(
        topic("lab.temp", b"m"), TEMP.to_payload().encode(b"m"), version=b"m"
    ),
}


def test_every_golden_message_is_made_here() -> None:
    assert OURS.keys() == GOLDEN.keys()


@pytest.mark.parametrize("name", GOLDEN)
def test_what_we_send_is_the_golden_message(name) -> None:
    assert [bytes(part) for part in OURS[name]()] == golden(name)


@pytest.mark.parametrize("name", [name for name in GOLDEN if "broadcast" not in name])
def test_a_golden_message_is_understood_and_packed_the_same_again(name) -> None:
    frames = unpack(golden(name))
    assert [bytes(part) for part in pack(frames)] == golden(name)
    assert Payload.decode(frames.payload, frames.bulk, frames.version).encode() == frames.payload


def test_a_golden_array_is_understood() -> None:
    frames = unpack(golden("set_of_an_array"))
    assert np.array_equal(array_from(Payload.decode(frames.payload), frames.bulk), IMAGE)


@pytest.mark.parametrize("name", [name for name in GOLDEN if "broadcast" in name])
def test_a_golden_broadcast_is_understood(name) -> None:
    _, *payload = unpack_broadcast(golden(name))
    reading = Reading.from_fields(*payload)
    assert (reading.value, reading.time) == (77.35, 1700000000.5)
    assert (reading.status == "timeout") == ("doubt" in name)
