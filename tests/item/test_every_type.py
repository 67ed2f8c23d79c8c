"""Values of every item type in both versions of the wire: as a client sends them, as it gets them back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mktl.item.reading import Reading, same_value
from mktl.item.types import check_value
from mktl.protocol.incoming import Incoming
from mktl.protocol.message import Request
from mktl.wire.bulk import array_from, array_payload, is_array
from mktl.wire.codec import JSON, MSGPACK
from mktl.wire.frames import unpack
from mktl.wire.payload import Payload

finite = st.floats(allow_nan=False, allow_infinity=False)
small = st.integers(-(2**63), 2**64 - 1)
plain = st.recursive(
    st.none() | st.booleans() | small | finite | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
arrays = hnp.arrays(
    hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.floating_dtypes() | hnp.complex_number_dtypes(),
    hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
)

#: ``{type: (description, values)}``; MessagePack alone carries what is in _MORE.
TYPES: dict[str, tuple[dict[str, Any], st.SearchStrategy[Any]]] = {
    "boolean": ({"type": "boolean", "enumerators": {"0": "False", "1": "True"}}, st.integers(0, 1)),
    "enumerated": (
        {"type": "enumerated", "enumerators": {"0": "off", "1": "low", "3": "high"}},
        st.sampled_from([0, 1, 3]),
    ),
    "mask": (
        {"type": "mask", "enumerators": {"none": "fine", **{str(bit): f"b{bit}" for bit in range(64)}}},
        st.integers(0, 2**64 - 1),
    ),
    "numeric": ({"type": "numeric"}, small | finite),
    "numeric array": ({"type": "numeric array"}, st.lists(small | finite, max_size=8)),
    "string": ({"type": "string"}, st.text()),
    "bulk": ({"type": "bulk"}, arrays),
    "": ({}, plain),
}
_MORE: dict[str, st.SearchStrategy[Any]] = {
    "numeric": st.floats(),
    "numeric array": st.lists(st.floats(), max_size=8),
    "": st.binary() | st.lists(st.floats() | st.binary(), max_size=3),
}
CASES = [(kind, version) for kind in TYPES for version in (JSON, MSGPACK)]


def values(kind: str, version: bytes) -> st.SearchStrategy[Any]:
    more = _MORE.get(kind)
    return TYPES[kind][1] if version == JSON or more is None else TYPES[kind][1] | more


def request_of(value: Any, version: bytes) -> list[bytes]:
    """A SET of *value* as its frames."""
    payload = array_payload(value) if is_array(value) else Payload(value)
    return [bytes(part) for part in Request("SET", "lab.n", payload, version=version).parts()]


def same(one: Any, other: Any) -> bool:
    """True for the same value of the same kind, NaN being the same as NaN."""
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return same_value(one, other)


@pytest.mark.parametrize(("kind", "version"), CASES)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_what_a_client_sets_is_what_it_gets(kind, version, data) -> None:
    value = data.draw(values(kind, version))
    request = Incoming(unpack(request_of(value, version)), b"", lambda parts: None)
    sent = (
        array_from(request.payload, request.payload.bulk)
        if request.payload.bulk is not None
        else request.payload.value
    )
    held = Reading(check_value("lab.n", TYPES[kind][0], sent), 1.5, 1.5, "ok").to_payload()
    got = Reading.from_payload(Payload.decode(held.encode(version, lenient=True), held.bulk, version))
    assert same(got.value, value)
    assert (got.time, got.status) == (1.5, "ok")


class Wire:
    """A DEALER to a daemon with an item of each type, called by its type."""

    def __init__(self, make_daemon) -> None:
        items = {self.key(kind): description for kind, (description, _) in TYPES.items()}
        daemon = make_daemon(items=items)
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.rcvtimeo = 5000
        self._socket.connect(f"tcp://127.0.0.1:{daemon.rep}")

    @staticmethod
    def key(kind: str) -> str:
        return kind.replace(" ", "_") or "any"

    def ask(self, frames: list[bytes]) -> Payload:
        self._socket.send_multipart(frames)
        while True:
            answer = unpack(self._socket.recv_multipart())
            if answer.type == b"REP":
                return Payload.decode(answer.payload, answer.bulk, answer.version)

    def close(self) -> None:
        self._socket.close(0)
        self._context.term()


@pytest.fixture
def wire(make_daemon):
    wire = Wire(make_daemon)
    yield wire
    wire.close()


@pytest.mark.parametrize("version", [JSON, MSGPACK])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_daemon_gives_back_what_it_was_given(wire, version, data) -> None:
    kind = data.draw(st.sampled_from(list(TYPES)))
    value = data.draw(values(kind, version))
    target = f"lab.{wire.key(kind)}".encode()
    frames = request_of(value, version)
    frames[3] = target
    assert wire.ask(frames).value is True
    got = Reading.from_payload(wire.ask([version, b"1", b"GET", target, b"", b""])).value
    assert same(got, value)


def test_an_array_of_objects_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValueError, match="cannot travel"):
        array_payload(np.array([{}, None], dtype=object))
