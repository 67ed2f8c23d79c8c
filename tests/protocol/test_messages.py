"""Messages by the names of the published interface: as objects, as frames, and back."""

from __future__ import annotations

import time

import pytest

from mktl.protocol.message import (
    NO_ACK,
    NO_ACK_OR_REP,
    NO_REP,
    Broadcast,
    Message,
    Payload,
    Request,
)


def test_a_message_is_its_frames_and_comes_back_from_them() -> None:
    message = Message("REP", "lab.temp", Payload(4.2, time=1.5), id=b"0000002c")
    frames = [b"a", b"0000002c", b"REP", b"lab.temp", b"", b'{"value": 4.2, "time": 1.5}']
    assert list(message) == frames
    again = Message.reconstruct(frames)
    assert (again.id, again.type, again.target) == (b"0000002c", "REP", "lab.temp")
    assert (again.payload.value, again.payload.time) == (4.2, 1.5)


def test_the_id_of_a_message_may_be_a_number_but_not_missing() -> None:
    message = Message("ACK", id=44)
    assert list(message)[1] == b"0000002c"
    message.id = None
    with pytest.raises(RuntimeError, match="needs the id"):
        list(message)


def test_a_prefix_goes_before_the_frames_and_bulk_behind_them() -> None:
    message = Message("REP", "lab.image", Payload(bulk=b"1234"), id=b"1")
    message.prefix = (b"somebody",)
    frames = list(message)
    assert (frames[0], frames[-1], len(frames)) == (b"somebody", b"1234", 8)


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        (Message, ("GET", "SET", "PUB", "BAD")),
        (Request, ("ACK", "REP", "PUB", "BAD")),
        (Broadcast, ("ACK", "REP", "GET", "SET", "BAD")),
    ],
)
def test_each_kind_of_message_has_its_types(kind, types) -> None:
    for type in types:
        with pytest.raises(ValueError, match=f"got '{type}'"):
            kind(type, "lab.temp")


def test_frames_that_are_no_message_are_a_value_error() -> None:
    frames = list(Message("REP", "lab.temp", id=b"1"))
    for wrong in (frames * 2, [b"another version", *frames[1:]]):
        with pytest.raises(ValueError):
            Message.reconstruct(wrong)
    assert Message.reconstruct(frames).payload is None


def test_a_broadcast_has_a_topic_with_a_dot_and_may_be_empty() -> None:
    frames = list(Broadcast("PUB", "lab.temp", Payload(4.2, time=1.5)))
    assert frames == [b"lab.temp.", b"a", b'{"value": 4.2, "time": 1.5}']
    assert Broadcast.reconstruct(frames).payload.value == 4.2
    empty = Broadcast("PUB", b"as.it.stands.")
    assert list(empty) == [b"as.it.stands.", b"a", b""]
    assert Broadcast.reconstruct(list(empty)).payload is None
    with pytest.raises(ValueError):
        Broadcast.reconstruct([b"lab.temp.", b"another version", b""])


@pytest.mark.parametrize("flags", [0, NO_ACK, NO_REP, NO_ACK_OR_REP])
def test_a_request_knows_what_it_wants_back(flags) -> None:
    request = Request("SET", "lab.temp", Payload(1), flags=flags)
    again = Request.reconstruct(list(request))
    assert (again.ack, again.reply) == (not flags & NO_ACK, not flags & NO_REP)
    assert (again.id, again.flags, again.payload.value) == (request.id, flags, 1)


def test_a_request_is_acknowledged_and_then_complete() -> None:
    request = Request("GET", "lab.temp")
    request.expect()
    assert (request.poll(), request.wait(0.001), request.wait_ack(0.001)) == (False, None, False)
    request._complete_ack()
    assert request.wait_ack(None)
    request.complete(Payload(5))
    assert request.poll()
    assert request.wait(None).payload.value == 5
    assert request.response is request.wait()


def test_a_value_is_dated_now_unless_it_has_a_time() -> None:
    before = time.time()
    payload = Payload((1, 2))
    assert before <= payload.time <= time.time()
    assert Payload(None).value is None
    assert Payload(refresh=True).time is None
    for field in ("bulk", "dtype", "shape", "error", "refresh"):
        assert getattr(payload, field) is None


def test_fields_can_be_added_and_left_out_of_what_is_sent() -> None:
    payload = Payload(1, time=2.0, testing="yes")
    payload.more = 3
    assert payload.encapsulate() == b'{"value": 1, "time": 2.0, "testing": "yes", "more": 3}'
    payload.omit.add("testing")
    assert payload.encapsulate() == b'{"value": 1, "time": 2.0, "more": 3}'


def test_a_payload_can_tell_who_sends_it_and_the_log_leaves_that_out(caplog) -> None:
    payload = Payload(1)
    payload.add_origin()
    assert {"_user", "_hostname", "_pid", "_ppid", "_executable", "_argv"} <= set(payload)
    with caplog.at_level("INFO"):
        Message("REP", "lab.temp", payload, id=1).log()
    assert "REP lab.temp {'value': 1" in caplog.text
    assert "_user" not in caplog.text
